"""A pair that was left out."""

from dataclasses import dataclass
from typing import NamedTuple

from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["Dropped", "Finding"]


class Finding(NamedTuple):
    """What is wrong with a pair: one of `REASONS`, and what there is to say about it, "" for nothing."""

    reason: str
    detail: str


@dataclass(frozen=True)
class Dropped:
    """A pair that was left out, and why.

    Attributes:
        pair: as it was written.
        reason: one of `REASONS`.
        detail: more about it, such as "rank 57"; "" where there is none.
    """

    pair: WrittenPair
    reason: str
    detail: str = ""
