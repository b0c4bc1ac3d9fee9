"""Vectors in fewer bytes: cut off, or each number in eight bits or one."""

import logging
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search.vectors import checked_vectors, positive, unit_rows

__all__ = ["PRECISIONS", "QuantizedEmbeddings", "Quantizer", "quantize_embeddings", "truncate_embeddings"]

logger = logging.getLogger(__name__)

PRECISIONS = ("int8", "uint8", "binary", "ubinary")

_FEW_VECTORS = 100
_HIGHEST_CODE = 255
_TOP_BIT = np.uint8(128)


def truncate_embeddings(vectors: ArrayLike, dimension: int, normalize: bool = True) -> NDArray[np.float32]:
    """The first `dimension` numbers of each vector, for encoders trained to put the most important ones first.

    Args:
        vectors: numbers [n, m].
        dimension: from 1 to m.
        normalize: divide each result by its length; a zero vector stays zero.

    Returns:
        float32 [n, dimension].

    Raises:
        DataError: the vectors cannot be used.
        SettingsError: the dimension is out of range.

    Reference: Kusupati et al., "Matryoshka Representation Learning", arXiv:2205.13147.
    """
    array = checked_vectors(vectors, "vectors")
    if positive(dimension, "dimension") > array.shape[1]:
        raise SettingsError(f"Expected dimension to be at most {array.shape[1]}. Received: dimension={dimension}.")
    cut = array[:, :dimension]
    return unit_rows(cut) if normalize else cut.copy()


@dataclass(frozen=True, eq=False)
class Quantizer:
    """Turns numbers into codes and back. Made by `Quantizer.fit`.

    Attributes:
        precision: "int8" or "uint8" (255 steps between the lowest and the highest number of each dimension), "binary"
            or "ubinary" (whether a number is above 0, eight to a byte).
        dimension: the length of a vector.
        ranges: float32 [2, dimension], the lowest and the highest number of each dimension; None for binary ones.
    """

    precision: str
    dimension: int
    ranges: NDArray[np.float32] | None = None

    @classmethod
    def fit(cls, calibration: ArrayLike, precision: str = "int8") -> "Quantizer":
        """Takes the range of each dimension from typical vectors, numbers [n, dimension].

        Raises:
            DataError: the vectors cannot be used, or there are fewer than two for int8 or uint8.
            SettingsError: the precision is unknown.
        """
        if precision not in PRECISIONS:
            raise SettingsError(f"Unknown precision {precision!r}. Expected one of {', '.join(PRECISIONS)}.")
        array = checked_vectors(calibration, "calibration")
        if precision.endswith("binary"):
            return cls(precision, array.shape[1])
        if len(array) < 2:
            raise DataError(
                f"The ranges for {precision} cannot be taken from {len(array)} vectors. Expected at least two: give "
                "typical ones as calibration=."
            )
        if len(array) < _FEW_VECTORS:
            logger.warning("The ranges for %s come from %d vectors only; more are better.", precision, len(array))
        return cls(precision, array.shape[1], np.stack([array.min(axis=0), array.max(axis=0)]))

    @property
    def starts(self) -> NDArray[np.float32]:
        """The number in the middle of the first step of each dimension, [dimension]; for int8 and uint8."""
        return (self._ranges()[0] + self.steps / np.float32(2)).astype(np.float32)

    @property
    def steps(self) -> NDArray[np.float32]:
        """The width of a step, [dimension]; 1 where all numbers of a dimension are the same."""
        lowest, highest = self._ranges()
        steps = (highest - lowest) / np.float32(_HIGHEST_CODE)
        return np.where(steps == 0, np.float32(1), steps)

    def _ranges(self) -> NDArray[np.float32]:
        if self.ranges is None:
            raise SettingsError(f"There are no steps in {self.precision} codes. Expected int8 or uint8.")
        return self.ranges

    def quantize(self, vectors: ArrayLike) -> NDArray[np.int8] | NDArray[np.uint8]:
        """Codes of vectors, numbers [n, dimension]; a number outside its range gets the first or the last code.

        Returns:
            int8 or uint8, [n, dimension]; for binary ones [n, dimension / 8], rounded up.

        Raises:
            DataError: the vectors cannot be used, or have another dimension.
        """
        array = checked_vectors(vectors, "vectors")
        if array.shape[1] != self.dimension:
            raise DataError(f"The vectors have dimension {array.shape[1]}. Expected {self.dimension}, as calibrated.")
        if self.ranges is None:
            codes = np.packbits(array > 0, axis=1)
        else:
            codes = np.empty(array.shape, np.uint8)
            for start in range(0, len(array), 8192):
                steps = np.floor((array[start : start + 8192] - self._ranges()[0]) / self.steps)
                codes[start : start + 8192] = np.clip(steps, 0, _HIGHEST_CODE)
        return codes if self.precision.startswith("u") else (codes ^ _TOP_BIT).view(np.int8)

    def dequantize(self, codes: ArrayLike) -> NDArray[np.float32]:
        """Vectors that have these codes, float32 [n, dimension].

        A number becomes the middle of its step, at most half a step from what it was if that was in range; in binary
        ones it becomes −1 or 1.

        Raises:
            DataError: these are no codes of this precision and dimension.
        """
        array = np.asarray(codes)
        expected = np.dtype(np.uint8 if self.precision.startswith("u") else np.int8)
        width = self.dimension if self.ranges is not None else -(-self.dimension // 8)
        if array.dtype != expected or array.ndim != 2 or array.shape[1] != width:
            raise DataError(
                f"The codes are {array.dtype} {list(array.shape)}. Expected {expected} [n, {width}] for "
                f"{self.precision} vectors of dimension {self.dimension}."
            )
        unsigned = array if expected == np.uint8 else array.view(np.uint8) ^ _TOP_BIT
        if self.ranges is not None:
            return unsigned * self.steps + self.starts
        return np.unpackbits(unsigned, axis=1, count=self.dimension) * np.float32(2) - np.float32(1)


@dataclass(frozen=True, eq=False)
class QuantizedEmbeddings:
    """Codes, and what made them.

    Attributes:
        codes: int8 or uint8 [n, dimension], for binary ones [n, dimension / 8], rounded up.
        quantizer: quantizes more vectors in the same way.
    """

    codes: NDArray[np.int8] | NDArray[np.uint8]
    quantizer: Quantizer

    def __len__(self) -> int:
        return len(self.codes)

    def dequantize(self) -> NDArray[np.float32]:
        """Vectors that have these codes, float32 [n, dimension]."""
        return self.quantizer.dequantize(self.codes)


def quantize_embeddings(
    vectors: ArrayLike, precision: str = "int8", calibration: ArrayLike | None = None
) -> QuantizedEmbeddings:
    """Stores each number in eight bits, a quarter of single precision, or in one bit, a 32nd.

    The codes are those of sentence-transformers.

    Args:
        vectors: numbers [n, dimension].
        precision: "int8", "uint8", "binary" or "ubinary"; the signed forms are the unsigned ones less 128.
        calibration: typical vectors [m, dimension] whose range of each dimension is divided into 255 steps; by default
            `vectors` themselves. Not used for binary ones.

    Raises:
        DataError: vectors cannot be used, their dimensions differ, or there are too few to take ranges from.
        SettingsError: the precision is unknown.

    Example:
        >>> quantize_embeddings([[0.5, -1, 2]], "ubinary").codes
        array([[160]], dtype=uint8)
    """
    quantizer = Quantizer.fit(vectors if calibration is None else calibration, precision)
    return QuantizedEmbeddings(quantizer.quantize(vectors), quantizer)
