"""The judgements of a retrieval set as arrays, and the metrics of rankings under them."""

from collections.abc import Sequence

import numpy as np

from tfsiamese.evaluation import ranking_metrics
from tfsiamese.evaluation.retrieval_data import RetrievalData

__all__ = ["RANKING_METRICS", "Judgements"]

RANKING_METRICS = ("ndcg", "mrr", "map", "precision", "recall", "accuracy")


class Judgements:
    """Which documents are how relevant to which queries, and which do not count, as arrays.

    Args:
        data: the queries in the order of `data.relevance`.
        documents: the ids of all documents; rankings name them by their position here.

    Attributes:
        most_ignored: how many documents do not count for one query, at most: a ranking must be so much deeper than the
            rank at which it is cut.
    """

    def __init__(self, data: RetrievalData, documents: Sequence[str]):
        row_of = {document: row for row, document in enumerate(documents)}
        grades = [
            (query * len(documents) + row_of[document], grade)
            for query, judged in enumerate(data.relevance.values())
            for document, grade in judged.items()
        ]
        self._num_documents = len(documents)
        self._keys, self._grades = np.array(sorted(grades), np.int64).T
        relevant = [[grade for grade in judged.values() if grade > 0] for judged in data.relevance.values()]
        self._num_relevant = np.array([len(found) for found in relevant])
        self._ideal = np.zeros([len(relevant), self._num_relevant.max()])
        for row, found in enumerate(relevant):
            self._ideal[row, : len(found)] = found
        ignored = [data.ignored.get(query, frozenset()) for query in data.relevance]
        self.most_ignored = max(map(len, ignored))
        self._ignored_keys = np.array(
            [row * len(documents) + row_of[document] for row, found in enumerate(ignored) for document in found],
            np.int64,
        )

    def metrics(self, ranking: np.ndarray, at: Sequence[int]) -> dict[str, float]:
        """The mean over the queries of each metric at each rank, such as "ndcg@10".

        Args:
            ranking: positions of documents, int64 [queries, depth], best first. Those that do not count for their
                query are passed over.
            at: the ranks at which to cut.
        """
        grades, count = self._ranked_grades(ranking), self._num_relevant
        values = {
            "ndcg": lambda k: ranking_metrics.ndcg_at(grades, self._ideal, k),
            "mrr": lambda k: ranking_metrics.reciprocal_rank_at(grades, k),
            "map": lambda k: ranking_metrics.average_precision_at(grades, count, k),
            "precision": lambda k: ranking_metrics.precision_at(grades, k),
            "recall": lambda k: ranking_metrics.recall_at(grades, count, k),
            "accuracy": lambda k: ranking_metrics.accuracy_at(grades, k),
        }
        return {f"{metric}@{k}": float(np.mean(values[metric](k))) for metric in RANKING_METRICS for k in at}

    def _ranked_grades(self, ranking: np.ndarray) -> np.ndarray:
        wanted = np.arange(len(ranking))[:, np.newaxis] * self._num_documents + ranking
        if self.most_ignored:
            # The ignored go to the end, where they hold no rank that counts: none of them is relevant.
            order = np.argsort(np.isin(wanted, self._ignored_keys), axis=1, kind="stable")
            wanted = np.take_along_axis(wanted, order, axis=1)
        at = np.minimum(np.searchsorted(self._keys, wanted), len(self._keys) - 1)
        return np.where(self._keys[at] == wanted, self._grades[at], 0)
