"""The most similar pairs within one collection: duplicates and paraphrases."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import SettingsError
from tfsiamese.search.encoding import vectors_of
from tfsiamese.search.selection import TopK
from tfsiamese.search.text_vectors import TextEncoder
from tfsiamese.search.top_k import top_k_in_parts
from tfsiamese.search.vectors import positive

__all__ = ["paraphrase_mining"]


def paraphrase_mining(
    texts_or_vectors: Sequence[str] | ArrayLike,
    encoder: TextEncoder | None = None,
    *,
    top_k: int = 100,
    max_pairs: int = 500_000,
    min_score: float | None = None,
    batch_size: int = 64,
    show_progress: bool = False,
) -> list[tuple[float, int, int]]:
    """Finds the pairs of one collection with the highest cosine, comparing all with all.

    A pair counts where one of the two is among the `top_k` nearest others of the other one.

    Args:
        texts_or_vectors: n texts, or vectors [n, dimension].
        encoder: has `encode(texts, batch_size=…, show_progress=…)`; needed for texts.
        top_k: the nearest others of each that are looked at.
        max_pairs: the most pairs to return, the best of all.
        min_score: the lowest cosine to return; by default any.
        batch_size: texts that the encoder takes at once.
        show_progress: passed on to the encoder.

    Returns:
        (cosine, i, j) with i < j, each pair once, the best first; of equal cosines the lower i, then the lower j.

    Raises:
        DataError: texts or vectors cannot be used.
        EncoderError: the encoder's answer is not one finite vector for each text.
        SettingsError: a setting is out of range, or there are texts and no encoder.
    """
    top_k, best = positive(top_k, "top_k"), _BestPairs(positive(max_pairs, "max_pairs"), min_score)
    vectors = vectors_of(texts_or_vectors, encoder, "texts", batch_size=batch_size, show_progress=show_progress)
    for rows, found in top_k_in_parts(vectors, vectors, top_k + 1):
        best.add(*_pairs_of_others(rows, found, top_k, len(vectors)))
    return best.result(len(vectors))


def _pairs_of_others(rows: slice, found: TopK, top_k: int, length: int) -> tuple[NDArray, NDArray]:
    """Scores and pairs (i · length + j, i < j) of each row with its nearest, itself left out."""
    own = np.arange(rows.start, rows.stop)[:, np.newaxis]
    is_other = found.indices != own
    is_other &= np.cumsum(is_other, axis=1) <= top_k
    pairs = np.minimum(own, found.indices) * length + np.maximum(own, found.indices)
    return found.scores[is_other], pairs[is_other]


class _BestPairs:
    """The best pairs so far; what cannot be among them any more is dropped now and then."""

    def __init__(self, max_pairs: int, min_score: float | None):
        if min_score is not None and not np.isfinite(min_score):
            raise SettingsError(f"Expected min_score to be a finite number. Received: min_score={min_score!r}.")
        self._max_pairs = max_pairs
        self._least = -np.inf if min_score is None else min_score
        self._scores: list[NDArray[np.float32]] = []
        self._pairs: list[NDArray[np.int64]] = []
        self._waiting = 0

    def add(self, scores: NDArray[np.float32], pairs: NDArray[np.int64]) -> None:
        keep = scores.astype(np.float64) >= self._least
        self._scores.append(scores[keep])
        self._pairs.append(pairs[keep])
        self._waiting += int(keep.sum())
        if self._waiting > 4 * self._max_pairs:
            self._drop()

    def _drop(self) -> None:
        """Keeps each pair once, with its higher score, and the best `max_pairs` of them."""
        scores, pairs = np.concatenate(self._scores), np.concatenate(self._pairs)
        order = np.lexsort((-scores, pairs))
        order = order[np.flatnonzero(np.diff(pairs[order], prepend=-1))]
        order = order[np.lexsort((pairs[order], -scores[order]))][: self._max_pairs]
        if len(order) == self._max_pairs:
            self._least = max(self._least, float(scores[order[-1]]))
        self._scores, self._pairs, self._waiting = [scores[order]], [pairs[order]], len(order)

    def result(self, length: int) -> list[tuple[float, int, int]]:
        self._drop()
        left, right = np.divmod(self._pairs[0], max(length, 1))
        return list(zip(self._scores[0].tolist(), left.tolist(), right.tolist(), strict=True))
