"""Splits rows in two, so that what belongs together stands on one side."""

import hashlib
import numbers
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.symmetry import pair_ids

__all__ = ["choose_rows", "seeded_order", "target_rows", "validation_rows"]


def validation_rows(
    left: Sequence[str], right: Sequence[str], validation: float, seed: int, source: str = "pairs"
) -> NDArray[np.bool_]:
    """Chooses the rows for validation.

    All rows of one unordered pair go together. Which pairs go first is decided by a hash of the seed and their texts,
    so it is the same on each machine and with each version of NumPy, and does not depend on the order of the rows.

    Args:
        left: `[rows]`.
        right: `[rows]`.
        validation: the fraction of the rows to choose, between 0 and 1, or their number, from 1. It is met as nearly as
            whole groups allow.
        seed: any whole number; each gives another choice.
        source: the name of the pairs in messages.

    Returns:
        bool `[rows]`; at least one row is chosen, and at least one is not.

    Raises:
        DataError: there are too few different pairs.
        SettingsError: `validation` is neither such a fraction nor such a number.
    """
    target = target_rows(validation, len(left), source)
    ids, _ = pair_ids(left, right)
    _, first_rows = np.unique(ids, return_index=True)
    keys = [sorted((left[row], right[row])) for row in first_rows]
    return choose_rows(ids, seeded_order(keys, seed), target, source)


def choose_rows(
    ids: NDArray[np.integer], order: NDArray[np.intp], target: int, source: str, group: str = "pair"
) -> NDArray[np.bool_]:
    """Chooses whole groups of rows.

    Args:
        ids: the group of each row, counted from 0 without gaps, `[rows]`.
        order: the groups in the order in which to choose, `[groups]`.
        target: the number of rows to choose, met as nearly as whole groups allow.
        source: the name of the rows in messages.
        group: what a group is in messages.

    Returns:
        bool `[rows]`; at least one row is chosen, and at least one is not.

    Raises:
        DataError: there are fewer than two groups.
    """
    if len(order) < 2:
        raise DataError(
            f"{source}: cannot split {len(ids)} row{'s' if len(ids) != 1 else ''} with {len(order)} different {group}"
            f"{'s' if len(order) != 1 else ''}. Expected at least 2, so that no {group} is on both sides: add "
            f"{group}s, or train without validation."
        )
    return _choose(order, np.bincount(ids, minlength=len(order)), target)[ids]


def target_rows(validation: float, num_rows: int, source: str) -> int:
    """The number of rows asked for; raises as `validation_rows` does."""
    expected = "Expected validation to be a fraction between 0 and 1, or a number of rows from 1"
    if isinstance(validation, numbers.Integral) and not isinstance(validation, bool):
        if validation < 1:
            raise SettingsError(f"{expected}. Received: validation={validation}.")
        if validation >= num_rows:
            raise DataError(
                f"{source}: cannot take {validation} of {num_rows} rows for validation and leave any for training. "
                "Pass a smaller number, or a fraction such as 0.1."
            )
        return int(validation)
    if not isinstance(validation, numbers.Real) or isinstance(validation, bool) or not 0 < validation < 1:
        raise SettingsError(f"{expected}. Received: validation={validation!r}.")
    return min(max(round(float(validation) * num_rows), 1), num_rows - 1)


def seeded_order(keys: Sequence[Sequence[str]], seed: int) -> NDArray[np.intp]:
    """The positions of the keys, each of some texts, in the order that the seed gives them."""
    digests = b"".join(
        hashlib.blake2b("\0".join([str(seed), *texts]).encode(), digest_size=8).digest() for texts in keys
    )
    return np.argsort(np.frombuffer(digests, dtype=">u8"), kind="stable")


def _choose(order: NDArray[np.intp], sizes: NDArray[np.int64], target: int) -> NDArray[np.bool_]:
    """Chooses groups with together `target` rows, or as near to it as whole groups come, but never all or none."""
    chosen = np.zeros(len(sizes), dtype=bool)
    missing = target
    for group, size in zip(order.tolist(), sizes[order].tolist(), strict=True):
        if size <= missing:
            chosen[group] = True
            missing -= size
            if not missing:
                return chosen
    # The fill went past what would have fitted better: find the best sum, and stay near the fill.
    best = _best_counts(sizes, sizes[chosen], target)
    chosen[:] = False
    for size, count in best.items():
        chosen[order[sizes[order] == size][:count]] = True
    return chosen


def _best_counts(sizes: NDArray[np.int64], filled: NDArray[np.int64], target: int) -> dict[int, int]:
    """How many groups of each size to take for the sum nearest to `target` (a subset sum over bounded counts).

    Bit n of an integer says that the sizes looked at so far can sum to n. Of the counts that lead to the best sum
    those nearest to the counts in `filled` are taken, lest all large groups end on one side.
    """
    total = int(sizes.sum())
    distinct, counts = (part.tolist() for part in np.unique(sizes, return_counts=True))
    below_total = (1 << total) - 1
    reachable = [1]
    for size, count in zip(distinct, counts, strict=True):
        reachable.append(_with_multiples(reachable[-1], size, count) & below_total)
    remaining = _nearest_bit(reachable[-1], target, total)
    best = {}
    for place in reversed(range(len(distinct))):
        size, wish = distinct[place], int((filled == distinct[place]).sum())
        feasible = (
            count
            for count in sorted(range(counts[place] + 1), key=lambda count: abs(count - wish))
            if count * size <= remaining and reachable[place] >> (remaining - count * size) & 1
        )
        best[size] = next(feasible)
        remaining -= best[size] * size
    return best


def _with_multiples(sums: int, size: int, count: int) -> int:
    """The sums that adding `size` up to `count` times gives; each step doubles how many times."""
    step = 1
    while count:
        times = min(step, count)
        sums |= sums << (size * times)
        count -= times
        step *= 2
    return sums


def _nearest_bit(sums: int, target: int, total: int) -> int:
    """The sum from 1 to total - 1 that is nearest to the target; the smaller one of two."""
    return next(
        candidate
        for distance in range(total)
        for candidate in (target - distance, target + distance)
        if 0 < candidate < total and sums >> candidate & 1
    )
