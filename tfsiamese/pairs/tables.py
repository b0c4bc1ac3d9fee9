"""Pairs from Parquet files and pandas DataFrames, with row numbers for line numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from tfsiamese.errors import DataError, DependencyError
from tfsiamese.pairs.columns import ColumnNames, find_columns
from tfsiamese.pairs.rows import Rows
from tfsiamese.pairs.text_file import require_file

__all__ = ["read_frame", "read_parquet"]


def read_frame(frame: pd.DataFrame, wanted: ColumnNames, source: str = "DataFrame") -> Rows:
    """Reads a DataFrame; its first row is row 1, whatever its index says.

    Raises:
        DataError: a column is missing, or there are no rows.
    """
    header = [str(name) for name in frame.columns]
    positions = find_columns(header, wanted, source)
    columns = [frame.iloc[:, position].tolist() for position in positions]
    return _numbered(header, positions, columns, source)


def read_parquet(path: Path, wanted: ColumnNames) -> Rows:
    """Reads the three columns of a Parquet file; its first row is row 1.

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
            header = file.schema_arrow.names
            positions = find_columns(header, wanted, str(path))
            table = file.read(columns=[header[position] for position in positions])
    except (pyarrow.ArrowException, OSError) as error:
        reason = " ".join(str(error).split()).rstrip(".")
        raise DataError(f"{path} cannot be read as Parquet: {reason}. Check the file, or write it anew.") from error
    columns = [table.column(header[position]).to_pylist() for position in positions]
    return _numbered(header, positions, columns, str(path))


def _numbered(header: list[str], positions: tuple[int, int, int], columns: list[list[Any]], source: str) -> Rows:
    left, right, score = columns
    if not left:
        raise DataError(f"{source} has no rows. Expected one pair of texts in each row.")
    names = (header[positions[0]], header[positions[1]], header[positions[2]])
    return Rows(source, names, left, right, score, np.arange(1, len(left) + 1, dtype=np.int64), unit="row")
