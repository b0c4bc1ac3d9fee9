"""Candidates whose score rules them out."""

import numpy as np
from numpy.typing import NDArray

from tfsiamese.mining.settings import MiningSettings

__all__ = ["lowest_by_anchor", "passes_filters"]


def passes_filters(
    scores: NDArray[np.float32], positive_scores: NDArray[np.float32] | None, settings: MiningSettings
) -> NDArray[np.bool_]:
    """Which candidates may become negatives; a limit itself is allowed.

    Args:
        scores: of the candidates, [anchors, window]; −inf where there is none.
        positive_scores: of the positives, [anchors]; needed for margins.
        settings: `max_score`, `min_score`, `absolute_margin` and `relative_margin`.

    Returns:
        bool [anchors, window].
    """
    exact = scores.astype(np.float64)
    passes = exact > -np.inf
    if settings.max_score is not None:
        passes &= exact <= settings.max_score
    if settings.min_score is not None:
        passes &= exact >= settings.min_score
    if positive_scores is not None:
        positive = positive_scores.astype(np.float64)[:, np.newaxis]
        if settings.absolute_margin is not None:
            passes &= exact + settings.absolute_margin <= positive
        if settings.relative_margin is not None:
            # Of the size of the score, so that the limit is below a negative score too.
            passes &= exact <= positive - np.abs(positive) * settings.relative_margin
    return passes


def lowest_by_anchor(
    scores: NDArray[np.float32], row_anchors: NDArray[np.int64], num_anchors: int
) -> NDArray[np.float32]:
    """The lowest score of the positives of each anchor, float32 [anchors], from those of rows [rows]."""
    lowest = np.full(num_anchors, np.inf, np.float32)
    np.minimum.at(lowest, row_anchors, scores)
    return lowest
