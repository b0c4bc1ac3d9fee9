"""BM25 scores of texts for anchors."""

import functools
import re
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DependencyError

__all__ = ["WordRanking"]

_WORD = re.compile(r"\w+")


class WordRanking:
    """BM25 (k1 1.5, b 0.75, as Lucene counts) over lower-case words, none of them left out.

    Raises:
        DependencyError: bm25s is not installed.

    Reference: Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009;
    Lù, "BM25S", arXiv:2407.03618.
    """

    def __init__(self, anchors: Sequence[str], texts: Sequence[str]):
        try:
            import bm25s
        except ImportError as error:
            raise DependencyError(
                'Mining by words needs bm25s. Install it with pip install "tfsiamese[mining]", '
                'or take the method "dense".'
            ) from error
        self._anchors = anchors
        self._num_texts = len(texts)
        words = [_words(text) for text in texts]
        self._index = None
        if any(words):
            self._index = bm25s.BM25()
            self._index.index(words, show_progress=False)

    def score_blocks(self, rows: slice) -> Callable[[slice, NDArray[np.float32]], None]:
        """For `select_in_parts`; a text without a word in common has −inf."""
        table = np.stack([self._scores(row) for row in range(rows.start, rows.stop)])
        table[table <= 0] = -np.inf

        def score(columns: slice, out: NDArray[np.float32]) -> None:
            out[:] = table[:, columns]

        return score

    def scores(self, anchors: NDArray[np.int64], texts: NDArray[np.int64]) -> NDArray[np.float32]:
        """The scores of anchors [n] and texts [n], float32 [n]."""
        order = np.argsort(anchors, kind="stable")
        scores = np.empty(len(anchors), np.float32)
        latest = functools.lru_cache(maxsize=1)(self._scores)
        for row in order.tolist():
            scores[row] = latest(int(anchors[row]))[texts[row]]
        return scores

    def _scores(self, anchor: int) -> NDArray[np.float32]:
        words = _words(self._anchors[anchor])
        ids = [] if self._index is None else self._index.get_tokens_ids(words)
        if self._index is None or not ids:
            return np.zeros(self._num_texts, np.float32)
        return np.asarray(self._index.get_scores_from_ids(ids), np.float32)


def _words(text: str) -> list[str]:
    return _WORD.findall(text.lower())
