"""Several data sets in one epoch: whose turn it is at each step."""

import functools
import itertools
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfsiamese.pairs.batches import Batch, ExampleBatches
from tfsiamese.pairs.seeding import generator

__all__ = ["MIXINGS", "MixedBatches", "Turn"]

MIXINGS = ("proportional", "in-turn")


class Turn(NamedTuple):
    """One batch of an epoch: the data set it comes from, and its number within that set."""

    name: str
    batch: int


class MixedBatches:
    """Batches of several data sets; each batch comes from one of them.

    Args:
        parts: the batches of each data set, by its name.
        mixing: "proportional": all batches of all sets, in random order; "in-turn": one of each set in turn, until the
            set with the fewest batches has no more.
        seed: decides the order of every epoch; None takes one set after the other.
    """

    def __init__(self, parts: Mapping[str, ExampleBatches], mixing: str = "proportional", seed: int | None = None):
        self.parts = dict(parts)
        self._mixing = mixing
        self._seed = seed
        self._cached: tuple[int, list[Turn]] | None = None

    def __len__(self) -> int:
        """Batches in the first epoch."""
        return len(self.turns(0))

    def turns(self, epoch: int) -> list[Turn]:
        """What an epoch consists of."""
        if self._cached is None or self._cached[0] != epoch:
            self._cached = epoch, self._plan(epoch)
        return self._cached[1]

    @functools.cached_property
    def num_rows(self) -> int:
        """Rows that the first epoch takes, of all sets together."""
        if self._mixing == "proportional":
            return sum(part.num_rows for part in self.parts.values())
        return sum(len(self.rows(turn, 0)) for turn in self.turns(0))

    def rows(self, turn: Turn, epoch: int) -> NDArray[np.int64]:
        """The rows of one batch, within their data set."""
        return self.parts[turn.name].rows(epoch, turn.batch)

    def epoch(self, epoch: int = 0, first_batch: int = 0) -> Iterator[tuple[str, Batch]]:
        """Yields the batches of an epoch, from `first_batch` on, with the names of their data sets."""
        for turn in self.turns(epoch)[first_batch:]:
            yield turn.name, self.parts[turn.name].gather(self.rows(turn, epoch))

    def _plan(self, epoch: int) -> list[Turn]:
        counts = {name: part.num_batches(epoch) for name, part in self.parts.items()}
        if self._mixing == "in-turn":
            rounds = range(min(counts.values()))
            return [Turn(name, batch) for batch, name in itertools.product(rounds, self.parts)]
        names = [name for name, count in counts.items() for _ in range(count)]
        if self._seed is not None and len(self.parts) > 1:
            order = generator(self._seed, "mixed data sets", epoch).permutation(len(names))
            names = [names[place] for place in order]
        numbers = {name: itertools.count() for name in self.parts}
        return [Turn(name, next(numbers[name])) for name in names]
