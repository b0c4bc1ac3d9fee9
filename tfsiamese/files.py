"""Files and folders that appear whole or not at all.

What is written goes to a temporary name beside its target and is renamed when it is complete, so that a process
killed at any moment leaves either the old state or the new one.
"""

import contextlib
import errno
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

__all__ = ["SAMPLE_TEXTS_FILE", "cache_folder", "publish_file", "publish_folder", "remove_leftovers"]

# Where a run folder keeps some texts of its training data, as a JSON list.
SAMPLE_TEXTS_FILE = "sample_texts.json"

_MARK = ".partial-"


def cache_folder() -> Path:
    """The folder for what can be fetched or built again; it is not created here.

    It is `$TFSIAMESE_CACHE`, else `$XDG_CACHE_HOME/tfsiamese`, else `~/.cache/tfsiamese`.
    """
    own = os.environ.get("TFSIAMESE_CACHE")
    if own:
        return Path(own).expanduser()
    shared = os.environ.get("XDG_CACHE_HOME")
    return (Path(shared) if shared else Path.home() / ".cache") / "tfsiamese"


@contextlib.contextmanager
def publish_file(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary path; renames it to `target` when the block ends without an error.

    An existing `target` is replaced in one step. The suffix of `target` is kept, since many writers look at it.
    """
    target = Path(target)
    _make_parent(target)
    temporary: Path | None = None
    try:
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}{_MARK}", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(target)
    except OSError as error:
        if error.errno is None or (error.filename not in (None, str(temporary)) and temporary is not None):
            raise
        # Whoever reads the message knows the target, and no temporary file.
        raise OSError(error.errno, error.strerror, str(target)) from error
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def publish_folder(target: str | os.PathLike[str]) -> Iterator[Path]:
    """Yields a temporary folder; renames it to `target` when the block ends without an error.

    Raises:
        FileExistsError: `target` is there already and is not an empty folder. Nothing is overwritten.
    """
    target = Path(target)
    _make_parent(target)
    temporary = Path(tempfile.mkdtemp(prefix=f".{target.name}{_MARK}", dir=target.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        try:
            temporary.rename(target)
        except OSError as error:
            if error.errno in (errno.EEXIST, errno.ENOTEMPTY, errno.ENOTDIR):
                raise FileExistsError(errno.EEXIST, "the target exists already", str(target)) from error
            raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def remove_leftovers(folder: str | os.PathLike[str], older_than: float = 0.0) -> int:
    """Removes what killed writers left in `folder`, and returns how many.

    Where other processes may be writing, give `older_than`, in seconds, longer than any write takes.
    """
    latest = time.time() - older_than
    removed = 0
    for path in Path(folder).glob(f".*{_MARK}*"):
        with contextlib.suppress(FileNotFoundError):  # whoever wrote it may be done with it by now
            if path.stat().st_mtime > latest:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink()
            removed += 1
    return removed


def _make_parent(target: Path) -> None:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise NotADirectoryError(errno.ENOTDIR, "a part of the path is a file, not a folder", str(target)) from error


def _umask() -> int:
    """The process's umask; reading it means setting it for a moment."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
