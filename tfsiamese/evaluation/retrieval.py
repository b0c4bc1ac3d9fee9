"""How well the nearest documents answer queries."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from tfsiamese.errors import SettingsError
from tfsiamese.evaluation.evaluators import checked_metric
from tfsiamese.evaluation.judgements import RANKING_METRICS, Judgements
from tfsiamese.evaluation.ranking import rank_documents
from tfsiamese.evaluation.retrieval_data import RetrievalData
from tfsiamese.evaluation.retrieval_folder import read_retrieval
from tfsiamese.search import retrieval_prompts, truncate_embeddings
from tfsiamese.search.text_vectors import TextEncoder, encode_sides

__all__ = ["RetrievalEvaluator", "evaluate_retrieval", "retrieval_metric_names"]

RetrievalSource = RetrievalData | str | os.PathLike[str]

_AT = (1, 3, 5, 10, 100)
_SIMILARITIES = ("cosine", "dot", "angular")


def evaluate_retrieval(
    encoder: TextEncoder,
    data: RetrievalSource,
    *,
    at: Sequence[int] = _AT,
    similarity: str = "cosine",
    batch_size: int = 64,
    dimensions: Sequence[int] | None = None,
    show_progress: bool = False,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> dict[str, float]:
    """Ranks all documents for each query, by exact search, and measures the ranking.

    The metrics are means over the queries, from 0 to 1, and defined as in trec_eval; see `ranking_metrics`. Of
    documents with equal scores, in single precision, the one with the greater id comes first, as in trec_eval.
    sentence-transformers divides map@k otherwise: see `average_precision_at`. Documents that `data.ignored` names for
    a query are not in its ranking.

    Args:
        encoder: has `encode`, as `load_encoder` gives it.
        data: `RetrievalData`, or a folder that `read_retrieval` reads.
        at: the ranks k at which the list is cut.
        similarity: "cosine", "dot" or "angular", which ranks as the cosine does.
        batch_size: texts that the encoder takes at once. Each distinct text is encoded once.
        dimensions: also measure vectors cut to so many leading numbers and scaled to length 1, as Matryoshka training
            (arXiv:2205.13147) makes possible. None is above the encoder's dimension.
        show_progress: passed on to the encoder.
        query_prompt: what stands before each query: the name of one of the encoder's prompts, or a text; "" for
            nothing. By default its prompt "query", if it has one.
        passage_prompt: the same for documents; by default its prompt "passage", "document" or "corpus".

    Returns:
        `ndcg@k`, `mrr@k`, `map@k`, `precision@k`, `recall@k` and `accuracy@k` (the share of queries with a relevant
        document among the first k) for each k; the same for each of `dimensions`, as `dim256_ndcg@10`.

    Raises:
        DataError: the folder cannot be used.
        EncoderError: the encoder gave vectors that are not finite.
        SettingsError: a rank, a dimension, the similarity or a prompt cannot be used.

    Example:
        >>> evaluate_retrieval(load_encoder("use-multilingual"), "melo_en_dev", at=[100])["mrr@100"]
        0.5176
    """
    retrieval_metric_names(at, dimensions)
    _checked_similarity(similarity)
    data = data if isinstance(data, RetrievalData) else read_retrieval(data)
    # trec_eval ranks equal scores by descending id, and the search by ascending row.
    documents = sorted(data.corpus, reverse=True)
    queries = [data.queries[query] for query in data.relevance]
    texts = [data.corpus[document] for document in documents]
    prompts = retrieval_prompts(encoder, query_prompt, passage_prompt)
    asked, encoded = encode_sides(encoder, queries, texts, prompts, batch_size=batch_size, show_progress=show_progress)
    text_of = np.array([encoded.rows[text] for text in texts])
    query_vectors, vectors = asked.of(queries), encoded.vectors[: text_of.max() + 1]
    judged = Judgements(data, documents)
    depth = max(at) + judged.most_ignored
    metrics: dict[str, float] = {}
    for dimension in (None, *(dimensions or ())):
        left, right = (one if dimension is None else _cut(one, dimension) for one in (query_vectors, vectors))
        ranking = rank_documents(left, right, text_of, depth, similarity=similarity)
        prefix = "" if dimension is None else f"dim{dimension}_"
        metrics |= {prefix + key: value for key, value in judged.metrics(ranking, at).items()}
    return metrics


class RetrievalEvaluator:
    """`evaluate_retrieval` on data that is read once.

    Args:
        data: `RetrievalData`, or a folder that `read_retrieval` reads.
        name: what its metrics are called by among those of others.
        primary_metric: the key that tells which of two encoders is better.
        at: the ranks k at which the list is cut.
        similarity: "cosine", "dot" or "angular".
        dimensions: also measure vectors cut to so many leading numbers.
        batch_size: texts that the encoder takes at once.
        query_prompt: as `evaluate_retrieval` takes it.
        passage_prompt: as `evaluate_retrieval` takes it.

    Raises:
        DataError: the data cannot be used.
        SettingsError: a rank, a dimension or the similarity cannot be used, or `primary_metric` is not one of the keys.
    """

    def __init__(
        self,
        data: RetrievalSource,
        name: str = "retrieval",
        *,
        primary_metric: str = "ndcg@10",
        at: Sequence[int] = _AT,
        similarity: str = "cosine",
        dimensions: Sequence[int] | None = None,
        batch_size: int = 64,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
    ):
        self.name = name
        self.metric_names = retrieval_metric_names(at, dimensions)
        self.primary_metric = checked_metric(primary_metric, self.metric_names)
        self.greater_is_better = True
        self._at = tuple(at)
        self._similarity = _checked_similarity(similarity)
        self._dimensions = None if dimensions is None else tuple(dimensions)
        self._batch_size = batch_size
        self._prompts: dict[str, Any] = {"query_prompt": query_prompt, "passage_prompt": passage_prompt}
        self._data = data if isinstance(data, RetrievalData) else read_retrieval(data)

    def get_config(self) -> dict[str, Any]:
        """What it measures on and with, as a JSON object."""
        sizes = {"queries": len(self._data.queries), "documents": len(self._data.corpus)}
        config = {"name": self.name, **sizes, "fingerprint": self._data.fingerprint, "similarity": self._similarity}
        return config | {"dimensions": None if self._dimensions is None else list(self._dimensions)} | self._prompts

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """The metrics of `evaluate_retrieval`."""
        return evaluate_retrieval(
            encoder,
            self._data,
            at=self._at,
            similarity=self._similarity,
            batch_size=self._batch_size,
            dimensions=self._dimensions,
            **self._prompts,
        )


def retrieval_metric_names(at: Sequence[int] = _AT, dimensions: Sequence[int] | None = None) -> tuple[str, ...]:
    """The keys that `evaluate_retrieval` gives.

    Raises:
        SettingsError: there is no rank, or a rank or a dimension is no positive integer or occurs twice.
    """
    _check_numbers(at, "ranks at which to measure")
    if dimensions is not None:
        _check_numbers(dimensions, "dimensions")
    prefixes = ["", *(f"dim{dimension}_" for dimension in dimensions or ())]
    return tuple(f"{prefix}{metric}@{k}" for prefix in prefixes for metric in RANKING_METRICS for k in at)


def _cut(vectors: np.ndarray, dimension: int) -> np.ndarray:
    if dimension > vectors.shape[1]:
        raise SettingsError(
            f"The vectors cannot be cut to {dimension} numbers: the encoder's dimension is {vectors.shape[1]}. "
            "Give smaller dimensions."
        )
    return truncate_embeddings(vectors, dimension)


def _check_numbers(numbers: Sequence[int], what: str) -> None:
    wrong = [number for number in numbers if isinstance(number, bool) or not isinstance(number, int) or number < 1]
    if wrong or not numbers or len(set(numbers)) < len(numbers):
        raise SettingsError(f"Expected different positive integers as {what}. Received: {list(numbers)}.")


def _checked_similarity(similarity: str) -> str:
    if similarity not in _SIMILARITIES:
        raise SettingsError(f"Unknown similarity {similarity!r}. Expected one of {', '.join(_SIMILARITIES)}.")
    return similarity
