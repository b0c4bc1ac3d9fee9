"""Rows that texts or groups link stay on one side of a split."""

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from tfsiamese.pairs.split import choose_rows, seeded_order, target_rows

__all__ = ["linked_ids", "linked_validation_rows"]

logger = logging.getLogger(__name__)


def linked_validation_rows(
    anchors: Sequence[str],
    positives: Sequence[str],
    groups: Sequence[str] | None,
    *,
    validation: float,
    seed: int,
    source: str,
) -> NDArray[np.bool_]:
    """Chooses the rows for validation: bool `[rows]`.

    Rows that share a text or a group, or that others link, go together. Where more than half of the rows would, only
    rows of one anchor do.

    Args:
        anchors: `[rows]`.
        positives: `[rows]`.
        groups: `[rows]`, or None.
        validation: the fraction of the rows to choose, between 0 and 1, or their number, from 1.
        seed: any whole number; each gives another choice.
        source: the name of the rows in messages.

    Raises:
        DataError: there are too few rows, or too few different anchors.
        SettingsError: `validation` is neither such a fraction nor such a number.
    """
    target = target_rows(validation, len(anchors), source)
    ids = linked_ids(anchors, positives, groups)
    largest = int(np.bincount(ids).max(initial=0))
    if 2 * largest > len(anchors):
        ids = pd.factorize(pd.Series(anchors, dtype=object))[0]
        logger.warning(
            "%s: shared texts%s link %d of %d rows, too many to keep on one side of a split, so that only rows of one "
            "anchor stay together. A positive may be on both sides.",
            source,
            "" if groups is None else " and groups",
            largest,
            len(anchors),
        )
    order = seeded_order([(anchor,) for anchor in _smallest(anchors, ids)], seed)
    return choose_rows(ids, order, target, source, "anchor")


def linked_ids(
    anchors: Sequence[str], positives: Sequence[str], groups: Sequence[str] | None = None
) -> NDArray[np.int64]:
    """Numbers the connected components of rows, where a shared text or a shared group connects two rows.

    A text that is an anchor in one row and a positive in another connects them too.

    Args:
        anchors: `[rows]`.
        positives: `[rows]`.
        groups: `[rows]`, or None.

    Returns:
        int64 `[rows]`, counted from 0 without gaps.
    """
    num_rows = len(anchors)
    codes, texts = pd.factorize(pd.Series([*anchors, *positives], dtype=object))
    sources, targets, num_nodes = codes[:num_rows], codes[num_rows:], len(texts)
    if groups is not None:
        group_codes, names = pd.factorize(pd.Series(groups, dtype=object))
        sources, targets = np.tile(sources, 2), np.concatenate([targets, group_codes + num_nodes])
        num_nodes += len(names)
    links = sparse.coo_matrix((np.ones(len(sources), dtype=bool), (sources, targets)), shape=(num_nodes, num_nodes))
    _, components = csgraph.connected_components(links, directed=False)
    return pd.factorize(components[codes[:num_rows]])[0].astype(np.int64)


def _smallest(anchors: Sequence[str], ids: NDArray[np.integer]) -> list[str]:
    """The first anchor of each component in alphabetical order, which names it whatever the order of the rows."""
    smallest: dict[int, str] = {}
    for component, anchor in zip(ids.tolist(), anchors, strict=True):
        if anchor <= smallest.setdefault(component, anchor):
            smallest[component] = anchor
    return [smallest[component] for component in range(len(smallest))]
