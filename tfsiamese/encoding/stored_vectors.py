"""The vectors of a folder, or of one .npy file, as an array that stays on disk."""

import functools
import itertools
import operator
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.encoding.codes import ranges_beside, read_ranges
from tfsiamese.encoding.manifest import Manifest
from tfsiamese.encoding.npy_file import read_npy_header
from tfsiamese.encoding.parquet_file import read_parquet_vectors
from tfsiamese.encoding.shard_names import RANGES_FILE
from tfsiamese.errors import DataError
from tfsiamese.search import Quantizer

__all__ = ["StoredVectors", "open_vectors"]

# Shards whose files are open, or, of Parquet, whose vectors are in memory.
_OPEN_NPY = 64
_OPEN_PARQUET = 2


class StoredVectors:
    """An array [rows, width] over files; made by `open_vectors`.

    Slices, rows by their numbers, iteration over rows, and `np.asarray` for all of it are those of a NumPy array; each
    gives arrays in memory and reads no more than it needs. Parquet is read a shard at a time.

    Attributes:
        shape: rows and width: the dimension, or bytes of a row for binary codes.
        dtype: float32, int8 or uint8.
        quantizer: turns codes back into vectors; None where these are vectors.
    """

    def __init__(
        self, shards: Sequence[tuple[Path, int]], dtype: np.dtype[Any], width: int, quantizer: Quantizer | None = None
    ):
        self._paths = [path for path, _ in shards]
        self._starts = np.array([0, *itertools.accumulate(rows for _, rows in shards)], np.int64)
        self.shape = (int(self._starts[-1]), width)
        self.dtype = dtype
        self.quantizer = quantizer
        is_parquet = bool(self._paths) and self._paths[0].suffix == ".parquet"
        self._shard = functools.lru_cache(_OPEN_PARQUET if is_parquet else _OPEN_NPY)(self._read_shard)

    ndim = 2

    @property
    def num_shards(self) -> int:
        """How many files there are."""
        return len(self._paths)

    def __len__(self) -> int:
        return self.shape[0]

    def __repr__(self) -> str:
        return f"<StoredVectors: {self.dtype} {list(self.shape)} in {self.num_shards} files>"

    def __iter__(self) -> Iterator[np.ndarray]:
        for number in range(self.num_shards):
            yield from self._shard(number)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        if copy is False:
            raise ValueError("The vectors are on disk. Expected a copy to be allowed.")
        array = self[:]
        return array if dtype is None else array.astype(dtype, copy=False)

    def __getitem__(self, key: Any) -> np.ndarray:
        rows, *columns = key if isinstance(key, tuple) else (key,)
        if len(columns) > 1 or not all(isinstance(column, (slice, int, np.integer)) for column in columns):
            raise IndexError("expected rows, and behind them at most one column or a slice of columns")
        found = self._found(rows)
        return found[..., columns[0]] if columns else found

    def _found(self, rows: Any) -> np.ndarray:
        if rows is Ellipsis:
            return self._slice(0, len(self), 1)
        if isinstance(rows, slice):
            return self._slice(*rows.indices(len(self)))
        numbers = np.asarray(rows)
        if numbers.dtype == bool:
            if numbers.shape != (len(self),):
                raise IndexError(f"expected one bool for each of {len(self)} rows, received {list(numbers.shape)}")
            return self._rows(np.flatnonzero(numbers))
        checked = np.array([self._checked(row) for row in numbers.ravel()], np.int64)
        return self._rows(checked).reshape(*numbers.shape, self.shape[1])

    def _slice(self, start: int, stop: int, step: int) -> np.ndarray:
        if step != 1:
            return self._rows(np.arange(start, stop, step))
        found = np.empty((max(stop - start, 0), self.shape[1]), self.dtype)
        for number, (first, end) in enumerate(itertools.pairwise(self._starts)):
            low, high = max(start, first), min(stop, end)
            if low < high:
                found[low - start : high - start] = self._shard(number)[low - first : high - first]
        return found

    def _rows(self, rows: np.ndarray) -> np.ndarray:
        found = np.empty((len(rows), self.shape[1]), self.dtype)
        numbers = np.searchsorted(self._starts, rows, side="right") - 1
        for number in np.unique(numbers):
            chosen = numbers == number
            found[chosen] = self._shard(int(number))[rows[chosen] - self._starts[number]]
        return found

    def _checked(self, row: Any) -> int:
        row = operator.index(row)
        if not -len(self) <= row < len(self):
            raise IndexError(f"row {row} is out of range: there are {len(self)}")
        return row % len(self)

    def _read_shard(self, number: int) -> np.ndarray:
        path = self._paths[number]
        if path.suffix == ".parquet":
            array = read_parquet_vectors(path)
        else:
            read_npy_header(path)
            array = np.load(path, mmap_mode="r", allow_pickle=False)
        expected = (int(self._starts[number + 1] - self._starts[number]), self.shape[1])
        if array.shape != expected or array.dtype != self.dtype:
            raise DataError(
                f"{path} holds {array.dtype} {list(array.shape)}. Expected {self.dtype} {list(expected)}, as when the "
                "folder was written: encode the texts anew."
            )
        return array


def open_vectors(path: str | os.PathLike[str]) -> StoredVectors:
    """Opens what `encode_files` or `tfsiamese encode` wrote, without reading the vectors.

    Args:
        path: a folder with a manifest, or an .npy file.

    Raises:
        DataError: there are no vectors, they cannot be read, or the run that writes them has not ended.

    Example:
        >>> vectors = open_vectors("vectors")
        >>> vectors.shape, vectors[0].shape, vectors[-100:].shape
        ((33809, 512), (512,), (100, 512))
    """
    folder = Path(path)
    if not folder.is_dir():
        return _open_file(folder)
    manifest = Manifest.read(folder)
    if not manifest.complete:
        raise DataError(
            f"{folder} holds {manifest.rows:,} vectors, and more were to come. Run the command that writes it again: "
            "it continues."
        )
    described = manifest.made_from["vectors"]
    dimension, precision = described["dimension"], described["precision"]
    quantizer = None
    if precision != "float32":
        is_binary = precision.endswith("binary")
        quantizer = Quantizer(precision, dimension, None if is_binary else read_ranges(folder / RANGES_FILE))
    shards = [(folder / shard.file, shard.rows) for _, shard in sorted(manifest.shards.items())]
    return StoredVectors(shards, np.dtype(described["dtype"]), described["width"], quantizer)


def _open_file(path: Path) -> StoredVectors:
    shape, dtype = read_npy_header(path)
    if len(shape) != 2:
        raise DataError(f"{path} holds an array {list(shape)}. Expected vectors: [rows, dimension].")
    ranges = ranges_beside(path)
    quantizer = None
    if dtype in (np.int8, np.uint8) and ranges.is_file():
        lowest_and_highest = read_ranges(ranges)
        if lowest_and_highest.shape == (2, shape[1]):  # else they belong to codes that were there before
            quantizer = Quantizer(dtype.name, shape[1], lowest_and_highest)
    return StoredVectors([(path, shape[0])], dtype, shape[1], quantizer)
