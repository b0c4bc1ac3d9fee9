"""`manifest.json`: what is in a folder of vectors, what made it, and which of its shards are finished."""

import hashlib
import json
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tfsiamese.encoding.codes import layout_of
from tfsiamese.encoding.inputs import Window
from tfsiamese.encoding.npy_file import read_npy_header
from tfsiamese.encoding.parquet_file import read_parquet_header
from tfsiamese.encoding.settings import FORMATS, VECTOR_PRECISIONS
from tfsiamese.encoding.shard_names import MANIFEST_FILE, RANGES_FILE, shard_name
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.files import publish_file
from tfsiamese.installed import installed_versions
from tfsiamese.pairs.wording import shown

__all__ = ["Manifest", "Shard", "TextDigest"]

_logger = logging.getLogger(__name__)

_FORMAT_VERSION = 1
_MOST_DIFFERENCES = 6
# Encoders may move; their fingerprint tells them apart.
_FREE = ("encoder.source",)


class Shard(NamedTuple):
    """A finished file: its name in the folder, its rows, its size, and the SHA-256 of its texts."""

    file: str
    rows: int
    bytes: int
    texts: str


class TextDigest:
    """SHA-256 over texts and their ids, each with its length."""

    def __init__(self) -> None:
        self._digest = hashlib.sha256()

    def add(self, window: Window) -> None:
        """Adds the texts of a window."""
        for record in window.records:
            for value in (record.text, record.id):
                content = b"" if value is None else value.encode()
                self._digest.update(b"%d:" % (-1 if value is None else len(content)))
                self._digest.update(content)

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        return self._digest.hexdigest()


@dataclass
class Manifest:
    """What `manifest.json` holds.

    Attributes:
        made_from: encoder, vectors, files and inputs: all that decides the content of the shards.
        shards: the finished ones by their number.
        complete: whether there are no more.
        versions: of the packages that the run began with.
    """

    made_from: dict[str, Any]
    shards: dict[int, Shard] = field(default_factory=dict)
    complete: bool = False
    versions: dict[str, str] = field(default_factory=installed_versions)

    @property
    def rows(self) -> int:
        """Rows of all finished shards."""
        return sum(shard.rows for shard in self.shards.values())

    @classmethod
    def read(cls, folder: Path) -> "Manifest":
        """Reads the manifest of a folder.

        Raises:
            DataError: there is none, it cannot be read, or a value in it cannot be.
        """
        path = folder / MANIFEST_FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format_version"] != _FORMAT_VERSION:
                raise ValueError(f"version {content['format_version']}, expected {_FORMAT_VERSION}")
            made_from = {name: _value(content, name, dict) for name in ("encoder", "vectors", "files")}
            made_from["inputs"] = _value(content, "inputs", list)
            _check_vectors(made_from["vectors"])
            kind = _one_of(made_from["files"], "format", FORMATS)
            complete = _value(content, "complete", bool)
            shards = _checked_shards(_value(content, "shards", list), kind, complete)
            return cls(made_from, shards, complete, _value(content, "versions", dict))
        except OSError as error:
            raise DataError(
                f"{path} cannot be read: {error.strerror}. Expected a folder that tfsiamese encode wrote."
            ) from error
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise DataError(f"{path} is no manifest of vectors ({error}). Encode anew into another folder.") from error

    def write(self, folder: Path) -> None:
        """Writes the manifest; the one before is replaced in one step."""
        content = {
            "format_version": _FORMAT_VERSION,
            **self.made_from,
            "rows": self.rows,
            "complete": self.complete,
            "shards": [{"number": number, **shard._asdict()} for number, shard in sorted(self.shards.items())],
            "versions": self.versions,
        }
        with publish_file(folder / MANIFEST_FILE) as path:
            path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")

    def check_made_from(self, made_from: dict[str, Any], folder: Path) -> None:
        """Raises a SettingsError that names what differs where the shards were made from something else."""
        differences = _differences(self.made_from, json.loads(json.dumps(made_from)))
        if differences:
            more = [f"and {len(differences) - _MOST_DIFFERENCES} more"] if len(differences) > _MOST_DIFFERENCES else []
            raise SettingsError(
                f"The vectors in {folder} were made otherwise: {'; '.join(differences[:_MOST_DIFFERENCES] + more)}. "
                "Continue with what they were made from, name another folder, or start anew with --overwrite "
                "(overwrite=True)."
            )
        if self.versions != installed_versions():
            _logger.warning(
                "%s was begun with other versions of packages; vectors may differ in the last digits", folder
            )

    def files(self) -> list[str]:
        """What the run has written beside the manifest, if all is there, and what a killed one had no time to note."""
        last = max(self.shards, default=-1) + 1
        names = [shard_name(number, self.made_from["files"]["format"]) for number in range(last + 1)]
        return [*names, RANGES_FILE] if self.made_from["vectors"]["precision"] in ("int8", "uint8") else names

    def has(self, number: int, folder: Path) -> bool:
        """Whether a shard is finished and its file is there as it was written, as far as its size and header tell."""
        shard = self.shards.get(number)
        if shard is None:
            return False
        path = folder / shard.file
        try:
            if path.stat().st_size != shard.bytes:
                return False
            shape, dtype = read_npy_header(path) if path.suffix == ".npy" else read_parquet_header(path)
        except (OSError, DataError):
            return False
        vectors = self.made_from["vectors"]
        return (shape, dtype.name) == ((shard.rows, vectors["width"]), vectors["dtype"])


def _value(content: dict[str, Any], name: str, kind: type) -> Any:
    """A member of a JSON object that is of this type; true and false are no numbers."""
    value = content[name]
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise ValueError(f"{name} is {shown(value)}")
    return value


def _one_of(content: dict[str, Any], name: str, known: Iterable[str]) -> str:
    value = _value(content, name, str)
    if value not in known:
        raise ValueError(f"{name} is {shown(value)}")
    return value


def _check_vectors(vectors: dict[str, Any]) -> None:
    dimension = _value(vectors, "dimension", int)
    if dimension < 1:
        raise ValueError(f"dimension is {dimension}")
    layout = layout_of(_one_of(vectors, "precision", VECTOR_PRECISIONS), dimension)
    found = (_value(vectors, "dtype", str), _value(vectors, "width", int))
    if found != (layout.dtype.name, layout.width):
        raise ValueError(f"dtype and width are {found}")


def _checked_shards(entries: list[Any], kind: str, complete: bool) -> dict[int, Shard]:
    """Shards by number; those that a repair was about to write may be missing where there is more to come."""
    shards: dict[int, Shard] = {}
    for entry in entries:
        number = _value(entry, "number", int)
        if number <= max(shards, default=-1) or (complete and number != len(shards)):
            raise ValueError(f"number is {number}, out of order")
        _one_of(entry, "file", [shard_name(number, kind)])
        for name, least in (("rows", 1), ("bytes", 0)):
            if _value(entry, name, int) < least:
                raise ValueError(f"{name} is {entry[name]}")
        shards[number] = Shard(entry["file"], entry["rows"], entry["bytes"], _value(entry, "texts", str))
    return shards


def _differences(before: Any, now: Any, name: str = "") -> list[str]:
    """What differs between two values of JSON, as "a.b was 1, is 2"."""
    if isinstance(before, dict) and isinstance(now, dict):
        keys = [key for key in {**before, **now} if f"{name}{key}" not in _FREE]
        return [line for key in keys for line in _differences(before.get(key), now.get(key), f"{name}{key}.")]
    if isinstance(before, list) and isinstance(now, list) and len(before) == len(now):
        pairs = enumerate(zip(before, now, strict=True), start=1)
        return [line for place, (old, new) in pairs for line in _differences(old, new, f"{name}{place}.")]
    if before == now:
        return []
    if isinstance(before, list) and isinstance(now, list):
        return [f"{name.rstrip('.')} were {len(before)}, are {len(now)}"]
    return [f"{name.rstrip('.')} was {shown(before)}, is {shown(now)}"]
