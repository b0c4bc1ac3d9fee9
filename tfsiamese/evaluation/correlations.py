"""How well similarities follow scores: Pearson's and Spearman's correlation."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from tfsiamese.errors import DataError

__all__ = ["is_constant", "pearson", "spearman"]

# Similarities come from float32 vectors: what differs by less than a few of its rounding steps is rounding.
_RESOLUTION = 4.0 * float(np.finfo(np.float32).eps)


def pearson(values: ArrayLike, scores: ArrayLike) -> float:
    """Pearson's linear correlation of `values` and `scores`, from −1 to 1.

        r = Σ (x − mean x)(y − mean y) / √(Σ (x − mean x)² · Σ (y − mean y)²)

    It doesn't depend on the unit or the zero of either: scores from 0 to 5 give the same as scores from 0 to 1.

    Args:
        values: float [n], such as similarities.
        scores: float [n], such as human judgements.

    Raises:
        DataError: fewer than two of them, or one side is constant, so that no correlation is defined.

    Example:
        >>> round(pearson([1, 2, 3, 4], [1, 3, 2, 4]), 6)
        0.8
    """
    values, scores = _checked(values, scores)
    return float(stats.pearsonr(values, scores).statistic)


def spearman(values: ArrayLike, scores: ArrayLike) -> float:
    """Spearman's rank correlation of `values` and `scores`, from −1 to 1: Pearson's correlation of their ranks.

    Equal values share the mean of their ranks.

    Args:
        values: float [n], such as similarities.
        scores: float [n], such as human judgements.

    Raises:
        DataError: fewer than two of them, or one side is constant, so that no correlation is defined.
    """
    values, scores = _checked(values, scores)
    return float(stats.spearmanr(values, scores).statistic)


def is_constant(values: ArrayLike) -> bool:
    """Whether `values`, float [n] with n ≥ 1, are all equal to within the rounding of single precision."""
    values = np.asarray(values, np.float64)
    return float(np.ptp(values)) <= _RESOLUTION * float(np.max(np.abs(values)))


def _checked(values: ArrayLike, scores: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
    values, scores = np.asarray(values, np.float64), np.asarray(scores, np.float64)
    if values.ndim != 1 or values.shape != scores.shape:
        raise DataError(
            f"A correlation needs two lists of one length. Received: shapes {values.shape} and {scores.shape}."
        )
    if len(values) < 2:
        raise DataError(f"A correlation needs at least two pairs. Received: {len(values)}. Give more pairs.")
    for what, numbers in (("similarities", values), ("scores", scores)):
        if not np.isfinite(numbers).all():
            raise DataError(f"A correlation needs finite numbers, but some of the {what} are NaN or infinite.")
        if is_constant(numbers):
            raise DataError(
                f"The correlation is not defined: all {len(numbers)} {what} are the same ({numbers[0]:.6g}). "
                + _REMEDY[what]
            )
    return values, scores


_REMEDY = {
    "similarities": "The encoder tells no text from another: it has collapsed, or the pairs are all alike.",
    "scores": "Give pairs with different scores.",
}
