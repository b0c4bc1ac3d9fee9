"""The nearest vectors of a corpus for each query: exact, in memory that does not grow with queries times corpus."""

from collections.abc import Callable, Iterator

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search.selection import ScoreBlocks, TopK, select_in_parts
from tfsiamese.search.vectors import checked_vectors, positive, row_lengths, unit_rows

__all__ = ["SIMILARITIES", "TopK", "product_scores", "top_k", "top_k_in_parts"]

SIMILARITIES = ("angular", "cosine", "dot")

_MOST_VECTORS = 2**32


def top_k(
    queries: ArrayLike,
    corpus: ArrayLike,
    k: int,
    *,
    similarity: str = "cosine",
    query_chunk: int = 1024,
    corpus_chunk: int = 8192,
) -> TopK:
    """Finds the `k` most similar vectors of the corpus for each query, by comparing each with all.

    Of equal scores, the one with the lower index comes first. Scores are single-precision products, so that they, and
    with them the order of near ties, may change in the last bit with the chunks.

    Args:
        queries: numbers [n, dimension].
        corpus: numbers [m, dimension]; may be the same array as `queries`, which finds each vector itself too.
        k: how many to find; all m where there are fewer.
        similarity: "cosine" (−1 to 1; 0 where a vector is zero), "angular" (1 − arccos(cosine) / π, 0 to 1, in the
            order of the cosine) or "dot" (unbounded).
        query_chunk: queries at once, at most; fewer where `k` or `corpus_chunk` is large.
        corpus_chunk: vectors of the corpus at once, at most.

    Returns:
        Scores float32 and indices int64, both [n, min(k, m)].

    Raises:
        DataError: an array is not two-dimensional or not finite, the dimensions differ, or dot products may exceed
            single precision.
        SettingsError: the similarity is unknown, or a number is not a positive integer.

    Example:
        >>> top_k([[1, 0]], [[0, 1], [2, 0], [1, 1]], k=2).indices
        array([[1, 2]])
    """
    parts = top_k_in_parts(
        queries, corpus, k, similarity=similarity, query_chunk=query_chunk, corpus_chunk=corpus_chunk
    )
    scores, indices = zip(*(found for _, found in parts), strict=True)
    return TopK(np.concatenate(scores), np.concatenate(indices))


def top_k_in_parts(
    queries: ArrayLike,
    corpus: ArrayLike,
    k: int,
    *,
    similarity: str = "cosine",
    query_chunk: int = 1024,
    corpus_chunk: int = 8192,
) -> Iterator[tuple[slice, TopK]]:
    """As `top_k`, but yields some queries at a time with what was found for them, for results too large for memory."""
    if similarity not in SIMILARITIES:
        raise SettingsError(f"Unknown similarity {similarity!r}. Expected one of {', '.join(SIMILARITIES)}.")
    k = positive(k, "k")
    chunks = {
        "query_chunk": positive(query_chunk, "query_chunk"),
        "corpus_chunk": positive(corpus_chunk, "corpus_chunk"),
    }
    left, right = _checked_sides(queries, corpus)
    if similarity == "dot":
        _refuse_overflow(left, right)
        yield from select_in_parts(product_scores(left, right), (len(left), len(right)), k, **chunks)
        return
    scores = product_scores(left, unit_rows(right), unit_rows)
    for rows, found in select_in_parts(scores, (len(left), len(right)), k, limit=1.0, **chunks):
        yield rows, found._replace(scores=_angular(found.scores)) if similarity == "angular" else found


def product_scores(
    queries: NDArray[np.float32],
    corpus: NDArray[np.float32],
    prepare: Callable[[NDArray[np.float32]], NDArray[np.float32]] | None = None,
) -> ScoreBlocks:
    """Dot products of queries [n, dimension] and corpus [m, dimension]; `prepare` changes the queries of a part."""

    def score_blocks(rows: slice) -> Callable[[slice, NDArray[np.float32]], None]:
        part = queries[rows] if prepare is None else prepare(queries[rows])
        return lambda columns, out: _multiply(part, corpus[columns], out)

    return score_blocks


def _multiply(queries: NDArray[np.float32], corpus: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    np.matmul(queries, corpus.T, out=out)


def _angular(cosines: NDArray[np.float32]) -> NDArray[np.float32]:
    """`1 − arccos(cosine) / π`. Reference: Cer et al., "Universal Sentence Encoder", arXiv:1803.11175, section 5."""
    return (1.0 - np.arccos(cosines.astype(np.float64)) / np.pi).astype(np.float32)


def _checked_sides(queries: ArrayLike, corpus: ArrayLike) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    left = checked_vectors(queries, "queries")
    right = left if corpus is queries else checked_vectors(corpus, "corpus")
    if left.shape[1] != right.shape[1]:
        raise DataError(
            f"The queries have dimension {left.shape[1]}, the corpus has {right.shape[1]}. Expected the same: "
            "encode both with one encoder."
        )
    if len(right) >= _MOST_VECTORS:
        raise DataError(f"The corpus has {len(right):,} vectors. Expected fewer than {_MOST_VECTORS:,}: search parts.")
    return left, right


def _refuse_overflow(left: NDArray[np.float32], right: NDArray[np.float32]) -> None:
    largest = row_lengths(left).max(initial=0.0) * row_lengths(right).max(initial=0.0)
    if largest >= np.finfo(np.float32).max:
        raise DataError(
            f"Dot products of vectors this long, up to {largest:.3g}, exceed single precision. Expected shorter "
            "vectors: scale them, or use the cosine."
        )
