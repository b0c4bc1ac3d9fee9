"""Reads the files of one data set one after the other, each row checked, whether or not they then stay in memory."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.columns import ColumnNames
from tfsiamese.pairs.examples import ExampleColumns, Examples
from tfsiamese.pairs.labelled_texts import LabelledTexts, labelled_texts_from_table
from tfsiamese.pairs.pairs import Pairs, frame_of_pairs, warn_of_contradictions
from tfsiamese.pairs.reading import open_chunks
from tfsiamese.pairs.rows import MOST_SHOWN, BadRow, UnusableRowsError, bad_rows_error
from tfsiamese.pairs.table import Layout, Table
from tfsiamese.pairs.triplet_validation import triplet_frame
from tfsiamese.pairs.triplets import Triplets, warn_of_false_negatives
from tfsiamese.pairs.validation import score_limits

__all__ = ["Shard", "ShardReading", "load_shards", "open_shards"]

logger = logging.getLogger(__name__)

_CHUNK_ROWS = 65_536


@dataclass(frozen=True)
class ShardReading:
    """The files of a data set, and how they are read.

    Attributes:
        source: the name of all files together in messages.
        paths: the files, in their order.
        columns: the names asked for, which only scored pairs have.
        score_range: as in `read_examples`; so are `encoding`, `delimiter` and `header`, which is `columns` there.
    """

    source: str
    paths: tuple[Path, ...]
    columns: ColumnNames = field(default_factory=ColumnNames)
    score_range: tuple[float, float] | None = None
    encoding: str = "utf-8"
    delimiter: str | None = None
    header: tuple[str, ...] | None = None


class Shard(NamedTuple):
    """A file: what its columns hold, and its checked rows, some thousand at a time, read as they are asked for."""

    path: Path
    layout: Layout
    frames: Iterator[pd.DataFrame]


def open_shards(reading: ShardReading, chunk_rows: int) -> Iterator[Shard]:
    """Yields the files in their order.

    Raises:
        DataError: a file cannot be read, holds something else than the first one, or has rows that cannot be used.
        DependencyError: the files are Parquet and pyarrow is not installed.
        SettingsError: a setting cannot be used, or does not go with the files.
    """
    first: tuple[Path, Layout] | None = None
    finder = ExampleColumns(reading.columns)
    for path in reading.paths:
        chunks = open_chunks(path, finder, reading.encoding, reading.delimiter, reading.header, chunk_rows)
        first = first or (path, chunks.layout)
        _require_scores(path, chunks.layout, reading)
        _require_same(first, (path, chunks.layout))
        yield Shard(path, chunks.layout, _checked_frames(path, chunks.tables, reading))


def load_shards(reading: ShardReading) -> Examples:
    """All rows of all files in memory; `file` of their frame says from which file each is.

    Raises:
        DataError, DependencyError, SettingsError: as `open_shards`; or there are no rows.
    """
    shape, parts = "", []
    for shard in open_shards(reading, _CHUNK_ROWS):
        shape = shard.layout.shape
        parts += [frame.assign(file=str(shard.path)) for frame in shard.frames]
    if not parts:
        raise DataError(f"{reading.source} has no rows. Expected at least one.")
    frame = pd.concat(parts, ignore_index=True)
    if shape == "classes":
        return LabelledTexts(frame, reading.source)
    if shape == "triplets":
        triplets = Triplets(frame, reading.source)
        warn_of_false_negatives(triplets)
        return triplets
    pairs = Pairs(frame, reading.source, score_limits(reading.score_range))
    warn_of_contradictions(pairs.repeats, pairs.source)
    return pairs


def _checked_frames(path: Path, tables: Iterator[Table], reading: ShardReading) -> Iterator[pd.DataFrame]:
    """Yields the rows of a file; what is wrong with them is said in one error at its end."""
    bad: list[BadRow] = []
    num_bad, num_rows, unit = 0, 0, "line"
    for table in tables:
        unit = table.unit
        try:
            frame = _frame(table, reading.score_range)
        except UnusableRowsError as error:
            bad += error.first[: MOST_SHOWN - len(bad)]
            num_bad, num_rows = num_bad + error.num_bad, num_rows + error.num_rows
            continue
        num_rows += len(frame)
        if not num_bad:
            yield frame
    if num_bad:
        raise bad_rows_error(str(path), unit, bad, num_bad, num_rows)
    if not num_rows and len(reading.paths) > 1:
        logger.warning("%s has no rows.", path)


def _frame(table: Table, score_range: Sequence[float] | None) -> pd.DataFrame:
    if table.layout.shape == "classes":
        return labelled_texts_from_table(table).frame
    return frame_of_pairs(table, score_range) if table.layout.shape == "pairs" else triplet_frame(table)


def _require_scores(path: Path, layout: Layout, reading: ShardReading) -> None:
    if layout.shape != "pairs" and reading.score_range is not None:
        raise SettingsError(
            f"--score-range (score_range= in Python) is for scored pairs only. Received it for {path}, which holds "
            f"{layout.row} in each row: leave it out."
        )


def _require_same(first: tuple[Path, Layout], other: tuple[Path, Layout]) -> None:
    """Raises a DataError where a file holds something else than the first one."""
    one, another = _what(first[1]), _what(other[1])
    if one != another:
        raise DataError(
            f"{other[0]} holds {' with '.join(another)}, and {first[0]} {' with '.join(one)}. Expected the same in "
            "all files of a data set: add or remove columns, or name the files as data sets of their own."
        )


def _what(layout: Layout) -> list[str]:
    roles = {column.role for column in layout.columns}
    scores = layout.shape == "triplets" and roles & {"scores", "positive_score"}
    parts = ["scored pairs" if layout.shape == "pairs" else layout.row] + ["a teacher's scores"] * bool(scores)
    return parts + ["a group"] * ("group" in roles)
