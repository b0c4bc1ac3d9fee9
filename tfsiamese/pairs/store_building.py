"""From files of any size to a store in the cache: built once, whole or not at all, and again when a file changes."""

import contextlib
import hashlib
import json
import logging
import os
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.files import publish_folder, remove_leftovers
from tfsiamese.pairs.columns import ColumnNames
from tfsiamese.pairs.examples import ExampleColumns
from tfsiamese.pairs.pairs import frame_of_pairs
from tfsiamese.pairs.reading import open_chunks
from tfsiamese.pairs.rows import MOST_SHOWN, BadRow, UnusableRowsError, bad_rows_error
from tfsiamese.pairs.store import FORMAT, BrokenStoreError, Store
from tfsiamese.pairs.store_writing import StoreWriter
from tfsiamese.pairs.stored_repeats import REPEATS_FILE, count_repeats
from tfsiamese.pairs.table import Layout, Table
from tfsiamese.pairs.triplet_validation import triplet_frame
from tfsiamese.pairs.validation import score_limits

__all__ = ["StoreRecipe", "open_or_build"]

logger = logging.getLogger(__name__)

_CHUNK_ROWS = 8192
_DAY = 86_400.0


@dataclass(frozen=True)
class StoreRecipe:
    """What a store is made of.

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

    def name(self) -> str:
        """The name of the folder: which files are read and how, then what they were like when they were read."""
        paths = [str(path.resolve()) for path in self.paths]
        how = [FORMAT, paths, *self.columns, self.score_range, self.encoding, self.delimiter, self.header]
        return f"{_digest(how)}-{_digest(self.states())}"

    def states(self) -> list[tuple[int, int]]:
        """The size and the time of the last change of each file."""
        found = (path.stat() for path in self.paths)
        return [(one.st_size, one.st_mtime_ns) for one in found]


def open_or_build(recipe: StoreRecipe, cache: Path) -> Store:
    """The store of these files in the folder `cache`, built where it is not there or is broken.

    Several processes may build the same store: each of them gets a whole one. Stores of the same files as they were
    before are removed.

    Raises:
        DataError: the files cannot be read, or rows of them cannot be used; or the cache cannot be written.
    """
    name = recipe.name()
    folder = cache / name
    with contextlib.suppress(BrokenStoreError):
        return Store(folder)
    try:
        _put_aside(folder)
        with contextlib.suppress(FileExistsError), publish_folder(folder) as temporary:  # another process was faster
            _build(recipe, temporary)
            if recipe.name() != name:
                raise DataError(
                    f"{recipe.source} changed while it was read. Wait until it is written, and start again."
                )
        _remove_older(folder)
    except OSError as error:
        raise DataError(
            f"{recipe.source} is read into {cache}, which cannot be written: {error.strerror or error}. Expected a "
            "folder with room for about the size of the files: set TFSIAMESE_CACHE (cache= in Python)."
        ) from error
    try:
        return Store(folder)
    except BrokenStoreError as error:
        raise DataError(f"{error}. Remove this folder, and start again.") from error


def _put_aside(folder: Path) -> None:
    """Takes a broken store out of the way, in one step, so that no other process sees a half of it."""
    if folder.exists():
        aside = folder.with_name(f".{folder.name}.partial-broken-{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _remove_older(folder: Path) -> None:
    remove_leftovers(folder.parent, older_than=_DAY)
    for other in folder.parent.glob(f"{folder.name.split('-')[0]}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _build(recipe: StoreRecipe, folder: Path) -> None:
    shards: list[tuple[str, int]] = []
    first: tuple[Path, Layout] | None = None
    finder = ExampleColumns(recipe.columns)
    with contextlib.ExitStack() as stack:
        for path in recipe.paths:
            chunks = open_chunks(path, finder, recipe.encoding, recipe.delimiter, recipe.header, _CHUNK_ROWS)
            if first is None:
                first = path, chunks.layout
                _check_shape(path, chunks.layout, recipe)
                writer = stack.enter_context(StoreWriter(folder, chunks.layout.shape))
            _require_same(first, (path, chunks.layout))
            before = writer.num_rows
            _write_shard(path, chunks.tables, writer, recipe.score_range)
            shards.append((str(path), writer.num_rows - before))
            if writer.num_rows == before and len(recipe.paths) > 1:
                logger.warning("%s has no rows.", path)
        if first is None or not writer.num_rows:
            raise DataError(f"{recipe.source} has no rows. Expected at least one.")
        details: dict[str, Any] = {"source": recipe.source, "shards": shards}
        details |= {"score_range": score_limits(recipe.score_range)}
        writer.finish(details)
    store = Store(folder)
    (folder / REPEATS_FILE).write_text(json.dumps(count_repeats(store)), encoding="utf-8")


def _write_shard(path: Path, tables: Iterator[Table], writer: StoreWriter, score_range: Sequence[float] | None) -> None:
    """Checks and writes a file; what is wrong with it is said in one error, as where it is read into memory."""
    bad: list[BadRow] = []
    num_bad, num_rows, unit = 0, 0, "line"
    for table in tables:
        unit = table.unit
        try:
            frame = _frame(table, score_range)
        except UnusableRowsError as error:
            bad += error.first[: MOST_SHOWN - len(bad)]
            num_bad, num_rows = num_bad + error.num_bad, num_rows + error.num_rows
            continue
        num_rows += len(frame)
        if not num_bad:
            writer.add(frame)
    if num_bad:
        raise bad_rows_error(str(path), unit, bad, num_bad, num_rows)


def _frame(table: Table, score_range: Sequence[float] | None) -> pd.DataFrame:
    return frame_of_pairs(table, score_range) if table.layout.shape == "pairs" else triplet_frame(table)


def _check_shape(path: Path, layout: Layout, recipe: StoreRecipe) -> None:
    if layout.shape == "classes":
        raise DataError(
            f"{path} holds {layout.row} in each row, and such data cannot be streamed: a batch is put together from "
            "all texts of a class. Read one file into memory: leave --stream out (read_examples in Python)."
        )
    if layout.shape != "pairs" and recipe.score_range is not None:
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
    parts = [layout.row if layout.shape == "triplets" else "scored pairs"] + ["a teacher's scores"] * bool(scores)
    return parts + ["a group"] * ("group" in roles)


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]
