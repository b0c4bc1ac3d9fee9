"""Splits stored rows in two, so that what belongs together stands on one side, by hashes and in bounded memory."""

import logging
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DataError
from tfsiamese.pairs.examples import Examples
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.store import BLOCK_ROWS, Store
from tfsiamese.pairs.text_hashes import Hashes, pair_keys, text_hashes

__all__ = ["MOST_HELD_OUT", "Sides", "choose_by_key", "pair_keys_of", "rows_where", "without_held_out_anchors"]

logger = logging.getLogger(__name__)

MOST_HELD_OUT = 10_000
"""Rows that are held out at most: they are evaluated in memory, each epoch anew."""

Keys = Iterator[tuple[NDArray[np.int64], Hashes]]
"""Blocks of positions, each with the keys of its rows."""


class Sides(NamedTuple):
    """Positions of rows in ascending order: those for training, int64 [m], and those held out, int64 [n]."""

    training: NDArray[np.int64]
    held_out: NDArray[np.int64]


def choose_by_key(keys: Callable[[], Keys], target: int, source: str, group: str) -> Sides:
    """Holds out the rows with the smallest keys: about `target`, and all rows of one key or none.

    Args:
        keys: gives the keys of all rows, from the first on.
        target: how many rows to hold out, at least 1; no more than `MOST_HELD_OUT` are.
        source: the name of the rows in messages.
        group: what a key stands for in messages.

    Raises:
        DataError: all rows have one key.
    """
    target = _capped(target, source)
    smallest: Hashes = np.empty(0, np.uint64)
    for _, block in keys():
        candidates = np.concatenate([smallest, block])
        smallest = np.partition(candidates, target)[: target + 1] if len(candidates) > target + 1 else candidates
    # One key more than wanted: where the limit falls among rows of one key, they all stay or all go.
    limit = np.sort(smallest)[min(target, len(smallest)) - 1]
    below, equal, total = 0, 0, 0
    for _, block in keys():
        below += int((block < limit).sum())
        equal += int((block == limit).sum())
        total += len(block)
    includes = below == 0 or (below + equal < total and below + equal - target <= target - below)
    if below + equal * includes == total:
        raise DataError(
            f"{source}: cannot split {total} row{'' if total == 1 else 's'} with 1 different {group}. Expected at "
            f"least 2, so that no {group} is on both sides: add {group}s, or train without validation."
        )
    held_out = rows_where(keys, lambda block: block <= limit if includes else block < limit)
    return Sides(rows_where(keys, lambda block: ~(block <= limit if includes else block < limit)), held_out)


def rows_where(keys: Callable[[], Keys], choose: Callable[[Hashes], NDArray[np.bool_]]) -> NDArray[np.int64]:
    """The positions of the rows whose keys are chosen, int64 [n]."""
    return np.concatenate([np.empty(0, np.int64), *(places[choose(block)] for places, block in keys())])


def without_held_out_anchors(
    store: Store, store_rows: Callable[[NDArray[np.int64]], NDArray[np.int64]], sides: Sides, source: str
) -> NDArray[np.int64]:
    """The positions for training but for those that have a held-out anchor as their anchor or their positive.

    Args:
        store: holds the rows.
        store_rows: tells which of them stand at some positions.
        sides: positions of rows of triplets.
        source: the name of the rows in messages.
    """
    anchors = np.unique(store.hashes(store.first_texts(store_rows(sides.held_out))))
    kept = []
    for start in range(0, len(sides.training), BLOCK_ROWS):
        block = sides.training[start : start + BLOCK_ROWS]
        firsts = store.first_texts(store_rows(block))
        is_said = np.isin(store.hashes(firsts), anchors) | np.isin(store.hashes(firsts + 1), anchors)
        kept.append(block[~is_said])
    training = np.concatenate(kept)
    left_out = len(sides.training) - len(training)
    if left_out:
        logger.info("%s: %d rows hold an anchor of the validation data, and are left out.", source, left_out)
    return training


def pair_keys_of(examples: Examples) -> Hashes:
    """The keys of the unordered pairs of texts of rows in memory; texts with classes make none."""
    if isinstance(examples, LabelledTexts):
        return np.empty(0, np.uint64)
    if isinstance(examples, Pairs):
        one, other = examples.left, examples.right
    else:
        one, other = examples.anchors, examples.positives
    return pair_keys(*(text_hashes(text.encode() for text in texts) for texts in (one, other)))


def _capped(target: int, source: str) -> int:
    if target <= MOST_HELD_OUT:
        return target
    logger.warning(
        "%s: %d rows are more than are measured each epoch: about %d are held out.", source, target, MOST_HELD_OUT
    )
    return MOST_HELD_OUT
