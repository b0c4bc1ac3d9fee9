"""Rows from Parquet files and pandas DataFrames, with row numbers for line numbers."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tfsiamese.errors import DataError, DependencyError
from tfsiamese.pairs.table import ColumnFinder, Layout, Table, TableChunks
from tfsiamese.pairs.text_file import require_file

__all__ = ["parquet_chunks", "read_frame", "read_parquet"]

_BUFFER_BYTES = 1 << 20


def read_frame(frame: pd.DataFrame, finder: ColumnFinder, source: str = "DataFrame") -> Table:
    """Reads a DataFrame; its first row is row 1, whatever its index says.

    Raises:
        DataError: a column is missing, or there are no rows.
    """
    layout = finder.find([str(name) for name in frame.columns], source)
    columns = [frame.iloc[:, column.position].tolist() for column in layout.columns]
    return _numbered(layout, columns, source)


def read_parquet(path: Path, finder: ColumnFinder) -> Table:
    """Reads the columns needed of a Parquet file; its first row is row 1.

    Raises:
        DataError: the file is missing or is no Parquet file, a column is missing, or there are no rows.
        DependencyError: pyarrow is not installed.
    """
    with _reading(path) as parquet, parquet.ParquetFile(path) as file:
        layout = finder.find(file.schema_arrow.names, str(path))
        names = [column.name for column in layout.columns]
        table = file.read(columns=names)
    return _numbered(layout, [table.column(name).to_pylist() for name in names], str(path))


def parquet_chunks(path: Path, finder: ColumnFinder, *, chunk_rows: int) -> TableChunks:
    """The same file, `chunk_rows` rows at a time; a file without rows gives no table.

    Raises:
        DataError, DependencyError: as `read_parquet`.
    """
    with _reading(path) as parquet, parquet.ParquetFile(path) as file:
        layout = finder.find(file.schema_arrow.names, str(path))
    return TableChunks(layout, _batches(path, layout, chunk_rows))


def _batches(path: Path, layout: Layout, chunk_rows: int) -> Iterator[Table]:
    names = [column.name for column in layout.columns]
    first = 1
    # With a buffer a column is read piece by piece; without one all of a row group, which may be all of the file.
    with _reading(path) as parquet, parquet.ParquetFile(path, buffer_size=_BUFFER_BYTES, pre_buffer=False) as file:
        for batch in file.iter_batches(batch_size=chunk_rows, columns=names):
            lines = np.arange(first, first + batch.num_rows, dtype=np.int64)
            first += batch.num_rows
            yield Table(str(path), layout, [batch.column(name).to_pylist() for name in names], lines, unit="row")


@contextlib.contextmanager
def _reading(path: Path) -> Iterator[Any]:
    """Yields pyarrow's module for Parquet, and makes errors of it such that a user can meet."""
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DependencyError(
            f'{path}: reading Parquet needs pyarrow. Install it with pip install "tfsiamese[parquet]".'
        ) from error
    require_file(path)
    try:
        yield parquet
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{path} cannot be read as Parquet: {reason}. Check the file, or write it anew.") from error


def _numbered(layout: Layout, columns: list[list[Any]], source: str) -> Table:
    num_rows = len(columns[0])
    if not num_rows:
        raise DataError(f"{source} has no rows. Expected {layout.row} in each row.")
    return Table(source, layout, columns, np.arange(1, num_rows + 1, dtype=np.int64), unit="row")
