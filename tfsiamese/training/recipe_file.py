"""Reads a configuration from a TOML file."""

import sys
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError
from tfsiamese.training.recipe_keys import Table, is_number

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["read_recipe"]

_PATHS = {"out", "data", "file", "sts", "retrieval", "labels", "texts"}


def read_recipe(path: str | Path) -> Table:
    """Reads a TOML file as `make_recipe` takes it; relative paths in it start at its own folder.

    Raises:
        DataError: the file cannot be read, or is not TOML.
    """
    path = Path(path)
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Name a TOML file with --config.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{path} is not TOML: {error}. Mend it there.") from error
    return _resolve_paths(table, path.parent)


def _resolve_paths(value: Any, folder: Path, key: str = "") -> Any:
    """The same tables with relative paths joined to a folder."""
    if isinstance(value, dict):
        return {name: _resolve_paths(entry, folder, name) for name, entry in value.items()}
    if isinstance(value, list):
        return [_resolve_paths(entry, folder, key) for entry in value]
    if not isinstance(value, str):
        return value
    path = folder / Path(value).expanduser()
    is_path = key in _PATHS or (key == "validation" and not is_number(value))
    # An encoder may also be a name or a handle.
    return str(path) if is_path or (key in ("encoder", "teacher") and path.is_dir()) else value
