"""Examples from files of any size, which stay on the disk."""

import logging
import os
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from tfsiamese.errors import SettingsError
from tfsiamese.files import cache_folder
from tfsiamese.pairs.columns import ColumnNames
from tfsiamese.pairs.pairs import warn_of_contradictions
from tfsiamese.pairs.shards import Sources, find_shards, total_bytes
from tfsiamese.pairs.store_building import StoreRecipe, open_or_build
from tfsiamese.pairs.stored_examples import StoredExamples
from tfsiamese.pairs.validation import score_limits

__all__ = ["STREAM_ABOVE_BYTES", "is_large", "stream_examples"]

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
    limits = score_limits(score_range)
    names = columns.split(",") if isinstance(columns, str) else columns
    paths = find_shards(sources)
    recipe = StoreRecipe(
        source=_name_of(sources),
        paths=paths,
        columns=ColumnNames(left, right, score),
        score_range=None if score_range is None else limits,
        encoding=encoding,
        delimiter=delimiter,
        header=None if names is None else tuple(names),
    )
    examples = StoredExamples(open_or_build(recipe, Path(cache) if cache is not None else cache_folder() / "streams"))
    if examples.repeats is not None:
        warn_of_contradictions(examples.repeats, examples.source)
    for line in examples.contradiction_lines():
        logger.warning("%s: %s. All rows are kept.", examples.source, line)
    return examples


def is_large(sources: Sources) -> bool:
    """Whether the files together are so large that they are better streamed; raises as `find_shards` does."""
    return total_bytes(find_shards(sources)) > STREAM_ABOVE_BYTES


def _name_of(sources: Sources) -> str:
    if isinstance(sources, (str, os.PathLike)):
        return str(sources)
    names = [str(source) for source in sources]
    return names[0] if len(names) == 1 else f"{len(names)} sources, {', '.join(names[:1])} first"
