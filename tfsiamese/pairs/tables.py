"""Rows from Parquet files and pandas DataFrames, with row numbers for line numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tfsiamese.errors import DataError, DependencyError
from tfsiamese.pairs.table import ColumnFinder, Layout, Table
from tfsiamese.pairs.text_file import require_file

__all__ = ["read_frame", "read_parquet"]


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
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError as error:
        raise DependencyError(
            f'{path}: reading Parquet needs pyarrow. Install it with pip install "tfsiamese[parquet]".'
        ) from error
    require_file(path)
    try:
        with parquet.ParquetFile(path) as file:
            layout = finder.find(file.schema_arrow.names, str(path))
            names = [column.name for column in layout.columns]
            table = file.read(columns=names)
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{path} cannot be read as Parquet: {reason}. Check the file, or write it anew.") from error
    return _numbered(layout, [table.column(name).to_pylist() for name in names], str(path))


def _numbered(layout: Layout, columns: list[list[Any]], source: str) -> Table:
    num_rows = len(columns[0])
    if not num_rows:
        raise DataError(f"{source} has no rows. Expected {layout.row} in each row.")
    return Table(source, layout, columns, np.arange(1, num_rows + 1, dtype=np.int64), unit="row")
