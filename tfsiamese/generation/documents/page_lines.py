"""Words that stand beside each other become lines."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from tfsiamese.generation.documents.hyphenation import is_unspaced
from tfsiamese.generation.documents.page_glyphs import is_right_to_left
from tfsiamese.generation.documents.page_words import Word

__all__ = ["Line", "make_lines"]

_MARK = re.compile(r"[\d*†‡§¶,]{1,5}")
_MIN_SPACE = 0.16
_MIN_SPACE_UNSPACED = 0.6


@dataclass(frozen=True)
class Line:
    """Words side by side.

    Attributes:
        words: in reading order.
        x0, x1, top, bottom: the box of the words that stand on its base line, in points.
        size: of the font of most of its characters, in points.
        is_bold: all of it.
        is_monospaced: all of it.
    """

    words: tuple[Word, ...]
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    is_bold: bool
    is_monospaced: bool

    @property
    def text(self) -> str:
        """The words, with a space where the page shows one."""
        parts = [self.words[0].text]
        for before, after in pairwise(self.words):
            parts.append(after.text if _touch(before, after) else f" {after.text}")
        return "".join(parts)

    def spaced_text(self, left: float) -> str:
        """The words, indented and set apart as the page shows it.

        Args:
            left: where text without indentation begins, in points.
        """
        characters = sum(len(word.text) for word in self.words)
        width = sum(word.x1 - word.x0 for word in self.words) / characters or 1.0
        text, end = "", left
        for word in self.words:
            text += " " * max(round((word.x0 - end) / width), 1 if text and word.opens else 0) + word.text
            end = word.x1
        return text

    @property
    def marks(self) -> list[Word]:
        """Its raised small numbers and signs, as footnotes have them."""
        return [word for word in self.words if self._is_mark(word)]

    def without_marks(self, marks: set[str]) -> "Line":
        """The line without those of its marks that are among these; itself if nothing else would be left."""
        words = [word for word in self.words if not (self._is_mark(word) and set(word.text.split(",")) <= marks)]
        return replace(self, words=tuple(words)) if words else self

    def _is_mark(self, word: Word) -> bool:
        is_raised = word.size < 0.85 * self.size and word.bottom < self.bottom - 0.12 * self.size
        return is_raised and _MARK.fullmatch(word.text) is not None


def make_lines(words: Iterable[Word]) -> list[Line]:
    """Lines from top to bottom.

    Args:
        words: of one column, or of a page without columns.
    """
    rows: list[list[Word]] = []
    # Large words first: raised and lowered ones then join the line they belong to.
    for word in sorted(words, key=lambda word: -word.size):
        row = _row_of(word, rows)
        if row is None:
            rows.append([word])
        else:
            row.append(word)
    lines = sorted((_line(row) for row in rows), key=lambda line: (line.bottom, line.x0))
    return _with_drop_caps(lines)


def _row_of(word: Word, rows: list[list[Word]]) -> list[Word] | None:
    best, best_overlap = None, 0.5 * (word.bottom - word.top)
    for row in rows:
        first = row[0]
        overlap = min(word.bottom, first.bottom) - max(word.top, first.top)
        if overlap > best_overlap and word.size > 0.45 * first.size:
            best, best_overlap = row, overlap
    return best


def _line(row: list[Word]) -> Line:
    characters: dict[float, int] = {}
    for word in row:
        characters[word.size] = characters.get(word.size, 0) + len(word.text)
    size = max(characters, key=lambda key: (characters[key], key))
    base = next(word for word in row if word.size == size)
    words = _in_reading_order(sorted(row, key=lambda word: word.x0))
    return Line(
        tuple(words),
        min(word.x0 for word in row),
        max(word.x1 for word in row),
        base.top,
        base.bottom,
        size,
        all(word.is_bold for word in row if any(map(str.isalnum, word.text))) and any(word.is_bold for word in row),
        all(word.is_monospaced for word in row),
    )


def _in_reading_order(words: list[Word]) -> list[Word]:
    """Words from left to right, or from right to left where most of them are; numbers and foreign words keep theirs."""
    backward = [is_right_to_left(word.text) for word in words]
    letters = sum(any(map(str.isalpha, word.text)) for word in words)
    if not 2 * sum(backward) > letters:
        return _runs_reversed(words, backward, True) if any(backward) else words
    return _runs_reversed(words, backward, False)[::-1]


def _runs_reversed(words: list[Word], backward: Sequence[bool], which: bool) -> list[Word]:
    """The words, with each run of those whose direction is `which` turned round."""
    result: list[Word] = []
    begin = 0
    for end in range(1, len(words) + 1):
        if end == len(words) or backward[end] != backward[begin]:
            run = words[begin:end]
            result += run[::-1] if backward[begin] == which else run
            begin = end
    return result


def _touch(before: Word, after: Word) -> bool:
    """Whether no space stands between two neighbours."""
    left, right = (before, after) if before.x0 <= after.x0 else (after, before)
    gap = right.x0 - left.x1
    size = max(left.size, right.size)
    if is_unspaced(before.text[-1]) and is_unspaced(after.text[0]):
        return gap < _MIN_SPACE_UNSPACED * size
    return gap < _MIN_SPACE * size and not (before.closes or after.opens)


def _with_drop_caps(lines: list[Line]) -> list[Line]:
    """The lines, with a letter that is as high as several of them put before the first of those."""
    for place, line in enumerate(lines):
        text = line.text
        if len(text) != 1 or not text.isalpha():
            continue
        beside = [
            other
            for other in lines
            if other.size < 0.6 * line.size
            and line.x1 - 1 <= other.x0 < line.x1 + 2 * other.size
            and line.top - other.size < other.bottom < line.bottom + 0.5 * other.size
        ]
        if beside:
            first = min(beside, key=lambda other: other.bottom)
            letter = replace(line.words[0], x0=first.x0, x1=first.x0, closes=line.words[0].closes)
            opened = replace(first, words=(letter, *first.words))
            return [opened if other is first else other for other in lines[:place] + lines[place + 1 :]]
    return lines
