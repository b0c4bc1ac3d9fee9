"""Negatives out of the candidates that are left."""

import numpy as np
from numpy.typing import NDArray

from tfsiamese.mining.settings import MiningSettings
from tfsiamese.search.selection import TopK

__all__ = ["sample_negatives"]


def sample_negatives(
    candidates: TopK, passes: NDArray[np.bool_], settings: MiningSettings, random: np.random.Generator
) -> TopK:
    """Skips the first `range_min` that passed and takes `num_negatives` of the rest, in their order.

    Args:
        candidates: positions and scores, [anchors, window], the hardest first.
        passes: which of them may become negatives, [anchors, window].
        settings: `range_min`, `num_negatives` and `sampling_strategy`.
        random: for the sampling strategy "random".

    Returns:
        Positions and scores, [anchors, num_negatives]; −1 and −inf where there are too few.
    """
    eligible = passes & (np.cumsum(passes, axis=1) > settings.range_min)
    if settings.sampling_strategy == "random":
        draws = np.where(eligible, random.random(eligible.shape), np.inf)
        chosen = np.argsort(draws, axis=1)[:, : settings.num_negatives]
        drawn = np.zeros_like(eligible)
        np.put_along_axis(drawn, chosen, True, axis=1)
        eligible &= drawn
    first = np.argsort(~eligible, axis=1, kind="stable")[:, : settings.num_negatives]
    is_there = np.take_along_axis(eligible, first, axis=1)
    indices = np.where(is_there, np.take_along_axis(candidates.indices, first, axis=1), -1)
    scores = np.where(is_there, np.take_along_axis(candidates.scores, first, axis=1), np.float32(-np.inf))
    return TopK(scores, indices)
