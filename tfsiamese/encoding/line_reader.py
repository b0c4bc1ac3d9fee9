"""A file of UTF-8 line by line, compressed with gzip or not, with the line in every message."""

import gzip
import io
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from tfsiamese.errors import DataError

__all__ = ["STANDARD_INPUT", "LineReader"]

STANDARD_INPUT = "-"

_GZIP_MARK = b"\x1f\x8b"
_BYTE_ORDER_MARK = "\ufeff"


class LineReader:
    """Iterates over the lines of a file, each with its line break; a byte order mark is dropped.

    Lines end with a line feed, not at the other characters of `str.splitlines`.

    Args:
        path: "-" is standard input. A file that starts as gzip does is unpacked on the way, whatever its name.

    Attributes:
        line: the number of the line that was read last, from 1.

    Raises:
        DataError: the file cannot be read or unpacked, or a line is not UTF-8.
    """

    def __init__(self, path: str):
        self.line = 0
        self._path = path
        self._num_bytes = 0
        self._packed: BinaryIO | None = None
        self._file = self._open()

    def __enter__(self) -> "LineReader":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._path != STANDARD_INPUT:
            self._file.close()
            if self._packed is not None:
                self._packed.close()

    @property
    def bytes_read(self) -> int:
        """How far reading has come in the file, in its own bytes."""
        return self._num_bytes if self._packed is None else self._packed.tell()

    def __iter__(self) -> Iterator[str]:
        try:
            for raw in self._file:
                self.line += 1
                self._num_bytes += len(raw)
                yield self._decoded(raw)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            raise DataError(
                f"{self._path} cannot be unpacked after line {self.line}: {error}. Check the file, or pack it anew."
            ) from error
        except OSError as error:
            raise self._unreadable(error) from error

    def _open(self) -> BinaryIO:
        if self._path == STANDARD_INPUT:
            if sys.stdin is None:
                raise DataError("There is no standard input to read. Expected one text a line, or the path of a file.")
            return sys.stdin.buffer
        try:
            file = Path(self._path).open("rb")  # noqa: SIM115  closed by __exit__
            if file.peek(2)[:2] != _GZIP_MARK:
                return file
        except OSError as error:
            raise self._unreadable(error) from error
        self._packed = file
        return io.BufferedReader(gzip.GzipFile(fileobj=file))

    def _decoded(self, raw: bytes) -> str:
        try:
            line = raw.decode("utf-8")
        except UnicodeDecodeError as error:
            raise DataError(
                f"{self._path}, line {self.line}: not UTF-8 ({error.reason}). Save the file as UTF-8."
            ) from error
        return line.removeprefix(_BYTE_ORDER_MARK) if self.line == 1 else line

    def _unreadable(self, error: OSError) -> DataError:
        return DataError(
            f"{self._path} cannot be read: {error.strerror or error}. Expected a file of texts: check the path."
        )
