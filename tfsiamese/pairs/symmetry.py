"""A pair is the same pair the other way round."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["pair_ids"]


def pair_ids(left: Sequence[str], right: Sequence[str]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Numbers the unordered pairs.

    Args:
        left: `[rows]`.
        right: `[rows]`.

    Returns:
        int64 `[rows]`, the same number for a pair and its mirror image, counted from 0 in order of first appearance;
        and bool `[rows]`, which of the two directions a row has.
    """
    codes, _ = pd.factorize(pd.concat([pd.Series(left, dtype=object), pd.Series(right, dtype=object)]))
    left_codes, right_codes = codes[: len(left)].astype(np.int64), codes[len(left) :].astype(np.int64)
    smaller, larger = np.minimum(left_codes, right_codes), np.maximum(left_codes, right_codes)
    # Both are below 2 * rows, so that for up to a billion rows one int64 holds the two.
    ids, _ = pd.factorize(smaller * (2 * len(left)) + larger)
    return ids.astype(np.int64), left_codes > right_codes
