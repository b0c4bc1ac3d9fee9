"""Metrics of ranked lists, cut at rank k: nDCG, MRR, MAP, precision, recall, accuracy.

The definitions are those of trec_eval (`ndcg_cut`, `recip_rank`, `map_cut`, `P`, `recall`, `success`). Each function
takes one list [depth] or many [queries, depth], best rank first, and gives one number a list. A list may be shorter
than k: what is not there counts as not relevant.

`grades` are how relevant each item of a list is: 0 or less is not relevant, and for all metrics but nDCG anything above
0 is just relevant.
"""

import numpy as np
from numpy.typing import ArrayLike

from tfsiamese.errors import DataError, SettingsError

__all__ = ["accuracy_at", "average_precision_at", "ndcg_at", "precision_at", "recall_at", "reciprocal_rank_at"]


def ndcg_at(grades: ArrayLike, judged: ArrayLike, k: int) -> np.ndarray:
    """Normalized discounted cumulative gain, from 0 to 1.

        nDCG@k = DCG@k(ranked) / DCG@k(ideal),  DCG@k = Σ max(gradeᵢ, 0) / log₂(i + 1),  i = 1 … k

    The gain is the grade itself, as in trec_eval and BEIR, not 2^grade − 1.

    Args:
        grades: numbers [..., depth], of the ranked items.
        judged: numbers [..., any], the grades of all items that were judged for the list, in any order; 0 fills up
            lists of different lengths. At least one is above 0.
        k: the rank at which the list is cut, at least 1.

    Returns:
        float64 [...].

    Raises:
        DataError: a list has no relevant item.
        SettingsError: `k` is not a positive integer.

    Reference: Järvelin and Kekäläinen, "Cumulated gain-based evaluation of IR techniques", TOIS 20 (4), 2002.
    """
    ideal = _discounted_gain(-np.sort(-np.asarray(judged, np.float64), axis=-1), k)
    _require_relevant(ideal)
    return _discounted_gain(np.asarray(grades, np.float64), k) / ideal


def reciprocal_rank_at(grades: ArrayLike, k: int) -> np.ndarray:
    """1 / the rank of the first relevant item, 0 where there is none among the first k. Its mean is MRR@k.

    Args:
        grades: numbers [..., depth], of the ranked items.
        k: the rank at which the list is cut, at least 1.

    Returns:
        float64 [...].

    Raises:
        SettingsError: `k` is not a positive integer.
    """
    hits = _hits(grades, k)
    if hits.shape[-1] == 0:
        return np.zeros(hits.shape[:-1])
    return np.where(hits.any(axis=-1), 1.0 / (1 + hits.argmax(axis=-1)), 0.0)


def average_precision_at(
    grades: ArrayLike, num_relevant: ArrayLike, k: int, *, divide_by: str = "relevant"
) -> np.ndarray:
    """The precisions at the ranks of the relevant items among the first k, summed and divided. Its mean is MAP@k.

        AP@k = Σ precision@i · [item i is relevant] / R,  i = 1 … k

    Args:
        grades: numbers [..., depth], of the ranked items.
        num_relevant: [...], how many relevant items there are in all, at least 1.
        k: the rank at which the list is cut, at least 1.
        divide_by: what R is. "relevant": all relevant items, as in trec_eval's `map_cut`, so that a list with more
            relevant items than k stays below 1. "min": the smaller of that and k, as sentence-transformers divides, so
            that k relevant items at the top give 1.

    Returns:
        float64 [...].

    Raises:
        DataError: a list has no relevant item.
        SettingsError: `k` is not a positive integer, or `divide_by` is unknown.
    """
    if divide_by not in ("relevant", "min"):
        raise SettingsError(f"Expected divide_by to be 'relevant' or 'min'. Received: {divide_by!r}.")
    hits, num_relevant = _hits(grades, k), np.asarray(num_relevant)
    _require_relevant(num_relevant)
    precisions = np.cumsum(hits, axis=-1) / np.arange(1, hits.shape[-1] + 1)
    divisor = np.minimum(num_relevant, k) if divide_by == "min" else num_relevant
    return np.sum(precisions * hits, axis=-1) / divisor


def precision_at(grades: ArrayLike, k: int) -> np.ndarray:
    """The share of relevant items among the first k, from 0 to 1; a list shorter than k is divided by k too.

    Args:
        grades: numbers [..., depth], of the ranked items.
        k: the rank at which the list is cut, at least 1.

    Returns:
        float64 [...].

    Raises:
        SettingsError: `k` is not a positive integer.
    """
    return _hits(grades, k).sum(axis=-1) / k


def recall_at(grades: ArrayLike, num_relevant: ArrayLike, k: int) -> np.ndarray:
    """The share of all relevant items that are among the first k, from 0 to 1.

    Args:
        grades: numbers [..., depth], of the ranked items.
        num_relevant: [...], how many relevant items there are in all, at least 1.
        k: the rank at which the list is cut, at least 1.

    Returns:
        float64 [...].

    Raises:
        DataError: a list has no relevant item.
        SettingsError: `k` is not a positive integer.
    """
    _require_relevant(np.asarray(num_relevant))
    return _hits(grades, k).sum(axis=-1) / np.asarray(num_relevant)


def accuracy_at(grades: ArrayLike, k: int) -> np.ndarray:
    """1 where a relevant item is among the first k, else 0: a hit. Its mean is accuracy@k.

    Args:
        grades: numbers [..., depth], of the ranked items.
        k: the rank at which the list is cut, at least 1.

    Returns:
        float64 [...].

    Raises:
        SettingsError: `k` is not a positive integer.
    """
    return np.asarray(_hits(grades, k).any(axis=-1), np.float64)


def _hits(grades: ArrayLike, k: int) -> np.ndarray:
    return np.asarray(grades)[..., : _checked_rank(k)] > 0


def _discounted_gain(grades: np.ndarray, k: int) -> np.ndarray:
    gains = np.maximum(grades[..., : _checked_rank(k)], 0.0)
    return gains @ (1.0 / np.log2(np.arange(gains.shape[-1]) + 2.0))


def _checked_rank(k: int) -> int:
    if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 1:
        raise SettingsError(f"Expected a positive integer as the rank k of a metric. Received: {k!r}.")
    return int(k)


def _require_relevant(amounts: np.ndarray) -> None:
    if not np.all(amounts > 0):
        raise DataError("A ranked list has no relevant item, so that this metric is not defined. Leave it out.")
