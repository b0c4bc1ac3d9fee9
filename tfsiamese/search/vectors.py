"""Arrays of vectors, checked and brought to length 1."""

import numbers

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import DataError, SettingsError

__all__ = ["checked_vectors", "positive", "row_lengths", "unit_rows"]

_ROWS_AT_ONCE = 8192


def checked_vectors(vectors: ArrayLike, name: str) -> NDArray[np.float32]:
    """Vectors as float32 [n, dimension], contiguous; what is that already is not copied.

    Raises:
        DataError: they are not numbers, not two-dimensional, or not finite in single precision.
    """
    try:
        with np.errstate(over="ignore"):  # a number too large for single precision is reported below
            array = np.asarray(vectors, dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(f"{name} cannot be read as numbers: {error}. Expected vectors, [n, dimension].") from error
    if array.ndim != 2 or not array.shape[1]:
        raise DataError(
            f"{name} has the shape {list(array.shape)}. Expected vectors, [n, dimension]; "
            "a single vector goes into a list."
        )
    array = np.ascontiguousarray(array)
    broken = sum(int((~np.isfinite(rows).all(axis=1)).sum()) for rows in _in_parts(array))
    if broken:
        raise DataError(
            f"{broken} of {len(array)} vectors of {name} hold NaN or infinite numbers. Expected finite ones: "
            "leave the texts out, or see what the encoder makes of them."
        )
    return array


def unit_rows(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    """The vectors [n, dimension] divided by their lengths, as a copy; a zero vector stays zero."""
    unit = np.empty(vectors.shape, np.float32)
    for start in range(0, len(vectors), _ROWS_AT_ONCE):
        rows = vectors[start : start + _ROWS_AT_ONCE].astype(np.float64)
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows))[:, np.newaxis]
        unit[start : start + _ROWS_AT_ONCE] = rows / np.where(lengths > 0, lengths, 1.0)
    return unit


def row_lengths(vectors: NDArray[np.float32]) -> NDArray[np.float64]:
    """The length of each vector, float64 [n]; in single precision, squares overflow from 2e19."""
    return np.concatenate(
        [np.sqrt(np.einsum("ij,ij->i", rows, rows, dtype=np.float64)) for rows in _in_parts(vectors)] or [np.empty(0)]
    )


def positive(value: int, name: str) -> int:
    """Returns `value` as an int, or raises a SettingsError where it is not a positive whole number."""
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < 1:
        raise SettingsError(f"Expected {name} to be a positive integer. Received: {name}={value!r}.")
    return int(value)


def _in_parts(vectors: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [vectors[start : start + _ROWS_AT_ONCE] for start in range(0, len(vectors), _ROWS_AT_ONCE)]
