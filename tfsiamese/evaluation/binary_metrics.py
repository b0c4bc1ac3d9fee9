"""How well one number tells positives from negatives: accuracy, F1 and MCC at their best thresholds, average precision.

A pair counts as positive where its similarity is at least the threshold. Equal similarities are never split.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from tfsiamese.errors import DataError

__all__ = ["BestAccuracy", "BestF1", "BestMcc", "average_precision", "best_accuracy", "best_f1", "best_mcc"]


@dataclass(frozen=True)
class BestAccuracy:
    """The highest accuracy that a threshold reaches, from 0 to 1, and that threshold."""

    accuracy: float
    threshold: float


@dataclass(frozen=True)
class BestF1:
    """The highest F1 that a threshold reaches, its precision and recall, all from 0 to 1, and that threshold."""

    f1: float
    precision: float
    recall: float
    threshold: float


@dataclass(frozen=True)
class BestMcc:
    """The highest Matthews correlation that a threshold reaches, from 0 to 1, and that threshold."""

    mcc: float
    threshold: float


def best_accuracy(similarities: ArrayLike, labels: ArrayLike) -> BestAccuracy:
    """The highest share of pairs that one threshold puts on their right side.

    The threshold lies midway between two neighbouring similarities; where calling every pair negative is best, just
    above the highest. Of several that are equally good, the highest is taken. It is chosen on the very pairs that it is
    measured on, which flatters the result on few pairs.

    Args:
        similarities: float [n], higher for positives.
        labels: [n], 0 or 1, with both among them.

    Raises:
        DataError: the labels are not 0 and 1, or only one of them.
    """
    groups = _tie_groups(similarities, labels)
    correct = groups.true_positives + groups.negatives - groups.false_positives
    best = int(np.argmax(correct))
    if groups.negatives >= correct[best]:
        return BestAccuracy(groups.negatives / groups.count, groups.above_all)
    return BestAccuracy(float(correct[best] / groups.count), groups.threshold(best))


def best_f1(similarities: ArrayLike, labels: ArrayLike) -> BestF1:
    """The highest F1 = 2 · precision · recall / (precision + recall) that one threshold reaches.

    The threshold is placed and chosen as in `best_accuracy`.

    Args:
        similarities: float [n], higher for positives.
        labels: [n], 0 or 1, with both among them.

    Raises:
        DataError: the labels are not 0 and 1, or only one of them.
    """
    groups = _tie_groups(similarities, labels)
    predicted = groups.true_positives + groups.false_positives
    f1 = 2.0 * groups.true_positives / (predicted + groups.positives)
    best = int(np.argmax(f1))
    return BestF1(
        f1=float(f1[best]),
        precision=float(groups.true_positives[best] / predicted[best]),
        recall=float(groups.true_positives[best] / groups.positives),
        threshold=groups.threshold(best),
    )


def best_mcc(similarities: ArrayLike, labels: ArrayLike) -> BestMcc:
    """The highest Matthews correlation coefficient that one threshold reaches.

        MCC = (TP · TN − FP · FN) / √((TP + FP)(TP + FN)(TN + FP)(TN + FN))

    It is the correlation of prediction and label, and 0 where all pairs are put on one side. The threshold is placed
    and chosen as in `best_accuracy`.

    Args:
        similarities: float [n], higher for positives.
        labels: [n], 0 or 1, with both among them.

    Raises:
        DataError: the labels are not 0 and 1, or only one of them.

    Reference: Matthews, "Comparison of the predicted and observed secondary structure of T4 phage lysozyme", 1975.
    """
    groups = _tie_groups(similarities, labels)
    true_positives = groups.true_positives.astype(np.float64)
    predicted = true_positives + groups.false_positives
    # TP · TN − FP · FN = TP · n − predicted · positives
    covariance = true_positives * groups.count - predicted * groups.positives
    variances = predicted * (groups.count - predicted) * groups.positives * groups.negatives
    mcc = np.divide(covariance, np.sqrt(variances), out=np.zeros_like(covariance), where=variances > 0)
    best = int(np.argmax(mcc))
    if mcc[best] <= 0:
        return BestMcc(0.0, groups.above_all)
    return BestMcc(float(mcc[best]), groups.threshold(best))


def average_precision(similarities: ArrayLike, labels: ArrayLike) -> float:
    """The area under the precision-recall curve as a sum of steps, from 0 to 1.

        AP = Σ (Rₙ − Rₙ₋₁) · Pₙ

    with Pₙ and Rₙ the precision and recall at the n-th highest distinct similarity; not interpolated.

    Args:
        similarities: float [n], higher for positives.
        labels: [n], 0 or 1, with both among them.

    Raises:
        DataError: the labels are not 0 and 1, or only one of them.

    Reference: scikit-learn's `average_precision_score`, which gives the same numbers, ties included.
    """
    groups = _tie_groups(similarities, labels)
    precision = groups.true_positives / (groups.true_positives + groups.false_positives)
    gained_recall = np.diff(groups.true_positives, prepend=0) / groups.positives
    return float(np.sum(gained_recall * precision))


@dataclass(frozen=True)
class _TieGroups:
    """The distinct similarities, highest first, and what is counted as positive down to and with each of them."""

    similarities: np.ndarray
    true_positives: np.ndarray
    false_positives: np.ndarray

    @property
    def positives(self) -> int:
        return int(self.true_positives[-1])

    @property
    def negatives(self) -> int:
        return int(self.false_positives[-1])

    @property
    def count(self) -> int:
        return self.positives + self.negatives

    @property
    def above_all(self) -> float:
        """The lowest threshold that no similarity reaches."""
        return float(np.nextafter(self.similarities[0], np.inf))

    def threshold(self, group: int) -> float:
        """A threshold that takes this group in and leaves the next one out."""
        lowest = float(self.similarities[group])
        if group + 1 == len(self.similarities):
            return lowest
        left_out = float(self.similarities[group + 1])
        midway = left_out + (lowest - left_out) / 2.0
        # The midpoint of two neighbouring floats rounds to one of them.
        return midway if midway > left_out else lowest


def _tie_groups(similarities: ArrayLike, labels: ArrayLike) -> _TieGroups:
    similarities, labels = np.asarray(similarities, np.float64), np.asarray(labels)
    if similarities.ndim != 1 or similarities.shape != labels.shape:
        raise DataError(
            "Binary metrics need one label for each similarity. "
            f"Received: shapes {similarities.shape} and {labels.shape}."
        )
    if not np.isfinite(similarities).all():
        raise DataError("Binary metrics need finite similarities, but some are NaN or infinite.")
    if set(np.unique(labels).tolist()) != {0, 1}:
        found = ", ".join(f"{label:g}" for label in np.unique(labels)[:5])
        raise DataError(f"Binary metrics need labels 0 and 1, and both of them. Received: {found or 'no labels'}.")
    order = np.argsort(-similarities, kind="stable")
    ranked, positive = similarities[order], labels[order] == 1
    last_of_each = np.append(np.flatnonzero(np.diff(ranked)), len(ranked) - 1)
    return _TieGroups(
        similarities=ranked[last_of_each],
        true_positives=np.cumsum(positive)[last_of_each],
        false_positives=np.cumsum(~positive)[last_of_each],
    )
