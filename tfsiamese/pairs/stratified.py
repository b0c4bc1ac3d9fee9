"""Splits texts with classes in two, with each class on both sides where it has texts enough."""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.errors import DataError
from tfsiamese.pairs.split import seeded_order, target_rows

__all__ = ["stratified_validation_rows"]


def stratified_validation_rows(
    texts: Sequence[str], labels: Sequence[str], *, validation: float, seed: int, source: str
) -> NDArray[np.bool_]:
    """Chooses the rows for validation, from each class in proportion: bool `[rows]`.

    All rows of one text go together. Which texts of a class go first is decided by a hash of the seed, the class and
    the text, so it is the same on each machine and does not depend on the order of the rows.

    Args:
        texts: `[rows]`.
        labels: the name of each row's class, `[rows]`.
        validation: the fraction of the rows to choose, between 0 and 1, or their number, from 1.
        seed: any whole number; each gives another choice.
        source: the name of the texts in messages.

    Raises:
        DataError: there are too few different texts.
        SettingsError: `validation` is neither such a fraction nor such a number.
    """
    target = target_rows(validation, len(texts), source)
    ids, distinct = pd.factorize(pd.Series(texts, dtype=object))
    if len(distinct) < 2:
        raise DataError(
            f"{source}: cannot split {len(texts)} row{'s' if len(texts) != 1 else ''} with {len(distinct)} different "
            f"text{'s' if len(distinct) != 1 else ''}. Expected at least 2: add texts, or train without validation."
        )
    num_chosen = min(max(round(target * len(distinct) / len(texts)), 1), len(distinct) - 1)
    _, first_rows = np.unique(ids, return_index=True)
    classes, names = pd.factorize(pd.Series(labels, dtype=object).iloc[first_rows])
    order = seeded_order([(labels[row], texts[row]) for row in first_rows], seed)
    quotas = _quotas(np.bincount(classes), num_chosen, seeded_order([(name,) for name in names], seed))
    chosen = np.zeros(len(distinct), dtype=bool)
    chosen[order] = _ranks(classes[order]) < quotas[classes[order]]
    return chosen[ids]


def _quotas(sizes: NDArray[np.int64], num_chosen: int, order: NDArray[np.intp]) -> NDArray[np.int64]:
    """How many texts of each class to choose: in proportion, the remainder to those that lost most by rounding down.

    Args:
        sizes: the number of texts of each class.
        num_chosen: the number of texts to choose.
        order: the classes in the order in which equals get the remainder.
    """
    most = sizes - 1 if (sizes > 1).any() else sizes
    num_chosen = min(num_chosen, int(most.sum()))
    ideal = num_chosen * most / most.sum()
    quotas = np.floor(ideal).astype(np.int64)
    by_remainder = order[np.argsort(-(ideal - quotas)[order], kind="stable")]
    quotas[by_remainder[: num_chosen - quotas.sum()]] += 1
    return quotas


def _ranks(classes: NDArray[np.intp]) -> NDArray[np.int64]:
    """The position of each text among those of its class."""
    return np.asarray(pd.Series(classes).groupby(classes).cumcount(), dtype=np.int64)
