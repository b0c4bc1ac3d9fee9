"""What a client gives besides vectors."""

from typing import NamedTuple

import numpy as np

__all__ = ["Hits", "Similarities"]


class Similarities(NamedTuple):
    """How similar pairs of texts are.

    Attributes:
        score: float32 [n], of the head that the model was exported with.
        cosine: float32 [n], -1 to 1.
        angular: float32 [n], 1 - arccos(cosine) / pi, 0 to 1.
    """

    score: np.ndarray
    cosine: np.ndarray
    angular: np.ndarray


class Hits(NamedTuple):
    """The texts of an exported corpus that are most similar to each query, best first.

    Attributes:
        ids: str [n, k], as an array of objects.
        texts: str [n, k], as an array of objects.
        scores: float32 [n, k].
    """

    ids: np.ndarray
    texts: np.ndarray
    scores: np.ndarray
