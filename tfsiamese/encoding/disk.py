"""What is said when a disk is full, and what may not be written over."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from tfsiamese.encoding.inputs import TextInput
from tfsiamese.errors import SettingsError

__all__ = ["check_apart", "telling_of_the_disk"]

_OF_THE_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)


@contextlib.contextmanager
def telling_of_the_disk(target: Path, advice: Callable[[], str]) -> Iterator[None]:
    """Turns an error of the disk, while `target` is written, into a SettingsError that ends with advice."""
    try:
        yield
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise
        raise SettingsError(f"{target} cannot be written: {os.strerror(error.errno)}. {advice()}") from error


def check_apart(inputs: Iterable[TextInput], written: Iterable[Path]) -> None:
    """Raises a SettingsError where a file of texts would be written over."""
    targets = {path.resolve() for path in written}
    for source in inputs:
        if source.num_bytes is not None and Path(source.path).resolve() in targets:
            raise SettingsError(
                f"{source.path} is read, and would be written over. Expected --out (out= in Python) to be elsewhere."
            )
