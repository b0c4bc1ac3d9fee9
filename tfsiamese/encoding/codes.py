"""Codes in place of vectors: what they look like, and the ranges that those of eight bits need."""

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from tfsiamese.errors import DataError
from tfsiamese.files import publish_file
from tfsiamese.search import Quantizer
from tfsiamese.search.vectors import checked_vectors

__all__ = [
    "CALIBRATION_ROWS",
    "Layout",
    "Ranges",
    "fitted",
    "layout_of",
    "ranges_beside",
    "read_ranges",
    "write_ranges",
]

CALIBRATION_ROWS = 32_768
"""The ranges of a folder's codes come from so many vectors of its first shard, or from all of a smaller one."""


class Layout(NamedTuple):
    """A row as it is stored: the type of its numbers, and how many there are."""

    dtype: np.dtype[Any]
    width: int


def layout_of(precision: str, dimension: int) -> Layout:
    """How vectors [n, dimension] of this precision are stored."""
    if precision == "float32":
        return Layout(np.dtype(np.float32), dimension)
    dtype = np.dtype(np.uint8 if precision.startswith("u") else np.int8)
    return Layout(dtype, -(-dimension // 8) if precision.endswith("binary") else dimension)


def fitted(vectors: np.ndarray, precision: str, where: str) -> Quantizer:
    """A quantizer with the ranges of vectors [n, dimension]; `where` says whose vectors these are.

    Raises:
        DataError: there is only one, or they are not finite.
    """
    if len(vectors) < 2:
        raise DataError(
            f"There are too few texts in {where} to take the ranges of {precision} codes from: {len(vectors)}. "
            "Expected at least two: take --precision float32 or binary (precision= in Python), or larger shards."
        )
    return Quantizer.fit(checked_vectors(vectors, where), precision)


def ranges_beside(path: Path) -> Path:
    """Where the ranges of the codes in an .npy file stand."""
    return path.with_suffix(".ranges.npy")


def write_ranges(path: Path, quantizer: Quantizer) -> None:
    """Writes what makes vectors of codes again: float32 [2, dimension]."""
    if quantizer.ranges is not None:
        with publish_file(path) as temporary:
            np.save(temporary, quantizer.ranges)


def read_ranges(path: Path) -> np.ndarray:
    """What `write_ranges` wrote.

    Raises:
        DataError: the file is missing or cannot be read.
    """
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{path} cannot be read, and the codes beside it mean nothing without it. Encode the texts anew, with "
            "--overwrite (overwrite=True) into the same folder."
        ) from error


class Ranges:
    """The lowest and the highest number of each dimension, of vectors that are seen part by part."""

    def __init__(self, dimension: int):
        self.rows = 0
        self._lowest = np.full(dimension, np.inf, np.float32)
        self._highest = np.full(dimension, -np.inf, np.float32)

    def add(self, vectors: np.ndarray) -> None:
        """Sees vectors [n, dimension]."""
        self.rows += len(vectors)
        self._lowest = np.minimum(self._lowest, vectors.min(axis=0, initial=np.inf))
        self._highest = np.maximum(self._highest, vectors.max(axis=0, initial=-np.inf))

    def quantizer(self, precision: str) -> Quantizer:
        """Quantizes with these ranges."""
        return Quantizer(precision, len(self._lowest), np.stack([self._lowest, self._highest]))
