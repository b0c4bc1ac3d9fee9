"""Rows of a store as `Pairs.frame` or `Triplets.frame` has them."""

import itertools
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.pairs.store import Store, ranges

__all__ = ["frame_of_rows"]


def frame_of_rows(store: Store, rows: NDArray[np.int64]) -> pd.DataFrame:
    """The rows of a store with these numbers, in this order; with `file` where they are from several files."""
    firsts, lines = store.first_texts(rows), store.lines(rows)
    one, other = ([text.decode() for text in store.texts(firsts + place)] for place in (0, 1))
    columns: dict[str, Any]
    if store.shape == "pairs":
        columns = {"left": one, "right": other, "score": store.scores(rows), "line": lines}
    else:
        columns = {"anchor": one, "positive": other, **_negatives(store, rows), "line": lines}
        columns |= _scores_and_groups(store, rows)
    if len(store.parts) > 1:
        columns["file"] = store.shards(rows)
    return pd.DataFrame(columns)


def _negatives(store: Store, rows: NDArray[np.int64]) -> dict[str, Any]:
    counts = store.text_counts(rows) - 2
    texts = (text.decode() for text in store.texts(ranges(store.first_texts(rows) + 2, counts)))
    return {"negatives": _lists(texts, counts)}


def _scores_and_groups(store: Store, rows: NDArray[np.int64]) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if store.has_scores:
        columns["scores"] = _lists(iter(store.scores(rows).tolist()), store.text_counts(rows) - 1)
    if store.has_groups:
        columns["group"] = [name.decode() for name in store.group_names(rows)]
    return columns


def _lists(values: Any, counts: NDArray[np.int64]) -> pd.Series:
    return pd.Series([tuple(itertools.islice(values, count)) for count in counts.tolist()], dtype=object)
