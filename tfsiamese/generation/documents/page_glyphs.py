"""The characters of a PDF page, each with its place, its size and its font."""

import math
import re
import unicodedata
from collections import Counter
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Any

__all__ = [
    "UNREADABLE",
    "Glyph",
    "is_right_to_left",
    "is_vertical",
    "is_wide",
    "shown_box",
    "take_glyphs",
    "turned_box",
    "turned_glyphs",
]

# Stands for a glyph whose character the PDF does not tell.
UNREADABLE = "\ufffd"

Box = tuple[float, float, float, float]

_CID = re.compile(r"\(cid:\d+\)")
_PRESENTATION_FORMS = re.compile("[\ufb00-\ufdf9\ufe70-\ufefc]")


@dataclass(slots=True)
class Glyph:
    """A character where it is drawn.

    Attributes:
        text: what it stands for, ligatures expanded; `UNREADABLE` where the PDF does not tell.
        x0, x1, top, bottom: its box in points, from the upper left corner of the page.
        size: of its font, in points.
        font: its name.
    """

    text: str
    x0: float
    x1: float
    top: float
    bottom: float
    size: float
    font: str


def take_glyphs(page: Any) -> dict[int, list[Glyph]]:
    """The characters of a page, by their direction in degrees (0, 90, 180 or 270), as they are drawn.

    Diagonal ones, as watermarks have them, and those outside what a viewer shows are left out.

    Args:
        page: of pdfplumber; its characters are taken out of its layout.
    """
    left, top, right, bottom = shown_box(page)
    by_direction: dict[int, list[Glyph]] = {}
    for character in _take_characters(page.layout):
        direction = _direction(character.matrix)
        if direction is not None:
            # The parser counts from the lower left corner of the page's medium.
            glyph = _glyph(character, left, page.height - top)
            x, y = (glyph.x0 + glyph.x1) / 2, (glyph.top + glyph.bottom) / 2
            if -1 < x < right - left + 1 and -1 < y < bottom - top + 1:
                by_direction.setdefault(direction, []).append(glyph)
    return by_direction


def shown_box(page: Any) -> Box:
    """What a viewer shows of a page: x0, top, x1 and bottom in points from the upper left corner of its medium."""
    left, top = page.bbox[:2]
    x0, y0, x1, y1 = page.cropbox
    width, height = float(page.width), float(page.height)
    x0, y0 = max(float(x0 - left), 0.0), max(float(y0 - top), 0.0)
    x1, y1 = min(float(x1 - left), width), min(float(y1 - top), height)
    return (x0, y0, x1, y1) if x1 - x0 > 1 and y1 - y0 > 1 else (0.0, 0.0, width, height)


def turned_box(box: Box, angle: int, width: float, height: float) -> Box:
    """A box (x0, top, x1, bottom) on a page of this width and height, as it lies when text at `angle` is upright."""
    x0, top, x1, bottom = box
    if angle == 90:
        return height - bottom, x0, height - top, x1
    if angle == 270:
        return top, width - x1, bottom, width - x0
    if angle == 180:
        return width - x1, height - bottom, width - x0, height - top
    return box


def turned_glyphs(glyphs: list[Glyph], angle: int, width: float, height: float) -> list[Glyph]:
    """Turns characters of this direction, on a page of this width and height, upright."""
    if angle:
        for glyph in glyphs:
            box = (glyph.x0, glyph.top, glyph.x1, glyph.bottom)
            glyph.x0, glyph.top, glyph.x1, glyph.bottom = turned_box(box, angle, width, height)
            glyph.size = glyph.bottom - glyph.top or glyph.size
    return glyphs


def is_vertical(glyphs: list[Glyph]) -> bool:
    """Whether most characters stand under the one before, as in vertical Japanese."""
    below = beside = 0
    for before, after in pairwise(glyphs):
        if abs(after.x0 + after.x1 - before.x0 - before.x1) < 0.5 * after.size:
            below += 0 < after.top - before.top < 2 * after.size
        elif abs(after.bottom - before.bottom) < 0.5 * after.size:
            beside += 1
    return below > 2 * beside and below >= 8


def _take_characters(container: Any) -> list[Any]:
    """The characters of the parser's layout, in the order in which they are drawn; they are taken out of it.

    pdfplumber would make a dictionary of each, when it looks for the lines of tables, at the cost of all other work.
    """
    characters: list[Any] = []
    others: list[Any] = []
    for item in container:
        if hasattr(item, "fontname"):
            characters.append(item)
        else:
            others.append(item)
            if hasattr(item, "_objs"):
                characters += _take_characters(item)
    container._objs = others
    return characters


def _direction(matrix: tuple[float, ...]) -> int | None:
    """Degrees of the text's direction, counter-clockwise; None for diagonal text."""
    a, b, _, d = matrix[:4]
    if b == 0 and a > 0:
        return 0
    if a < 0 and b == 0 and d > 0:
        return 0  # mirrored
    degrees = math.degrees(math.atan2(b, a)) % 360
    nearest = round(degrees / 90) * 90
    return nearest % 360 if abs(degrees - nearest) <= 15 else None


def _glyph(character: Any, left: float, foot: float) -> Glyph:
    text = character.get_text()
    if not text.isascii():
        text = _PRESENTATION_FORMS.sub(lambda form: unicodedata.normalize("NFKC", form[0]), text)
    elif _CID.fullmatch(text):
        text = UNREADABLE
    return Glyph(
        text,
        character.x0 - left,
        character.x1 - left,
        foot - character.y1,
        foot - character.y0,
        character.size or 1.0,
        str(character.fontname),
    )


@lru_cache(maxsize=16384)
def is_wide(text: str) -> bool:
    """Whether a character fills a square, as Chinese and Japanese ones do."""
    return unicodedata.east_asian_width(text[0]) in "WF"


@lru_cache(maxsize=16384)
def is_right_to_left(text: str) -> bool:
    """Whether more of the text's letters run from right to left than from left to right."""
    classes = Counter(unicodedata.bidirectional(character) for character in text)
    return classes["R"] + classes["AL"] > classes["L"] + classes["EN"]
