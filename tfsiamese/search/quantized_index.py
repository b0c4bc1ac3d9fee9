"""Search in vectors that take a quarter, or a 32nd, of the memory."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search.bits import hamming_scores, packed_words
from tfsiamese.search.quantization import Quantizer
from tfsiamese.search.selection import TopK, select_in_parts
from tfsiamese.search.vectors import checked_vectors, positive, unit_rows

__all__ = ["QuantizedIndex"]

# Few enough that 64-bit words of a block stay in the cache.
_HAMMING_CHUNKS = {"query_chunk": 64, "corpus_chunk": 8192}
_MOST_NUMBERS = 2**24


class QuantizedIndex:
    """Vectors in eight bits a number or one, and search in them by cosine.

    A first pass goes over all: with "int8" it takes the cosine of the query and the dequantized vector, with "binary"
    the number of bits in which the two differ (Hamming distance). The best candidates are then scored again: against
    the original vectors where they were kept, else, in "binary", against vectors of −1 and 1.

    Args:
        vectors: numbers [m, dimension]; they are brought to length 1.
        precision: "int8" or "binary".
        calibration: typical vectors for the ranges of "int8"; by default `vectors`.
        keep_originals: keep the vectors for the second pass, float32 [m, dimension], which saves no memory but gives
            exact scores.

    Raises:
        DataError: the vectors cannot be used.
        SettingsError: the precision is neither of the two.

    Reference: Yamada et al., "Efficient Passage Retrieval with Hashing for Open-domain Question Answering",
    arXiv:2106.00882, for binary candidates and a second pass with the unquantized query.
    """

    def __init__(
        self,
        vectors: ArrayLike,
        precision: str = "int8",
        *,
        calibration: ArrayLike | None = None,
        keep_originals: bool = False,
    ):
        if precision not in ("int8", "binary"):
            raise SettingsError(f"Unknown precision {precision!r} of an index. Expected int8 or binary.")
        unit = unit_rows(checked_vectors(vectors, "vectors"))
        typical = unit if calibration is None else unit_rows(checked_vectors(calibration, "calibration"))
        self._quantizer = Quantizer.fit(typical, "int8" if precision == "int8" else "ubinary")
        codes = self._quantizer.quantize(unit)
        self._codes = codes if precision == "int8" else packed_words(codes)  # type: ignore[arg-type]
        self._originals = unit if keep_originals else None
        self._length = len(unit)

    def __len__(self) -> int:
        return self._length

    @property
    def nbytes(self) -> int:
        """The memory of the vectors, in bytes."""
        return self._codes.nbytes + (0 if self._originals is None else self._originals.nbytes)

    def search(self, queries: ArrayLike, k: int, rescore_multiplier: int = 4) -> TopK:
        """Finds the `k` nearest vectors of each query.

        Args:
            queries: numbers [n, dimension].
            k: how many to find; all where there are fewer.
            rescore_multiplier: `k` times this many candidates are scored again; 1 only sorts those found anew.

        Returns:
            Cosines, or what the codes say of them, float32, and indices, int64, both [n, min(k, m)]; of equal scores
            the lower index comes first.

        Raises:
            DataError: the queries cannot be used, or have another dimension.
            SettingsError: a number is not a positive integer.
        """
        k, multiplier = positive(k, "k"), positive(rescore_multiplier, "rescore_multiplier")
        unit = unit_rows(checked_vectors(queries, "queries"))
        if unit.shape[1] != self._quantizer.dimension:
            raise DataError(
                f"The queries have dimension {unit.shape[1]}, the index has {self._quantizer.dimension}. "
                "Expected the same: encode both with one encoder."
            )
        parts = [self._rescored(unit[rows], found, k) for rows, found in self._candidates(unit, k, multiplier)]
        return TopK(np.concatenate([part.scores for part in parts]), np.concatenate([part.indices for part in parts]))

    def _candidates(self, queries: NDArray[np.float32], k: int, multiplier: int) -> Iterator[tuple[slice, TopK]]:
        shape = (len(queries), self._length)
        if self._quantizer.precision == "int8":
            depth = k if self._originals is None else k * multiplier
            return select_in_parts(self._int8_scores(queries), shape, depth)
        codes = packed_words(self._quantizer.quantize(queries))  # type: ignore[arg-type]
        return select_in_parts(hamming_scores(codes, self._codes), shape, k * multiplier, **_HAMMING_CHUNKS)  # type: ignore[arg-type]

    def _int8_scores(
        self, queries: NDArray[np.float32]
    ) -> Callable[[slice], Callable[[slice, NDArray[np.float32]], None]]:
        """Products with dequantized vectors: query · (code · step + start) = (query · step) · code + constant."""
        steps = self._quantizer.steps
        starts = self._quantizer.starts + 128 * steps

        def score_blocks(rows: slice) -> Callable[[slice, NDArray[np.float32]], None]:
            part, constants = queries[rows] * steps, (queries[rows] @ starts)[:, np.newaxis]

            def score(columns: slice, out: NDArray[np.float32]) -> None:
                np.matmul(part, self._codes[columns].astype(np.float32).T, out=out)
                out += constants

            return score

        return score_blocks

    def _rescored(self, queries: NDArray[np.float32], found: TopK, k: int) -> TopK:
        if self._originals is None and self._quantizer.precision == "int8":
            return found
        scores = np.empty_like(found.scores)
        at_once = max(1, _MOST_NUMBERS // max(1, found.indices.shape[1] * queries.shape[1]))
        for start in range(0, len(queries), at_once):
            part = slice(start, start + at_once)
            scores[part] = np.einsum("qd,qcd->qc", queries[part], self._vectors_at(found.indices[part]))
        order = np.lexsort((found.indices, -scores))[:, :k]
        return TopK(np.take_along_axis(scores, order, axis=1), np.take_along_axis(found.indices, order, axis=1))

    def _vectors_at(self, indices: NDArray[np.int64]) -> NDArray[np.float32]:
        """Vectors of length 1, [queries, candidates, dimension]."""
        if self._originals is not None:
            return self._originals[indices]
        dimension = self._quantizer.dimension
        codes = np.ascontiguousarray(self._codes[:, indices.ravel()].T).view(np.uint8)
        codes = codes[:, : -(-dimension // 8)]
        return self._quantizer.dequantize(codes).reshape(*indices.shape, dimension) / np.float32(np.sqrt(dimension))
