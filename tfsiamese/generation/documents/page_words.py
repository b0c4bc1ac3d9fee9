"""A PDF page's characters become words with a place, a size and a weight."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from tfsiamese.generation.documents.page_glyphs import (
    UNREADABLE,
    Glyph,
    is_right_to_left,
    is_vertical,
    is_wide,
    shown_box,
    take_glyphs,
    turned_glyphs,
)

__all__ = ["PageText", "Word", "read_page_text"]

_MAX_GAP = 0.16
_MAX_GAP_UNSPACED = 0.5
_BOLD = re.compile(r"bold|black|heavy|demi|cmbx|bx\d|,b$|-b$", re.IGNORECASE)
_MONOSPACED = re.compile(r"mono|courier|typewriter|cmtt|sftt|consol|menlo|nimbusmon", re.IGNORECASE)


@dataclass(slots=True)
class Word:
    """Characters without a space between them, of one size, on one line.

    Attributes:
        text: in logical order, ligatures expanded.
        x0, x1, top, bottom: its box in points, from the page's upper left corner.
        size: of its font, in points.
        is_bold: as its font's name says.
        is_monospaced: likewise.
        opens: a space stands before it.
        closes: a space stands after it.
    """

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    is_bold: bool = False
    is_monospaced: bool = False
    opens: bool = False
    closes: bool = False


@dataclass(slots=True)
class PageText:
    """The words of a page.

    Attributes:
        words: in the direction of most of the page, turned upright if need be.
        turned: words in another direction, such as a stamp along the margin.
        width, height: of the page as its words are turned, in points.
        direction: of `words` on the page: 0, 90, 180 or 270 degrees.
        num_characters: that were drawn, spaces excluded.
        num_unreadable: those among them without a known character.
    """

    words: list[Word]
    turned: list[Word]
    width: float
    height: float
    direction: int
    num_characters: int
    num_unreadable: int


def read_page_text(page: Any) -> PageText:
    """The words of a page.

    Diagonal text, as watermarks have it, is left out. Text from top to bottom, in columns from right to left, is
    turned like text that stands on its side.

    Args:
        page: of pdfplumber.
    """
    left, top, right, bottom = shown_box(page)
    width, height = right - left, bottom - top
    by_direction = take_glyphs(page)
    if not by_direction:
        return PageText([], [], width, height, 0, 0, 0)
    direction = max(by_direction, key=lambda key: len(by_direction[key]))
    words: list[Word] = []
    turned: list[Word] = []
    for key, glyphs in by_direction.items():
        angle = 270 if key == 0 and is_vertical(glyphs) else key
        if key == direction:
            direction = angle
            words = list(_without_repeats(_words(turned_glyphs(glyphs, angle, width, height))))
        else:
            turned += _without_repeats(_words(turned_glyphs(glyphs, angle, width, height)))
    if direction in (90, 270):
        width, height = height, width
    drawn = [glyph.text for glyphs in by_direction.values() for glyph in glyphs if glyph.text.strip()]
    return PageText(words, turned, width, height, direction, len(drawn), drawn.count(UNREADABLE))


def _words(glyphs: Iterable[Glyph]) -> Iterator[Word]:
    """Words in the order in which the page draws them: neighbours there are neighbours in the text."""
    run: list[Glyph] = []
    opens = False
    for glyph in glyphs:
        if not glyph.text.strip():
            if run:
                yield _word(run, opens, closes=True)
            run, opens = [], True
        elif run and _is_repeat(run[-1], glyph):
            continue
        elif run and not _follows(run[-1], glyph):
            yield _word(run, opens, closes=False)
            run, opens = [glyph], False
        else:
            run.append(glyph)
    if run:
        yield _word(run, opens, closes=False)


def _is_repeat(before: Glyph, after: Glyph) -> bool:
    """Whether a character is drawn a second time, a hair to the right, to look bold."""
    return (
        before.text == after.text
        and abs(after.x0 - before.x0) < 0.2 * (after.x1 - after.x0)
        and abs(after.top - before.top) < 0.1 * after.size
    )


def _follows(before: Glyph, after: Glyph) -> bool:
    size = max(before.size, after.size)
    if abs(before.bottom - after.bottom) > 0.15 * size or abs(before.size - after.size) > 0.1 * size:
        return False
    if _is_bold(before.font) != _is_bold(after.font):
        return False
    limit = _MAX_GAP_UNSPACED if is_wide(before.text) and is_wide(after.text) else _MAX_GAP
    if -0.4 * size < after.x0 - before.x1 < limit * size:
        return True
    return -0.4 * size < before.x0 - after.x1 < limit * size and is_right_to_left(before.text + after.text)


def _word(glyphs: list[Glyph], opens: bool, closes: bool) -> Word:
    texts = [glyph.text for glyph in glyphs]
    # Right-to-left text is drawn in either direction; read from the right, both are in logical order.
    if glyphs[-1].x0 > glyphs[0].x0 and is_right_to_left("".join(texts)):
        texts.reverse()
    return Word(
        "".join(texts),
        min(glyph.x0 for glyph in glyphs),
        max(glyph.x1 for glyph in glyphs),
        glyphs[0].top,
        glyphs[0].bottom,
        glyphs[0].size,
        _is_bold(glyphs[0].font),
        _MONOSPACED.search(glyphs[0].font) is not None,
        opens,
        closes,
    )


def _without_repeats(words: Iterable[Word]) -> Iterator[Word]:
    """Words without those that are drawn a second time at the same place."""
    seen: dict[str, list[Word]] = {}
    for word in words:
        same = seen.setdefault(word.text, [])
        limit = 0.15 * word.size
        if not any(abs(word.x0 - one.x0) < limit and abs(word.top - one.top) < limit for one in same):
            same.append(word)
            yield word


@lru_cache(maxsize=4096)
def _is_bold(font: str) -> bool:
    return _BOLD.search(font) is not None
