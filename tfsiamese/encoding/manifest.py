"""`manifest.json`: what is in a folder of vectors, what made it, and which of its shards are finished."""

import hashlib
import json
import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from tfsiamese.encoding.inputs import Window
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.files import publish_file
from tfsiamese.installed import installed_versions
from tfsiamese.pairs.wording import shown

__all__ = ["MANIFEST_FILE", "RANGES_FILE", "Manifest", "Shard", "TextDigest"]

_logger = logging.getLogger(__name__)

MANIFEST_FILE = "manifest.json"
RANGES_FILE = "ranges.npy"

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
            DataError: there is none, or it cannot be read.
        """
        path = folder / MANIFEST_FILE
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if content["format_version"] != _FORMAT_VERSION:
                raise ValueError(f"version {content['format_version']}, expected {_FORMAT_VERSION}")
            shards = {int(entry.pop("number")): Shard(**entry) for entry in content["shards"]}
            made_from = {name: content[name] for name in ("encoder", "vectors", "files", "inputs")}
            return cls(made_from, shards, bool(content["complete"]), content["versions"])
        except OSError as error:
            raise DataError(
                f"{path} cannot be read: {error.strerror}. Expected a folder that tfsiamese encode wrote."
            ) from error
        except (ValueError, TypeError, KeyError, AttributeError) as error:
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

    def has(self, number: int, folder: Path) -> bool:
        """Whether a shard is finished and its file is there as it was written."""
        shard = self.shards.get(number)
        if shard is None:
            return False
        try:
            return (folder / shard.file).stat().st_size == shard.bytes
        except OSError:
            return False


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
