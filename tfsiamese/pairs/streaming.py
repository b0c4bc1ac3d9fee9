"""Examples from files of any size, which stay on the disk."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from tfsiamese.errors import SettingsError
from tfsiamese.files import cache_folder
from tfsiamese.pairs.checked_arguments import require_text
from tfsiamese.pairs.columns import ColumnNames
from tfsiamese.pairs.examples import Examples
from tfsiamese.pairs.pairs import warn_of_contradictions
from tfsiamese.pairs.shard_reading import ShardReading, load_shards
from tfsiamese.pairs.shards import Sources, find_shards, total_bytes
from tfsiamese.pairs.store_building import open_or_build
from tfsiamese.pairs.stored_examples import StoredExamples
from tfsiamese.pairs.validation import score_limits

__all__ = ["STREAM_ABOVE_BYTES", "is_large", "read_shards", "stream_examples"]

logger = logging.getLogger(__name__)

STREAM_ABOVE_BYTES = 200_000_000
"""Files that are larger than this together are streamed where nothing else is asked for."""


def stream_examples(
    sources: Sources,
    *,
    left: str | None = None,
    right: str | None = None,
    score: str | None = None,
    score_range: Sequence[float] | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    cache: str | os.PathLike[str] | None = None,
) -> StoredExamples:
    """Reads scored pairs, or anchors with positives, that need not fit into memory, and checks every row.

    The first call reads the files once, some thousand rows at a time, into a store in the cache, which takes about as
    much room as their texts and 60 bytes a row. Later calls open the store, as long as no file changes. Memory grows
    by some bytes a row only. `fit` takes the result in place of examples in memory and shuffles all of it, each epoch
    anew.

    Args:
        sources: a file, as in `read_examples`; a pattern such as "pairs/part-*.csv" ("**" stands for any folders); a
            folder of .parquet files; or a list of them. All files have one format and the same kind of rows, and are
            one data set: the rows of the first file come first.
        left: as in `read_examples`.
        right: as in `read_examples`.
        score: as in `read_examples`.
        score_range: as in `read_examples`.
        encoding: as in `read_examples`.
        delimiter: as in `read_examples`.
        columns: as in `read_examples`.
        cache: the folder for stores; by default "streams" in `$TFSIAMESE_CACHE`, else in `~/.cache/tfsiamese`.

    Returns:
        The rows. Duplicates and contradictions are kept, counted and, as in `read_examples`, warned of.

    Raises:
        DataError: a file cannot be read, rows of it cannot be used, the files hold different things or texts with
            classes; or the cache cannot be written. Nothing is left of a store then.
        DependencyError: the files are Parquet and pyarrow is not installed.
        SettingsError: a setting cannot be used, or does not go with the files.

    Example:
        >>> pairs = stream_examples("pairs/part-*.csv")
        >>> training, validation = pairs.split(validation=5000)
    """
    if isinstance(sources, pd.DataFrame):
        raise SettingsError("A DataFrame is in memory already. Expected files: use read_examples for a DataFrame.")
    if cache is not None and not (isinstance(cache, (str, os.PathLike)) and os.fspath(cache)):
        raise SettingsError(f"Expected cache to be the path of a folder. Received: cache={cache!r}.")
    names = ColumnNames(left, right, score)
    reading = _reading(sources, names, score_range=score_range, encoding=encoding, delimiter=delimiter, columns=columns)
    examples = StoredExamples(open_or_build(reading, Path(cache) if cache is not None else cache_folder() / "streams"))
    if examples.repeats is not None:
        warn_of_contradictions(examples.repeats, examples.source)
    for line in examples.contradiction_lines():
        logger.warning("%s: %s. All rows are kept.", examples.source, line)
    return examples


def read_shards(
    sources: Sources,
    *,
    left: str | None = None,
    right: str | None = None,
    score: str | None = None,
    **options: Any,
) -> Examples:
    """Reads all files of a data set into memory, as `stream_examples` finds them, and checks every row.

    Args:
        sources: as in `stream_examples`; texts with classes can be read too.
        left: as in `read_examples`; so are `right` and `score`.
        right: as in `read_examples`.
        score: as in `read_examples`.
        options: score_range, encoding, delimiter and columns as in `read_examples`.

    Raises:
        DataError, DependencyError, SettingsError: as `stream_examples`, but for what concerns the cache.
    """
    return load_shards(_reading(sources, ColumnNames(left, right, score), **options))


def _reading(
    sources: Sources,
    names: ColumnNames,
    *,
    score_range: Sequence[float] | None = None,
    encoding: str = "utf-8",
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
) -> ShardReading:
    limits = score_limits(score_range)
    require_text("encoding", encoding, optional=False)
    for name, value in (*names._asdict().items(), ("delimiter", delimiter)):
        require_text(name, value)
    header = columns.split(",") if isinstance(columns, str) else columns
    if header is not None and not (isinstance(header, Sequence) and all(isinstance(name, str) for name in header)):
        raise SettingsError(f"Expected columns to be the names of all columns. Received: columns={columns!r}.")
    return ShardReading(
        source=_name_of(sources),
        paths=find_shards(sources),
        columns=names,
        score_range=None if score_range is None else limits,
        encoding=encoding,
        delimiter=delimiter,
        header=None if header is None else tuple(header),
    )


def is_large(sources: Sources) -> bool:
    """Whether the files together are so large that they are better streamed; raises as `find_shards` does."""
    return total_bytes(find_shards(sources)) > STREAM_ABOVE_BYTES


def _name_of(sources: Sources) -> str:
    if isinstance(sources, (str, os.PathLike)):
        return str(sources)
    if not isinstance(sources, Sequence):
        return type(sources).__name__  # which `find_shards` refuses
    names = [str(source) for source in sources]
    return names[0] if len(names) == 1 else f"{len(names)} sources, {', '.join(names[:1])} first"
