"""Texts of a Parquet file, some thousand rows at a time."""

import contextlib
import importlib
from collections.abc import Iterator
from typing import Any

from tfsiamese.encoding.records import Columns, Record, text_of
from tfsiamese.errors import DataError, DependencyError
from tfsiamese.reasons import first_line

__all__ = ["ParquetReader", "require_pyarrow"]

_ROWS_AT_ONCE = 4_096


def require_pyarrow(what: str) -> Any:
    """The module pyarrow, with pyarrow.parquet.

    Raises:
        DependencyError: it is not installed.
    """
    try:
        importlib.import_module("pyarrow.parquet")
        return importlib.import_module("pyarrow")
    except ImportError as error:
        raise DependencyError(f'{what} needs pyarrow. Install it with pip install "tfsiamese[parquet]".') from error


class ParquetReader:
    """The records of a Parquet file; iterate once.

    Args:
        path: the file.
        columns: what to read; ids of any type are written as text.
        num_bytes: the size of the file.

    Raises:
        DataError: the file cannot be read, has no such column, or texts in it are missing.
        DependencyError: pyarrow is not installed.
    """

    def __init__(self, path: str, columns: Columns, num_bytes: int):
        self._pyarrow = require_pyarrow(f"{path}: reading Parquet")
        self._path = path
        self._num_bytes = num_bytes
        self._rows_read = 0
        with self._readable():
            self._file = self._pyarrow.parquet.ParquetFile(path)
        names = self._file.schema_arrow.names
        try:
            positions = columns.positions(names, path)
            self._names = [names[position] for position in positions]
            self._check_texts(positions[0])
        except Exception:
            self._file.close()
            raise

    def close(self) -> None:
        """Closes the file."""
        self._file.close()

    @property
    def bytes_read(self) -> int:
        """How far reading has come, as a part of the file's bytes."""
        return self._num_bytes * self._rows_read // max(self._file.metadata.num_rows, 1)

    def __iter__(self) -> Iterator[Record]:
        with self._readable():
            for batch in self._file.iter_batches(_ROWS_AT_ONCE, columns=list(dict.fromkeys(self._names))):
                columns = [batch.column(name).to_pylist() for name in self._names]
                for values in zip(*columns, strict=True):
                    self._rows_read += 1
                    text = text_of(values[0], f"{self._path}, row {self._rows_read}")
                    yield Record(
                        self._rows_read, text, *(None if value is None else str(value) for value in values[1:])
                    )

    def _check_texts(self, position: int) -> None:
        """Says at once what would be found after hours: another type, or gaps that the file's statistics count."""
        field = self._file.schema_arrow.field(position)
        types = self._pyarrow.types
        kind = field.type.value_type if types.is_dictionary(field.type) else field.type
        is_view = getattr(types, "is_string_view", None)  # an older pyarrow has none
        if not (types.is_string(kind) or types.is_large_string(kind) or (is_view and is_view(kind))):
            raise DataError(f"{self._path}: the column {field.name!r} is {field.type}. Expected a column of texts.")
        if self._file.metadata.num_columns != len(self._file.schema_arrow.names):
            return  # with nested columns, those of the file are not those of the table
        groups = (self._file.metadata.row_group(group) for group in range(self._file.metadata.num_row_groups))
        counts = [group.column(position).statistics for group in groups]
        missing = sum(count.null_count for count in counts if count is not None and count.has_null_count)
        if missing:
            raise DataError(
                f"{self._path}: {missing:,} texts of the column {field.name!r} are missing. Leave those rows out, or "
                "write empty texts."
            )

    @contextlib.contextmanager
    def _readable(self) -> Iterator[None]:
        try:
            yield
        except (self._pyarrow.ArrowException, OSError) as error:
            reason = first_line(error).rstrip(".")
            raise DataError(
                f"{self._path} cannot be read as Parquet: {reason}. Check the file, or write it anew."
            ) from error
