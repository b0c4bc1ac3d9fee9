"""Some texts of the training data, which stand for all of them."""

from collections.abc import Sequence

import numpy as np

from tfsiamese.training.plan import TrainingPlan

__all__ = ["sample_texts"]

_MOST_TEXTS = 64
# So many of each data set are looked at.
_MOST_CANDIDATES = 10_000


def sample_texts(plans: Sequence[TrainingPlan]) -> list[str]:
    """Up to 64 distinct texts without prompts, from the shortest to the longest in even steps.

    Where a data set has more than ten thousand texts, they are taken of so many random ones.
    """
    vocabularies = [batches.some_texts(_MOST_CANDIDATES) for plan in plans for batches in plan.batches.parts.values()]
    # The order of equal lengths must not depend on the order of the data.
    distinct = sorted({text for texts in vocabularies for text in texts}, key=lambda text: (len(text), text))
    chosen = np.unique(np.linspace(0, len(distinct) - 1, _MOST_TEXTS).round().astype(int))
    return [distinct[index] for index in chosen]
