"""A Parquet file of vectors, with where each text stands and, where asked for, its id and the text itself."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np

from tfsiamese.encoding.inputs import Window
from tfsiamese.encoding.parquet_records import require_pyarrow
from tfsiamese.errors import DataError
from tfsiamese.reasons import first_line

__all__ = ["ParquetFile", "read_parquet_header", "read_parquet_vectors"]

VECTOR_COLUMN = "vector"


class ParquetFile:
    """Writes a table with the columns file, line, id and text (if wanted) and vector, a row group for each window.

    Args:
        path: the file, which is replaced.
        dtype: of the vectors' numbers: float32, int8 or uint8.
        width: numbers of a vector.
        names: of the files that the texts come from.
        with_id: write the column id.
        with_text: write the column text.

    Raises:
        DependencyError: pyarrow is not installed.
    """

    def __init__(
        self, path: Path, dtype: np.dtype[Any], width: int, *, names: Sequence[str], with_id: bool, with_text: bool
    ):
        self._pyarrow = pyarrow = require_pyarrow("Writing Parquet")
        self._width = width
        self._names = names
        fields = [("file", pyarrow.string()), ("line", pyarrow.int64())]
        fields += [("id", pyarrow.string())] if with_id else []
        fields += [("text", pyarrow.string())] if with_text else []
        number = pyarrow.from_numpy_dtype(dtype)
        self._schema = pyarrow.schema([*fields, (VECTOR_COLUMN, pyarrow.list_(number, width))])
        self._writer = pyarrow.parquet.ParquetWriter(path, self._schema, use_dictionary=["file"])

    def __enter__(self) -> "ParquetFile":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self._writer.close()
            return
        with contextlib.suppress(Exception):  # a full disk would hide what went wrong before
            self._writer.close()

    def append(self, window: Window, vectors: np.ndarray) -> None:
        """Writes the records of a window with their vectors [records, width]."""
        pyarrow = self._pyarrow
        numbers = pyarrow.array(np.ascontiguousarray(vectors).reshape(-1))
        values = {
            "file": [self._names[number] for number in window.files],
            "line": [record.line for record in window.records],
            "id": [record.id for record in window.records],
            "text": [record.text for record in window.records],
            VECTOR_COLUMN: pyarrow.FixedSizeListArray.from_arrays(numbers, self._width),
        }
        columns = [pyarrow.array(values[field.name], type=field.type) for field in self._schema if field.name in values]
        self._writer.write_table(pyarrow.Table.from_arrays(columns, schema=self._schema))


def read_parquet_header(path: Path) -> tuple[tuple[int, ...], np.dtype[Any]]:
    """The shape [rows, width] and the type of the vectors in a file that `ParquetFile` wrote, without its rows.

    Raises:
        DataError: the file cannot be read, or holds no such column.
        DependencyError: pyarrow is not installed.
    """
    pyarrow = require_pyarrow(f"{path}: reading Parquet")
    try:
        with pyarrow.parquet.ParquetFile(path) as file:
            kind = file.schema_arrow.field(VECTOR_COLUMN).type
            return (file.metadata.num_rows, kind.list_size), np.dtype(kind.value_type.to_pandas_dtype())
    except (pyarrow.ArrowException, OSError, KeyError, AttributeError) as error:
        raise DataError(f"{path} cannot be read: {first_line(error).rstrip('.')}. Encode the texts anew.") from error


def read_parquet_vectors(path: Path) -> np.ndarray:
    """The column of vectors of a file that `ParquetFile` wrote: [rows, width].

    Raises:
        DataError: the file cannot be read, or holds no such column.
        DependencyError: pyarrow is not installed.
    """
    pyarrow = require_pyarrow(f"{path}: reading Parquet")
    try:
        column = pyarrow.parquet.read_table(path, columns=[VECTOR_COLUMN]).column(VECTOR_COLUMN).combine_chunks()
        numbers = column.flatten().to_numpy()
    except (pyarrow.ArrowException, OSError, KeyError) as error:
        raise DataError(f"{path} cannot be read: {first_line(error).rstrip('.')}. Encode the texts anew.") from error
    return numbers.reshape(-1, column.type.list_size)
