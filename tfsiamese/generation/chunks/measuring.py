"""How long a run of units is, in characters or in an encoder's tokens."""

from collections.abc import Callable, Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Protocol

from tfsiamese.errors import SettingsError
from tfsiamese.generation.chunks.sections import Unit

__all__ = ["CharacterMeasure", "CountTokens", "Measure", "TokenCounts", "TokenMeasure"]

CountTokens = Callable[[list[str]], Iterable[int] | None]

_NUM_SAMPLES = 8


class Measure(Protocol):
    """Measures what `size` and `overlap` bound."""

    def __call__(self, units: Sequence[Unit], first: int, last: int) -> int:
        """The length of the text from units[first] to units[last - 1]."""
        ...


class CharacterMeasure:
    """Characters, with those between the units."""

    def __call__(self, units: Sequence[Unit], first: int, last: int) -> int:
        """The length of the text from units[first] to units[last - 1]."""
        return units[last - 1].end - units[first].start


class TokenCounts:
    """The tokens of spans of a text, each counted once."""

    def __init__(self, text: str, count_tokens: CountTokens):
        self._text = text
        self._count_tokens = count_tokens
        self._counted: dict[tuple[int, int], int] = {}

    def count(self, spans: Iterable[tuple[int, int]]) -> bool:
        """Counts the tokens of these spans, in one call; says whether there were new ones.

        Raises:
            SettingsError: the encoder does not tell how many tokens it makes of a text.
        """
        new = sorted(set(spans) - self._counted.keys())
        if new:
            counts = self._count_tokens([self._text[start:end] for start, end in new])
            if counts is None:
                raise SettingsError(
                    "This encoder does not tell how many tokens it makes of a text. Expected one that does: pass "
                    'another, or take the unit "characters".'
                )
            self._counted.update(zip(new, map(int, counts), strict=True))
        return bool(new)

    def get(self, start: int, end: int) -> int | None:
        """The tokens of text[start:end]; None where they were not counted."""
        return self._counted.get((start, end))

    def __getitem__(self, span: tuple[int, int]) -> int:
        """The tokens of a span that was counted."""
        return self._counted[span]


class TokenMeasure:
    """Tokens: counted where that was done, else guessed from those of each unit.

    The tokens of a text are not the sum of its sentences': each of them has the encoder's special tokens, and tokens
    may span two. So a guess is used to choose chunks, and a count has to confirm them.
    """

    def __init__(self, counts: TokenCounts, sections: Sequence[Sequence[Unit]]):
        """Adds up the tokens of each unit of a document, and compares those of a few neighbours with their sum."""
        self._counts = counts
        neighbours = [(a, b) for units in sections for a, b in pairwise(units)]
        samples = neighbours[:: max(1, len(neighbours) // _NUM_SAMPLES)]
        units = [unit for section in sections for unit in section]
        counts.count([*((unit.start, unit.end) for unit in units), *((a.start, b.end) for a, b in samples)])
        tokens = [counts[unit.start, unit.end] for unit in units]
        self._before = dict(zip((unit.start for unit in units), accumulate(tokens, initial=0), strict=False))
        savings = (counts[a.start, a.end] + counts[b.start, b.end] - counts[a.start, b.end] for a, b in samples)
        self._saved = max(0, min(savings, default=0))

    def __call__(self, units: Sequence[Unit], first: int, last: int) -> int:
        """The length of the text from units[first] to units[last - 1], or a guess."""
        begin, end = units[first], units[last - 1]
        known = self._counts.get(begin.start, end.end)
        if known is not None:
            return known
        total = self._before[end.start] + self._counts[end.start, end.end] - self._before[begin.start]
        return total - self._saved * (last - first - 1)
