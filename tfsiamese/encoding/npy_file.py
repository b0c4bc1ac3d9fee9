"""An .npy file that grows row by row, so that no more than a few rows are in memory."""

import io
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tfsiamese.errors import DataError

__all__ = ["NpyFile", "read_npy_header"]


class NpyFile:
    """Writes an array [rows, width] whose number of rows is known at the end only.

    NumPy's header leaves room for a first axis of any length, so the number is put in when the block ends.

    Args:
        path: the file, which is replaced.
        dtype: of the array.
        width: numbers, or bytes, of a row.

    Reference: numpy.lib.format, "Format Version 1.0".
    """

    def __init__(self, path: Path, dtype: np.dtype[Any], width: int):
        self.rows = 0
        self._dtype = dtype
        self._width = width
        self._file = path.open("wb")
        self._file.write(self._header())

    def __enter__(self) -> "NpyFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with self._file:
            if error is None:
                self._file.seek(0)
                self._file.write(self._header())

    def append(self, rows: np.ndarray) -> None:
        """Writes rows [n, width] of the file's dtype behind the others."""
        if rows.dtype != self._dtype or rows.shape[1:] != (self._width,):
            raise ValueError(f"expected {self._dtype} [n, {self._width}], received {rows.dtype} {list(rows.shape)}")
        self._file.write(np.ascontiguousarray(rows).data)
        self.rows += len(rows)

    def _header(self) -> bytes:
        header = io.BytesIO()
        fields = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.rows, self._width),
        }
        np.lib.format.write_array_header_1_0(header, fields)
        return header.getvalue()


def read_npy_header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape and the type of an array in a file, without its content.

    Raises:
        DataError: the file is missing, cannot be read, or is no .npy file.
    """
    try:
        array = np.lib.format.open_memmap(path, mode="r")
    except (OSError, ValueError, EOFError, OverflowError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).rstrip(".")
        raise DataError(f"{path} cannot be read as .npy: {reason}. Expected a file of vectors.") from error
    return array.shape, array.dtype
