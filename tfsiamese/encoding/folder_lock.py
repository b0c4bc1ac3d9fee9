"""One process at a time writes into a folder."""

import contextlib
import errno
import fcntl
import logging
import os
from collections.abc import Iterator
from pathlib import Path

from tfsiamese.errors import SettingsError

__all__ = ["LOCK_FILE", "sole_writer"]

_logger = logging.getLogger(__name__)

LOCK_FILE = ".lock"

_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOTSUP)


@contextlib.contextmanager
def sole_writer(folder: Path) -> Iterator[None]:
    """Makes the folder, and keeps other writers out of it until the block ends.

    The kernel gives the lock back when a process dies. A folder that was made here and stayed empty is removed.

    Raises:
        SettingsError: the path is a file, or another process, or thread, holds the folder.

    Reference: flock(2).
    """
    if folder.exists() and not folder.is_dir():
        raise SettingsError(f"{folder} is a file. Expected a folder for the vectors, or a path that does not exist.")
    is_new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    lock = _locked(folder)
    try:
        yield
    finally:
        (folder / LOCK_FILE).unlink(missing_ok=True)
        os.close(lock)
        if is_new:
            with contextlib.suppress(OSError):  # it holds something by now
                folder.rmdir()


def _locked(folder: Path) -> int:
    path = folder / LOCK_FILE
    while True:
        lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(lock, folder)
            if _is_still(path, lock):
                return lock
        except BaseException:
            os.close(lock)
            raise
        os.close(lock)  # whoever held it has removed the file since it was opened here


def _lock(lock: int, folder: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise SettingsError(
            f"Another process writes vectors into {folder}. Expected one at a time: wait for its end, or name another "
            "folder."
        ) from error
    except OSError as error:
        if error.errno not in _NO_LOCKS:
            raise
        _logger.warning("%s: this file system has no locks. See that no other process writes there.", folder)


def _is_still(path: Path, lock: int) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(lock))
    except FileNotFoundError:
        return False
