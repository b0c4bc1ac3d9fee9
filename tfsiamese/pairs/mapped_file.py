"""Numbers and texts in a file, of which only what was lately read counts as memory of the process."""

import mmap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["MappedFile"]

# The kernel maps up to 64 KiB round each place that is read: pages are given back after so many places, or bytes.
_MOST_PLACES = 128
_MOST_BYTES = 4 << 20


class MappedFile:
    """A file of numbers without a header, mapped for reading.

    Args:
        path: the file.
        dtype: of its numbers.

    Raises:
        OSError: the file cannot be opened.
    """

    def __init__(self, path: Path, dtype: DTypeLike = np.uint8):
        self._map: mmap.mmap | None = None
        self._touched = 0
        self._values: NDArray[Any] = np.empty(0, dtype)
        if path.stat().st_size:
            with path.open("rb") as file:
                self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._values = np.frombuffer(self._map, dtype)

    def __len__(self) -> int:
        return len(self._values)

    def take(self, places: NDArray[np.int64]) -> NDArray[Any]:
        """The numbers at some places, [n]."""
        values = self._values[places]
        self._count(len(places), values.nbytes)
        return values

    def block(self, start: int, stop: int) -> NDArray[Any]:
        """The numbers from `start` up to `stop`."""
        values = self._values[start:stop].copy()
        self._count(1, values.nbytes)
        return values

    def slices(self, starts: NDArray[np.int64], stops: NDArray[np.int64]) -> list[bytes]:
        """The bytes of a file of bytes between places, [n]."""
        content = self._map if self._map is not None else b""
        found = [content[start:stop] for start, stop in zip(starts.tolist(), stops.tolist(), strict=True)]
        self._count(len(found), sum(map(len, found)))
        return found

    def place_after(self, value: int) -> int:
        """In a file of ascending numbers: how many are not above a value."""
        return int(np.searchsorted(self._values, value, side="right"))

    def _count(self, num_places: int, num_bytes: int) -> None:
        self._touched += num_places * (_MOST_BYTES // _MOST_PLACES) + num_bytes
        if self._touched > _MOST_BYTES and self._map is not None:
            self._touched = 0
            if hasattr(mmap, "MADV_DONTNEED"):
                self._map.madvise(mmap.MADV_DONTNEED)
