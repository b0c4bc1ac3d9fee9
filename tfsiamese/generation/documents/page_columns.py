"""The reading order of a page: columns are found by the gutters between them.

A recursive cut of the page in the manner of the XY-cut (Nagy, Seth & Viswanathan 1992, "A prototype document image
analysis system for technical journals"), led by gutters as in Breuel 2002, "Two geometric algorithms for layout
analysis": a white strip that has lines of text on both sides, from one line that crosses it to the next.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

import numpy as np

from tfsiamese.generation.documents.hyphenation import is_unspaced
from tfsiamese.generation.documents.page_glyphs import is_right_to_left
from tfsiamese.generation.documents.page_tables import PageTable
from tfsiamese.generation.documents.page_words import Word

__all__ = ["Gutter", "reading_regions"]

Item = Word | PageTable

_MIN_WIDTH = 0.8
_MAX_TRIES = 12
_MIN_WORDS_OF_LINE = 2.5
_MIN_FULL_LINES = 0.35


@dataclass(frozen=True)
class Gutter:
    """A white strip between two columns, in points."""

    x0: float
    x1: float
    top: float
    bottom: float


@dataclass
class _Row:
    """What stands side by side within one column."""

    bottom: float
    x0: float
    x1: float
    num_words: float


def reading_regions(items: Sequence[Item], known: list[Gutter]) -> list[list[Item]]:
    """Words and tables in groups that are read one after the other, each from top to bottom.

    Columns are read from left to right, or from right to left where most words are.

    Args:
        items: of a page, without running headers and footers.
        known: gutters of the pages before; those of this page are added. Where one is known, a single line on either
            side is enough for columns, as on the last page of an article.
    """
    if not items:
        return []
    words = [item for item in items if isinstance(item, Word)]
    em = median(word.size for word in words) if words else 10.0
    backward = 2 * sum(is_right_to_left(word.text) for word in words) > len(words)
    return _regions(list(items), em, known, backward)


def _regions(items: list[Item], em: float, known: list[Gutter], backward: bool) -> list[list[Item]]:
    gutter = _gutter(items, em, known)
    if gutter is None:
        return [items] if items else []
    known.append(gutter)
    middle_x = (gutter.x0 + gutter.x1) / 2
    parts: tuple[list[Item], ...] = ([], [], [], [])
    for item in items:
        middle_y = (item.top + item.bottom) / 2
        if middle_y < gutter.top:
            parts[0].append(item)
        elif middle_y > gutter.bottom:
            parts[3].append(item)
        else:
            is_first = (item.x0 + item.x1) / 2 < middle_x
            parts[1 if is_first != backward else 2].append(item)
    return [region for part in parts for region in _regions(part, em, known, backward)]


def _gutter(items: list[Item], em: float, known: list[Gutter]) -> Gutter | None:
    """The gutter with the most lines beside it; None where the items form one column."""
    if len(items) < 2:
        return None
    boxes = np.array([(item.x0, item.x1, item.top, item.bottom) for item in items])
    candidates = sorted(_strips(boxes, em), reverse=True)
    for _, x, top, bottom in candidates[:_MAX_TRIES]:
        gutter = _checked(items, Gutter(x, x + _MIN_WIDTH * em, top, bottom), em, known)
        if gutter is not None:
            return gutter
    return None


def _strips(boxes: np.ndarray, em: float) -> list[tuple[float, float, float, float]]:
    """White strips of the least width with text on both sides: (number of items on the poorer side, x, top, bottom)."""
    left, right, top, bottom = boxes.T
    width = _MIN_WIDTH * em
    page_top, page_bottom = float(top.min()), float(bottom.max())
    middle = (top + bottom) / 2
    strips = []
    for x in np.unique(np.ceil(right[right < right.max() - 2 * em])):
        crossing = (left < x + width) & (right > x)
        edges = sorted(zip(top[crossing], bottom[crossing], strict=True))
        begin = page_top
        for edge_top, edge_bottom in [*edges, (page_bottom, page_bottom)]:
            if edge_top - begin > 0.5 * em:
                within = (middle > begin) & (middle < edge_top)
                poorer = min(np.sum(within & (right <= x)), np.sum(within & (left >= x + width)))
                if poorer:
                    strips.append((float(poorer), float(x), float(begin), float(edge_top)))
            begin = max(begin, edge_bottom)
    return strips


def _checked(items: list[Item], strip: Gutter, em: float, known: list[Gutter]) -> Gutter | None:
    """The strip with its true edges, if columns stand beside it."""
    within = [item for item in items if strip.top < (item.top + item.bottom) / 2 < strip.bottom]
    left_items = [item for item in within if item.x1 <= strip.x0 + 0.5]
    right_items = [item for item in within if item.x0 >= strip.x1 - 0.5]
    left, right = _rows(left_items), _rows(right_items)
    if not left or not right:
        return None
    gutter = Gutter(max(row.x1 for row in left), min(row.x0 for row in right), strip.top, strip.bottom)
    is_known = any(one.x0 - 0.5 * em < gutter.x1 and gutter.x0 < one.x1 + 0.5 * em for one in known)
    if _begins_as_known(left, right, known):
        return gutter
    fewest = min(len(left), len(right))
    looks_typeset = all(
        _is_prose(rows) or _is_prose(_rows(of, _MIN_WIDTH * em))
        for rows, of in ((left, left_items), (right, right_items))
    )
    if is_known and looks_typeset:
        return _below_shared_text(gutter, left, right, em)
    if fewest < 3 or (fewest < 5 and gutter.x1 - gutter.x0 < 1.2 * em and not is_known):
        return None
    stands_alone = _share_aligned(left, right, em) < 0.5 and min(_width(left), _width(right)) > 5 * em
    if not (looks_typeset or stands_alone):
        return None
    return _below_shared_text(gutter, left, right, em)


def _begins_as_known(left: list[_Row], right: list[_Row], known: list[Gutter]) -> bool:
    """Whether a column begins where one of the pages before does, as the last lines of a text do behind prose."""
    begins = min(row.x0 for row in right)
    return any(abs(one.x1 - begins) < 1 for one in known) and (_is_prose(left) or _is_prose(right))


def _rows(items: list[Item], max_gap: float | None = None) -> list[_Row]:
    """Rows of a column, from top to bottom; cut where a gap is wider than this one, as between inner columns."""
    rows: list[_Row] = []
    for item in sorted(items, key=lambda item: (round(item.bottom), item.x0)):
        if isinstance(item, PageTable):
            # A table fills its column for as many lines as it has rows.
            height = (item.bottom - item.top) / len(item.rows)
            rows += [_Row(item.top + height * (n + 1), item.x0, item.x1, 4) for n in range(len(item.rows))]
        elif rows and _stands_beside(rows[-1], item, max_gap):
            row = rows[-1]
            row.x0, row.x1 = min(row.x0, item.x0), max(row.x1, item.x1)
            row.num_words += _num_words(item.text)
        else:
            rows.append(_Row(item.bottom, item.x0, item.x1, _num_words(item.text)))
    return sorted(rows, key=lambda row: row.bottom)


def _stands_beside(row: _Row, word: Word, max_gap: float | None) -> bool:
    is_near = max_gap is None or row.x0 - max_gap < word.x0 < row.x1 + max_gap
    return is_near and abs(word.bottom - row.bottom) < 0.45 * word.size


def _num_words(text: str) -> float:
    return len(text) / 3 if is_unspaced(text[0]) else 1


def _width(rows: list[_Row]) -> float:
    return max(row.x1 for row in rows) - min(row.x0 for row in rows)


def _is_prose(rows: list[_Row]) -> bool:
    """Whether lines of several words, many of them full, stand in this column, as cells of a table seldom do."""
    width = _width(rows)
    full = sum(row.x1 - row.x0 > 0.8 * width for row in rows)
    return median(row.num_words for row in rows) >= _MIN_WORDS_OF_LINE and full >= _MIN_FULL_LINES * len(rows)


def _share_aligned(left: list[_Row], right: list[_Row], em: float) -> float:
    """Which share of the lines of the poorer side stands at the height of one of the other."""
    fewer, more = sorted((left, right), key=len)
    bottoms = [row.bottom for row in more]
    return sum(min(abs(row.bottom - bottom) for bottom in bottoms) < 0.2 * em for row in fewer) / len(fewer)


def _below_shared_text(gutter: Gutter, left: list[_Row], right: list[_Row], em: float) -> Gutter:
    """The gutter, begun lower where lines of a text across both columns stand beside its top.

    These are the last, short line of a paragraph, or names of authors that stand beside each other.
    """
    names = _bottom_of_names(left, right, em)
    if names is not None:
        return Gutter(gutter.x0, gutter.x1, names + 0.1, gutter.bottom)
    first = min(row.bottom for row in right)
    short = [row.bottom for row in left if row.bottom < first - em]
    if short and min(short) - gutter.top < 1.6 * em and len(short) <= 1:
        return Gutter(gutter.x0, gutter.x1, min(short) + 0.1, gutter.bottom)
    return gutter


def _bottom_of_names(left: list[_Row], right: list[_Row], em: float) -> float | None:
    """Where lines on both sides end that begin where no column does, and that white space sets off from the columns."""
    bottoms = sorted(row.bottom for row in (*left, *right))
    end = next((above for above, below in pairwise(bottoms) if below - above > 2 * em), None)
    if end is None:
        return None
    for rows in (left, right):
        upper = [row for row in rows if row.bottom <= end]
        edge, _ = Counter(round(row.x0) for row in rows).most_common(1)[0]
        if not upper or len(rows) < len(upper) + 3 or any(abs(row.x0 - edge) < 0.5 * em for row in upper):
            return None
    return end
