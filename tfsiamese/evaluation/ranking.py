"""Documents ranked by similarity, many of which may share one text."""

import numpy as np

from tfsiamese.search import top_k

__all__ = ["rank_documents"]


def rank_documents(
    queries: np.ndarray, texts: np.ndarray, text_of: np.ndarray, k: int, *, similarity: str = "cosine"
) -> np.ndarray:
    """The best documents for each query, best first; of equal scores the document with the lower row comes first.

    Only distinct texts are compared, so that documents with one text have exactly one score.

    Args:
        queries: float [queries, dimension].
        texts: float [texts, dimension], the vectors of the distinct texts, in the order of their first documents.
        text_of: int64 [documents], the row of each document's text.
        k: how many documents to rank.
        similarity: as `top_k` takes it.

    Returns:
        The rows of documents, int64 [queries, min(k, documents)].
    """
    scores, found = top_k(queries, texts, k, similarity=similarity)
    if len(texts) == len(text_of):
        return found
    documents = np.argsort(text_of, kind="stable")
    starts = np.searchsorted(text_of[documents], np.arange(len(texts) + 1))
    ranked = np.empty([len(queries), min(k, len(text_of))], np.int64)
    for row, (text_scores, text_rows) in enumerate(zip(scores, found, strict=True)):
        # The k best texts hold the k best documents: each has at least one, and ties among texts are in the order of
        # their first documents.
        counts = starts[text_rows + 1] - starts[text_rows]
        offsets = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
        candidates = documents[np.repeat(starts[text_rows], counts) + offsets]
        order = np.lexsort((candidates, -np.repeat(text_scores, counts)))
        ranked[row] = candidates[order[: ranked.shape[1]]]
    return ranked
