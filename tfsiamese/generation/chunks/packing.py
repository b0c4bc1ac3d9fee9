"""Which units of a section make a chunk."""

from collections.abc import Sequence
from dataclasses import dataclass

from tfsiamese.generation.chunks.measuring import Measure
from tfsiamese.generation.chunks.prose import reading_length
from tfsiamese.generation.chunks.sections import Unit
from tfsiamese.generation.chunks.settings import ChunkSettings

__all__ = ["Run", "pack"]


@dataclass(frozen=True)
class Run:
    """Units `first` to `last` (exclusive) of a section; those before `new` are repeated from the run before."""

    first: int
    new: int
    last: int


def pack(text: str, units: Sequence[Unit], measure: Measure, settings: ChunkSettings) -> list[Run]:
    """Runs of units that are as long as `size` allows, and end with a block where that fills at least half of it.

    The last run takes sentences from the one before where it would be too short by itself.
    """
    runs: list[Run] = []
    first = new = 0
    while new < len(units):
        last = new + 1
        while last < len(units) and measure(units, first, last + 1) <= settings.size:
            last += 1
        if last < len(units):
            last = _end_of_block(units, first, new, last)
        runs.append(Run(first, new, last))
        if last < len(units):
            first = _overlap(units, first, last, measure, settings)
        new = last
    return _with_longer_end(text, units, runs, measure, settings)


def _end_of_block(units: Sequence[Unit], first: int, new: int, last: int) -> int:
    half = units[first].start + (units[last - 1].end - units[first].start) / 2
    for end in range(last, new, -1):
        if units[end - 1].end < half:
            break
        if units[end].block != units[end - 1].block:
            return end
    return last


def _overlap(units: Sequence[Unit], first: int, last: int, measure: Measure, settings: ChunkSettings) -> int:
    """Where the next run begins: early enough to repeat, late enough to take one new unit at least."""
    begin = last
    while (
        settings.overlap
        and begin - 1 > first
        and units[begin - 1].is_whole
        and measure(units, begin - 1, last) <= settings.overlap
        and measure(units, begin - 1, last + 1) <= settings.size
    ):
        begin -= 1
    return begin


def _with_longer_end(
    text: str, units: Sequence[Unit], runs: list[Run], measure: Measure, settings: ChunkSettings
) -> list[Run]:
    def is_short(first: int, last: int) -> bool:
        return reading_length(text[units[first].start : units[last - 1].end]) < settings.min_size

    if len(runs) < 2 or not is_short(runs[-1].first, runs[-1].last):
        return runs
    before, end = runs[-2], runs[-1]
    if measure(units, before.first, end.last) <= settings.size:
        return [*runs[:-2], Run(before.first, before.new, end.last)]
    for begin in range(end.new - 1, before.new, -1):
        if measure(units, begin, end.last) > settings.size or is_short(before.first, begin):
            break
        if not is_short(begin, end.last):
            return [*runs[:-2], Run(before.first, before.new, begin), Run(begin, begin, end.last)]
    return runs
