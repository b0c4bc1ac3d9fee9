"""What an exported SavedModel says about itself.

TensorFlow Serving leaves files in `assets.extra` alone, so that the metadata travels with the version.
"""

import json
from pathlib import Path
from typing import Any

from tfsiamese.errors import ExportError

__all__ = ["METADATA_FILE", "read_metadata", "write_metadata"]

METADATA_FILE = "assets.extra/tfsiamese.json"

_FORMAT = 1


def write_metadata(folder: Path, metadata: dict[str, Any]) -> None:
    """Writes the metadata of the version in `folder`, which must not be published yet.

    What is no valid Unicode, such as a path's bytes that are no UTF-8, is written as U+FFFD.

    Raises:
        OSError: the file cannot be written.
    """
    path = folder / METADATA_FILE
    path.parent.mkdir(parents=True, exist_ok=True)
    content = json.dumps({"format": _FORMAT, **metadata}, indent=2, ensure_ascii=False)
    path.write_text(_valid(content) + "\n", encoding="utf-8")


def read_metadata(folder: Path) -> dict[str, Any] | None:
    """The metadata of the version in `folder`; None where it has none.

    Raises:
        ExportError: the file is damaged, or of a later version of tfsiamese.
    """
    path = folder / METADATA_FILE
    try:
        metadata = json.loads(_valid(json.dumps(json.loads(path.read_text(encoding="utf-8")), ensure_ascii=False)))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ExportError(
            f"{path} cannot be read as JSON ({error}). Export the model again, or delete the file."
        ) from error
    number = metadata.get("format") if isinstance(metadata, dict) else None
    if number != _FORMAT:
        raise ExportError(
            f"{path} has the format {number!r}. Expected {_FORMAT}; a later version of tfsiamese may have written it."
        )
    return metadata


def _valid(content: str) -> str:
    """The text without lone surrogates, which nothing can print; JSON may have them as an escape."""
    return content.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
