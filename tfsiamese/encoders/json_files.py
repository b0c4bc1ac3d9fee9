"""Reads the JSON files of a checkpoint."""

import json
from pathlib import Path
from typing import Any

from tfsiamese.errors import EncoderError

__all__ = ["read_json", "read_object"]


def read_json(path: Path) -> Any:
    """What a JSON file holds.

    Raises:
        EncoderError: it cannot be read, or is not JSON.
    """
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise EncoderError(f"{path} cannot be read: {error.strerror or error}.") from error
    except (ValueError, RecursionError) as error:
        raise EncoderError(f"{path} is not JSON: {error}. Expected a whole checkpoint; download it again.") from error


def read_object(path: Path, optional: bool = False) -> dict[str, Any]:
    """The object in a JSON file; an empty one where the file is optional and absent.

    Raises:
        EncoderError: the file cannot be read, or holds something else.
    """
    if optional and not path.is_file():
        return {}
    content = read_json(path)
    if not isinstance(content, dict):
        raise EncoderError(f"{path} holds a {type(content).__name__}. Expected a JSON object.")
    return content
