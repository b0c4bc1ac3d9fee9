"""Which files a data set consists of: one, those that a pattern matches, or the Parquet parts of a folder."""

import glob
import os
from collections.abc import Sequence
from pathlib import Path

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.text_file import require_file
from tfsiamese.pairs.wording import listed

__all__ = ["Sources", "find_shards", "is_sharded", "total_bytes"]

Sources = str | os.PathLike[str] | Sequence[str | os.PathLike[str]]
"""A file, a pattern such as "pairs/part-*.csv", a folder of Parquet parts, or several of them."""


def is_sharded(source: Sources) -> bool:
    """Whether a source is not simply the path of one file."""
    if not isinstance(source, (str, os.PathLike)):
        return True
    path = Path(source)
    if not os.fspath(source):  # not the current folder
        return False
    try:
        return path.is_dir() or (glob.has_magic(str(source)) and not path.exists())
    except OSError:  # such as a name that is too long
        return False


def total_bytes(paths: Sequence[Path]) -> int:
    """The size of all files together."""
    return sum(path.stat().st_size for path in paths)


def find_shards(sources: Sources) -> tuple[Path, ...]:
    """The files of a data set, in the order of the sources; those of one pattern or folder by name.

    A name with `*`, `?` or `[` is a pattern unless there is a file of that name; `**` stands for any folders.

    Raises:
        DataError: there is no such file, a pattern matches none, a folder has no Parquet file, or the files have
            different suffixes.
        SettingsError: a source is no path, or an empty one.
    """
    given = [sources] if isinstance(sources, (str, os.PathLike)) else sources
    if not isinstance(given, Sequence) or not all(isinstance(source, (str, os.PathLike)) for source in given):
        raise SettingsError(
            "Expected a path, a pattern such as 'pairs/part-*.csv', a folder of Parquet files, or a list of them. "
            f"Received: {type(sources).__name__}."
        )
    if any(not os.fspath(source).strip() for source in given):
        raise SettingsError("The path of a file is empty. Expected a path, or '.' for the current folder.")
    if not given:
        raise SettingsError("There is no file to read. Expected at least one path.")
    paths = tuple(dict.fromkeys(path for source in given for path in _files_of(source)))
    suffixes = sorted({path.suffix.lower() for path in paths})
    if len(suffixes) > 1:
        examples = (next(path for path in paths if path.suffix.lower() == suffix) for suffix in suffixes)
        raise DataError(
            f"The files of one data set have the suffixes {listed(suffixes)}, such as "
            f"{' and '.join(str(path) for path in examples)}. Expected files of one format: name those to read."
        )
    return paths


def _files_of(source: str | os.PathLike[str]) -> list[Path]:
    path = Path(source)
    if is_sharded(source) and path.is_dir():
        return _parts_of(path)
    if not is_sharded(source):
        require_file(path)
        return [path]
    matches = sorted(glob.glob(str(source), recursive=True))  # noqa: PTH207 - a pattern may start anywhere
    found = [Path(name) for name in matches if Path(name).is_file()]
    if not found:
        raise DataError(f"No file matches {source}. Check the pattern, and the folder that it starts from.")
    return found


def _parts_of(folder: Path) -> list[Path]:
    """The Parquet files of a folder, but for those that other programs hide there."""
    parts = sorted(path for path in folder.glob("*.parquet") if path.is_file() and not path.name.startswith((".", "_")))
    if not parts:
        raise DataError(
            f"{folder} is a folder without .parquet files. Expected such files in it, or for others a pattern: "
            f"'{folder}/*.csv'."
        )
    return parts
