"""From files of any size to a store in the cache: built once, whole or not at all, and again when a file changes."""

import contextlib
import hashlib
import json
import os
import shutil
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError
from tfsiamese.files import publish_folder, remove_leftovers
from tfsiamese.pairs.shard_reading import Shard, ShardReading, open_shards
from tfsiamese.pairs.store import FORMAT, META_FILE, NO_REPEATS, BrokenStoreError, Store
from tfsiamese.pairs.store_writing import StoreWriter
from tfsiamese.pairs.stored_repeats import count_repeats
from tfsiamese.pairs.validation import score_limits

__all__ = ["open_or_build"]

_CHUNK_ROWS = 8192
_DAY = 86_400.0


def open_or_build(reading: ShardReading, cache: Path) -> Store:
    """The store of these files in the folder `cache`, built where it is not there or is broken.

    Several processes may build the same store: each of them gets a whole one. Stores of the same files as they were
    before are removed.

    Raises:
        DataError: the files cannot be read, or rows of them cannot be used; or the cache cannot be written.
    """
    name = _name(reading)
    folder = cache / name
    with contextlib.suppress(BrokenStoreError):
        return Store(folder)
    try:
        _put_aside(folder)
        with contextlib.suppress(FileExistsError), publish_folder(folder) as temporary:  # another process was faster
            _build(reading, temporary)
            if _name(reading) != name:
                raise DataError(
                    f"{reading.source} changed while it was read. Wait until it is written, and start again."
                )
        _remove_older(folder)
    except OSError as error:
        raise DataError(
            f"{reading.source} is read into {cache}, which cannot be written: {error.strerror or error}. Expected a "
            "folder with room for about the size of the files: set TFSIAMESE_CACHE (cache= in Python)."
        ) from error
    try:
        return Store(folder)
    except BrokenStoreError as error:
        raise DataError(f"{error}. Remove this folder, and start again.") from error


def _name(reading: ShardReading) -> str:
    """The name of the folder: which files are read and how, then what they are like at this time."""
    paths = [str(path.resolve()) for path in reading.paths]
    names = [reading.columns.left, reading.columns.right, reading.columns.score]
    how = [FORMAT, paths, *names, reading.score_range, reading.encoding, reading.delimiter, reading.header]
    states = [(found.st_size, found.st_mtime_ns) for found in (path.stat() for path in reading.paths)]
    return f"{_digest(how)}-{_digest(states)}"


def _put_aside(folder: Path) -> None:
    """Takes a broken store out of the way, in one step, so that no other process sees a half of it."""
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        folder.unlink(missing_ok=True)
    elif folder.exists():
        aside = folder.with_name(f".{folder.name}.partial-broken-{os.getpid()}")
        with contextlib.suppress(FileNotFoundError):
            folder.rename(aside)
        shutil.rmtree(aside, ignore_errors=True)


def _remove_older(folder: Path) -> None:
    remove_leftovers(folder.parent, older_than=_DAY)
    for other in folder.parent.glob(f"{folder.name.split('-')[0]}-*"):
        if other != folder:
            shutil.rmtree(other, ignore_errors=True)


def _build(reading: ShardReading, folder: Path) -> None:
    parts: list[tuple[str, int]] = []
    writer: StoreWriter | None = None
    with contextlib.ExitStack() as stack:
        for shard in open_shards(reading, _CHUNK_ROWS):
            if writer is None:
                _refuse_classes(shard)
                writer = stack.enter_context(StoreWriter(folder, shard.layout.shape))
            before = writer.num_rows
            for frame in shard.frames:
                writer.add(frame)
            parts.append((str(shard.path), writer.num_rows - before))
        if writer is None or not writer.num_rows:
            raise DataError(f"{reading.source} has no rows. Expected at least one.")
        details: dict[str, Any] = {"source": reading.source, "shards": parts, "repeats": NO_REPEATS}
        writer.finish(details | {"score_range": score_limits(reading.score_range)})
    _write_repeats(folder)


def _write_repeats(folder: Path) -> None:
    meta = json.loads((folder / META_FILE).read_text(encoding="utf-8"))
    meta["repeats"] = count_repeats(Store(folder))
    (folder / META_FILE).write_text(json.dumps(meta), encoding="utf-8")


def _refuse_classes(shard: Shard) -> None:
    if shard.layout.shape == "classes":
        raise DataError(
            f"{shard.path} holds {shard.layout.row} in each row, and such data cannot be streamed: a batch is put "
            "together from all texts of a class. Read it into memory: pass --no-stream (in Python read_examples, "
            "which takes one file or a DataFrame)."
        )


def _digest(content: Any) -> str:
    return hashlib.sha256(json.dumps(content).encode()).hexdigest()[:24]
