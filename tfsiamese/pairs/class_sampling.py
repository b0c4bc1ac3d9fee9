"""Batches of several texts from each of several classes."""

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import SettingsError
from tfsiamese.pairs.seeding import generator

__all__ = ["ClassSampler", "require_room_for_classes"]

RowNumbers = NDArray[np.int64]

# So many classes are tried for a batch whose tokens are nearly spent before it is closed.
_MOST_MISSES = 8


class ClassSampler:
    """Batches that hold several texts of each of their classes, as batch-wise triplet losses need them.

    A batch takes up to `per_class` texts, and up to half its rows, of the class with the most texts left, then texts of
    other classes, `per_class` each, those with the most texts left first. Classes of equal size come in random order.

    A batch holds at least two classes as long as two are left. Where one class outweighs all others together, theirs
    are spread over the epoch: each batch holds their share, from two texts on, and the large class fills it up. If
    they still run out, the rest of the large class makes batches of a single class, in which a triplet loss is 0;
    these stand at random places of the epoch. A larger batch, or fewer texts of that class, avoids them.

    A text stands without another of its class only where the class has a single text, where an odd number has to go
    into batches of 4 or 5, or where the budget of tokens leaves no room for a second one. A text with so many tokens
    that no text of another class fits beside it may stand in a batch of its class alone.

    Args:
        classes: the class of each row, int64 [rows].
        batch_size: rows a batch, at most; at least `per_class` + 1, and at least 4.
        seed: decides the batches of every epoch; None keeps the order of the rows within each class.
        per_class: texts of a class that stand together, at least 2; one more where one would be left over.
        costs: the tokens of each row, int64 [rows].
        max_tokens: the tokens a batch may hold; a row that alone has more is a batch of its own.

    Raises:
        SettingsError: a batch has no room for two classes, or `per_class` is below 2.

    Reference: Hermans, Beyer and Leibe, "In Defense of the Triplet Loss for Person Re-Identification",
        arXiv:1703.07737, section 2 (PK batches).
    """

    def __init__(
        self,
        classes: RowNumbers,
        batch_size: int,
        seed: int | None = None,
        per_class: int = 4,
        *,
        costs: RowNumbers | None = None,
        max_tokens: int | None = None,
    ):
        require_room_for_classes(batch_size, per_class)
        self._classes = np.asarray(classes)
        self._seed = seed
        is_bounded = costs is not None and max_tokens is not None
        self._costs = np.asarray(costs) if is_bounded else np.zeros(len(self._classes), np.int64)
        self._limits = _Limits(batch_size, per_class, max_tokens if is_bounded and max_tokens is not None else 0)

    def batches(self, epoch: int) -> list[RowNumbers]:
        """See `BatchSampler`."""
        order = np.arange(len(self._classes))
        tie: Callable[[], float] = float
        if self._seed is not None:
            order = generator(self._seed, "texts of classes", epoch).permutation(order)
            tie = generator(self._seed, "classes of equal size", epoch).random
        mixture = _Mixture(self._by_class(order), self._costs, self._limits, tie)
        batches = []
        while mixture.num_rows:
            batches.append(np.array(mixture.take_batch(), dtype=np.int64))
        if self._seed is None:
            return batches
        places = generator(self._seed, "batches of classes", epoch).permutation(len(batches))
        return [batches[place] for place in places]

    def _by_class(self, order: RowNumbers) -> list[RowNumbers]:
        if not len(order):
            return []
        by_class = order[np.argsort(self._classes[order], kind="stable")]
        return np.split(by_class, np.flatnonzero(np.diff(self._classes[by_class])) + 1)


def require_room_for_classes(batch_size: int, per_class: int) -> None:
    """Raises a SettingsError where a batch has no room for two classes, or `per_class` is below 2."""
    if per_class < 2:
        raise SettingsError(f"Expected at least two texts of a class together. Received: per_class={per_class}.")
    if batch_size < max(4, per_class + 1):
        raise SettingsError(
            f"A batch of {batch_size} rows has no room for two classes with up to {per_class} texts each. Expected "
            f"batch_size to be at least {max(4, per_class + 1)}: raise it, or lower per_class."
        )


@dataclass(frozen=True)
class _Limits:
    """Of a batch; `max_tokens` is 0 where nothing bounds them."""

    batch_size: int
    per_class: int
    max_tokens: int


@dataclass
class _OpenBatch:
    """A batch that is being filled."""

    rows: list[int] = field(default_factory=list)
    classes: set[int] = field(default_factory=set)
    tokens: int = 0


class _Mixture:
    """The rows of an epoch that stand in no batch yet, by class."""

    def __init__(self, by_class: list[RowNumbers], costs: RowNumbers, limits: _Limits, tie: Callable[[], float]):
        # The next row of a class stands last, where it is taken off at no cost.
        self._rows = [rows[::-1].tolist() for rows in by_class]
        self._costs = costs
        self._limits = limits
        self._tie = tie
        self._largest_first: list[tuple[int, float, int]] = []
        self.num_rows = sum(map(len, self._rows))
        self._num_tokens = int(costs.sum())
        for number in range(len(self._rows)):
            self._put_back(number)

    def take_batch(self) -> list[int]:
        """The next batch; its rows are gone from here."""
        size, budget = self._limits.batch_size, self._limits.max_tokens
        batch = _OpenBatch()
        largest = heapq.heappop(self._largest_first)[2]
        num_others = self.num_rows - len(self._rows[largest])
        if num_others:
            first = min(self._limits.per_class, size // 2)
            share = max(2, num_others // self._num_batches())
            # Three places are left: of a class of three texts none has to stay behind.
            self._move(largest, first, max(size // 2, size - 3), batch, budget // 2)
            self._move_others(batch, min(len(batch.rows) + share, size))
        self._move(largest, size - len(batch.rows), size - len(batch.rows), batch, budget)
        self._move_others(batch, size)
        self._put_back(largest)
        return batch.rows

    def _num_batches(self) -> int:
        """How many batches the rest makes, at least."""
        of_rows = -(-self.num_rows // self._limits.batch_size)
        return max(of_rows, -(-self._num_tokens // self._limits.max_tokens)) if self._limits.max_tokens else of_rows

    def _move_others(self, batch: _OpenBatch, end: int) -> None:
        """Fills a batch up to `end` rows with classes that still lie in the heap, each once before any twice."""
        misses, has_grown = 0, True
        while has_grown and len(batch.rows) < end:
            has_grown, taken = False, []
            while self._largest_first and len(batch.rows) < end and misses < _MOST_MISSES:
                taken.append(heapq.heappop(self._largest_first)[2])
                count = min(self._limits.per_class, end - len(batch.rows))
                room = self._limits.batch_size - len(batch.rows)
                is_moved = self._move(taken[-1], count, room, batch, self._limits.max_tokens)
                has_grown |= is_moved
                misses += not is_moved
            for number in taken:
                self._put_back(number)

    def _move(self, number: int, count: int, most: int, batch: _OpenBatch, budget: int) -> bool:
        """Moves about `count` rows of a class, `most` at most, so that no single row is left; False if none fits."""
        rows = self._rows[number]
        is_new = number not in batch.classes
        count = min(count, len(rows))
        if len(rows) - count == 1:
            if count < most:
                count += 1
            elif count > (2 if is_new else 0):
                count -= 1
        leaves_one = len(rows) - count == 1 and len(batch.classes) > 1
        if is_new and len(rows) > 1 and (count == 1 or leaves_one):
            return False
        before = len(batch.rows)
        while len(batch.rows) < before + count and self._fits(rows[-1], batch, budget):
            cost = int(self._costs[rows[-1]])
            batch.rows.append(rows.pop())
            batch.tokens += cost
            self.num_rows -= 1
            self._num_tokens -= cost
            batch.classes.add(number)
        return len(batch.rows) > before

    def _fits(self, row: int, batch: _OpenBatch, budget: int) -> bool:
        return not batch.rows or not self._limits.max_tokens or batch.tokens + int(self._costs[row]) <= budget

    def _put_back(self, number: int) -> None:
        if self._rows[number]:
            heapq.heappush(self._largest_first, (-len(self._rows[number]), self._tie(), number))
