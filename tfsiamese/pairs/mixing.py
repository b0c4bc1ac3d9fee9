"""Several data sets in one epoch: whose turn it is at each step."""

import functools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple, overload

import numpy as np
from numpy.typing import NDArray

from tfsiamese.pairs.batches import Batch, ExampleBatches
from tfsiamese.pairs.seeding import generator

__all__ = ["MIXINGS", "MixedBatches", "Turn", "Turns"]

MIXINGS = ("proportional", "in-turn")


class Turn(NamedTuple):
    """One batch of an epoch: the data set it comes from, and its number within that set."""

    name: str
    batch: int


class Turns(Sequence[Turn]):
    """What an epoch consists of, in a few bytes a batch.

    Args:
        names: of the data sets.
        sets: whose turn it is, the position of a name, int32 [batches].
    """

    def __init__(self, names: Sequence[str], sets: NDArray[np.int32]):
        self._names = names
        self._sets = sets
        self._batches = np.empty(len(sets), np.int32)
        for number in range(len(names)):
            places = np.flatnonzero(sets == number)
            self._batches[places] = np.arange(len(places))

    def __len__(self) -> int:
        return len(self._sets)

    @overload
    def __getitem__(self, step: int) -> Turn: ...
    @overload
    def __getitem__(self, step: slice) -> list[Turn]: ...
    def __getitem__(self, step: int | slice) -> Turn | list[Turn]:
        if isinstance(step, slice):
            return [self[number] for number in range(len(self))[step]]
        return Turn(self._names[self._sets[step]], int(self._batches[step]))


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
        self._cached: tuple[int, Turns] | None = None

    def __len__(self) -> int:
        """Batches in the first epoch."""
        return len(self.turns(0))

    def turns(self, epoch: int) -> Turns:
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
        turns = self.turns(epoch)
        for step in range(first_batch, len(turns)):
            turn = turns[step]
            yield turn.name, self.parts[turn.name].gather(self.rows(turn, epoch))

    def _plan(self, epoch: int) -> Turns:
        counts = [part.num_batches(epoch) for part in self.parts.values()]
        numbers = np.arange(len(counts), dtype=np.int32)
        if self._mixing == "in-turn":
            return Turns(list(self.parts), np.tile(numbers, min(counts)))
        sets = np.repeat(numbers, counts)
        if self._seed is not None and len(counts) > 1:
            sets = sets[generator(self._seed, "mixed data sets", epoch).permutation(len(sets))]
        return Turns(list(self.parts), sets)
