"""The numbered versions under a model's base folder, found as TensorFlow Serving finds them.

Every child whose name is a decimal integer is a version; `000123` is version 123.
"""

import re
import shutil
import tempfile
from collections.abc import Collection
from pathlib import Path

from tfsiamese.errors import ExportError
from tfsiamese.servables.saved_model_file import GRAPH_FILE

__all__ = ["LARGEST_VERSION", "next_version", "remove_old_versions", "version_folder", "version_numbers"]

LARGEST_VERSION = 2**63 - 1  # TensorFlow Serving reads the name as int64


def version_numbers(base: Path) -> list[int]:
    """The versions in `base` that hold a `saved_model.pb`, ascending; none where `base` is absent."""
    return sorted({number for number, folder in _children(base) if _is_complete(folder)})


def next_version(base: Path) -> int:
    """One more than the highest number in `base`, whether that version is complete or not; 1 where there is none.

    Raises:
        ExportError: the highest number is the largest there can be.
    """
    highest = max((number for number, _ in _children(base)), default=0)
    if highest == LARGEST_VERSION:
        raise ExportError(f"{base} has the version {highest}, and no number is above it. Give the version yourself.")
    return highest + 1


def version_folder(base: Path, number: int) -> Path:
    """The folder of a version, whatever zeros its name begins with; `base/<number>` where there is none.

    Of two folders of one number TensorFlow Serving loads the one whose name comes last in alphabetical order.
    """
    found = [folder for version, folder in _children(base) if version == number]
    return max(found, key=lambda folder: folder.name, default=base / str(number))


def remove_old_versions(base: Path, keep_last: int, protected: Collection[int] = ()) -> list[int]:
    """Deletes all complete versions but the newest `keep_last` and the `protected` ones, such as those with a label.

    A version is renamed away before it is deleted, so that no server finds half of one.

    Args:
        base: the base folder of the model.
        keep_last: how many of the newest stay; a positive integer.
        protected: numbers that stay in any case.

    Returns:
        The numbers that were removed, ascending.

    Raises:
        ExportError: `keep_last` is not a positive integer, or a version cannot be removed.
    """
    if type(keep_last) is not int or keep_last < 1:
        raise ExportError(f"Expected the number of versions to keep to be a positive integer. Received: {keep_last!r}.")
    removed = [number for number in version_numbers(base)[:-keep_last] if number not in protected]
    for number, folder in _children(base):
        if number in removed and _is_complete(folder):
            _remove(folder)
    return removed


def _children(base: Path) -> list[tuple[int, Path]]:
    """Each child of `base` whose name is a number, with its number."""
    if not base.is_dir():
        return []
    named = [folder for folder in base.iterdir() if re.fullmatch(r"[0-9]+", folder.name)]
    return [(int(folder.name), folder) for folder in named if int(folder.name) <= LARGEST_VERSION]


def _is_complete(folder: Path) -> bool:
    return (folder / GRAPH_FILE).is_file()


def _remove(folder: Path) -> None:
    try:
        if folder.is_symlink():
            folder.unlink()
            return
        # The mark is the one of `tfsiamese.files`, whose `remove_leftovers` finishes the work of a killed process.
        away = Path(tempfile.mkdtemp(prefix=f".{folder.name}.partial-", dir=folder.parent))
        folder.rename(away)
        shutil.rmtree(away)
    except OSError as error:
        raise ExportError(f"{folder} cannot be removed: {error.strerror or error}. Remove it by hand.") from error
