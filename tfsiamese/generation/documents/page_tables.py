"""Ruled tables of a PDF page."""

from collections import Counter
from dataclasses import dataclass
from typing import Any

from tfsiamese.generation.documents.page_glyphs import shown_box, turned_box
from tfsiamese.generation.documents.page_lines import make_lines
from tfsiamese.generation.documents.page_words import PageText, Word

__all__ = ["PageTable", "take_tables"]

_MAX_LINES_OF_CELL = 15

Box = tuple[float, ...]


@dataclass(slots=True)
class PageTable:
    """A ruled table.

    Attributes:
        rows: of cells, of lines: `rows[row][cell]` holds the lines of that cell's text.
        x0, x1, top, bottom: its box in points.
        size: of its text's font, in points.
    """

    rows: list[list[list[str]]]
    x0: float
    x1: float
    top: float
    bottom: float
    size: float


def take_tables(page: Any, text: PageText) -> list[PageTable]:
    """The ruled tables of a page; their words are taken out of `text.words`.

    A frame round a page, a figure or a paragraph is no table: a table has two rows and two columns at least, and text
    in a good part of its cells.

    Args:
        page: of pdfplumber.
        text: of this page.
    """
    if len(page.lines) + len(page.rects) + len(page.curves) < 2:
        return []
    tables = []
    for found in sorted(page.find_tables(), key=lambda table: _area(table.bbox)):
        rows = [[_placed(cell, page, text) for cell in row.cells] for row in found.rows]
        table = _table(rows, _placed(found.bbox, page, text), text)
        if table is not None:
            tables.append(table)
    return tables


def _area(box: Box) -> float:
    return (box[2] - box[0]) * (box[3] - box[1])


def _placed(box: Box | None, page: Any, text: PageText) -> Box | None:
    """A box of pdfplumber in the coordinates of the page's words."""
    if box is None:
        return None
    left, top, right, bottom = shown_box(page)
    x, y = page.bbox[0] + left, page.bbox[1] + top
    moved = (box[0] - x, box[1] - y, box[2] - x, box[3] - y)
    return turned_box(moved, text.direction, right - left, bottom - top)


def _table(rows: list[list[Box | None]], box: Box | None, text: PageText) -> PageTable | None:
    if box is None or len(rows) < 2 or max(map(len, rows)) < 2:
        return None
    if text.direction in (90, 180, 270):
        rows = _arranged([cell for row in rows for cell in row if cell is not None])
    contents = [[_inside(cell, text.words) if cell else [] for cell in row] for row in rows]
    if not _is_table(contents, text):
        return None
    taken = {id(word) for row in contents for words in row for word in words}
    sizes = Counter(word.size for row in contents for words in row for word in words)
    text.words = [word for word in text.words if id(word) not in taken]
    cells = [[[line.text for line in make_lines(words)] for words in row] for row in contents]
    return PageTable(_without_empty(cells), box[0], box[2], box[1], box[3], sizes.most_common(1)[0][0])


def _arranged(cells: list[Box]) -> list[list[Box | None]]:
    """Cells of a turned table as rows."""
    rows: dict[int, list[Box | None]] = {}
    for cell in sorted(cells, key=lambda cell: (round(cell[1]), cell[0])):
        rows.setdefault(round(cell[1]), []).append(cell)
    return list(rows.values())


def _inside(cell: Box, words: list[Word]) -> list[Word]:
    x0, top, x1, bottom = cell
    return [
        word for word in words if x0 <= (word.x0 + word.x1) / 2 < x1 and top <= (word.top + word.bottom) / 2 < bottom
    ]


def _is_table(contents: list[list[list[Word]]], text: PageText) -> bool:
    cells = [words for row in contents for words in row]
    filled = [words for words in cells if words]
    if len(filled) < 3 or 3 * len(filled) < len(cells):
        return False
    used_columns = {place for row in contents for place, words in enumerate(row) if words}
    if len(used_columns) < 2 or sum(any(row) for row in contents) < 2:
        return False
    largest = max(filled, key=len)
    # Two columns of prose with a rule between them and a frame round the page look like this.
    is_page = len(largest) > 60 and 3 * len(largest) > len(text.words)
    return not (is_page and len(make_lines(largest)) > _MAX_LINES_OF_CELL)


def _without_empty(rows: list[list[list[str]]]) -> list[list[list[str]]]:
    """Rows and columns that have text somewhere."""
    width = max(map(len, rows))
    used = [place for place in range(width) if any(place < len(row) and row[place] for row in rows)]
    return [[row[place] if place < len(row) else [] for place in used] for row in rows if any(row)]
