"""Lines of a column become headings, paragraphs and items of lists."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from statistics import median

from tfsiamese.generation.documents.hyphenation import is_unspaced
from tfsiamese.generation.documents.page_glyphs import UNREADABLE, is_right_to_left
from tfsiamese.generation.documents.page_lines import Line
from tfsiamese.generation.documents.page_style import TextStyle, is_code_line, is_entry, is_heading_line

__all__ = ["Piece", "ends_sentence", "is_full", "make_pieces", "without_bullet"]

_BULLET = re.compile(rf"(?:[•●○◦▪▫■□◆◇‣⁃∙·➢➤✓\ue000-\uf8ff{UNREADABLE}]|[-–—*o](?=\s))\s*(?=\S)")
_NUMBERED = re.compile(r"(?:\(?(?:\d{1,3}|[a-z]|[ivx]{1,5})\)|\d{1,3}\.|[a-z]\.|\[\d{1,3}\])\s+(?=\S)")
_SENTENCE_END = re.compile(r"[.!?:;…。！？：؟۔।॥][\"'”’»)\]」』）]*[\d*†‡]*$")
_MAX_HEADING = 200
_MAX_HEADING_LINES = 4


@dataclass
class Piece:
    """Lines that belong together.

    Attributes:
        kind: "heading", "paragraph", "list_item", "table" or "code".
        page: where it begins, from 1.
        lines: of its text; empty for a table.
        right: where the lines of its column end, in points.
        is_indented: its first line begins further right than its column does.
        is_justified: most lines of its column end at the same place.
        opens_column: no text of its column stands above it.
        is_note: a footnote, or text in another direction than the page's.
        rows: of a table.
    """

    kind: str
    page: int
    lines: list[Line]
    right: float = 0.0
    is_indented: bool = False
    is_justified: bool = False
    opens_column: bool = False
    is_note: bool = False
    rows: list[list[list[str]]] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The lines, for a look at them; hyphens are still there."""
        return " ".join(line.text for line in self.lines)


def make_pieces(lines: Sequence[Line], page: int, style: TextStyle) -> list[Piece]:
    """Headings, paragraphs and items of lists of one column, from top to bottom.

    Args:
        lines: of the column, or of a part of it without a table in between.
        page: its number.
        style: the document's.
    """
    if 2 * sum(is_right_to_left(line.text) for line in lines) > len(lines):
        # Such lines begin at the right; mirrored, they are indented and end short as others do.
        lines = [replace(line, x0=-line.x1, x1=-line.x0) for line in lines]
    pieces: list[Piece] = []
    for run in _runs(lines, style):
        kind_of_line = [is_heading_line(line, style) for line in run]
        if all(kind_of_line) and _is_heading(run):
            pieces.append(Piece("heading", page, run))
        elif is_code_line(run[0], style) and (len(run) > 1 or len(run[0].words) > 1):
            pieces.append(Piece("code", page, run))
        else:
            pieces += _paragraphs(run, page)
    return _placed_in_column(pieces, lines)


def _placed_in_column(pieces: list[Piece], lines: Sequence[Line]) -> list[Piece]:
    left, right = min(line.x0 for line in lines), max(line.x1 for line in lines)
    is_justified = len(lines) > 3 and 2 * sum(line.x1 > right - 0.7 for line in lines) > len(lines)
    for piece in pieces:
        piece.right, piece.is_justified = right, is_justified
        piece.is_indented = piece.lines[0].x0 > left + 0.6 * piece.lines[0].size
    return pieces


def ends_sentence(text: str) -> bool:
    """Whether a sentence may end here."""
    return _SENTENCE_END.search(text) is not None


def without_bullet(text: str) -> str:
    """An item's text without its bullet; its number stays."""
    return _BULLET.sub("", text, count=1)


def _runs(lines: Sequence[Line], style: TextStyle) -> list[list[Line]]:
    """Lines of one size and weight, without more white space between them than is usual."""
    runs: list[list[Line]] = []
    for line in lines:
        if runs and _goes_on(runs[-1], line, style):
            runs[-1].append(line)
        else:
            runs.append([line])
    return runs


def _goes_on(run: list[Line], line: Line, style: TextStyle) -> bool:
    above = run[-1]
    if is_entry(above):
        return False
    if is_code_line(line, style) or is_code_line(above, style):
        both = is_code_line(line, style) and is_code_line(above, style)
        return both and line.bottom - above.bottom < 2.5 * line.size
    if abs(line.size - above.size) > 0.08 * above.size:
        return False
    if line.is_bold != above.is_bold and is_heading_line(line, style) != is_heading_line(above, style):
        return False
    gap = (line.bottom - above.bottom) / line.size
    usual = max(style.leading, _leading(run)) if len(run) > 2 else style.leading
    if is_heading_line(line, style):
        return gap < 1.6
    if gap > 1.5 * usual + 0.05:
        return False
    return gap <= 1.12 * usual + 0.05 or (not ends_sentence(above.text) and line.text[0].islower())


def _leading(run: list[Line]) -> float:
    return median((b.bottom - a.bottom) / b.size for a, b in pairwise(run))


def _is_heading(run: list[Line]) -> bool:
    text = " ".join(line.text for line in run)
    if len(text) > _MAX_HEADING or len(run) > _MAX_HEADING_LINES or not any(map(str.isalpha, text)):
        return False
    if _BULLET.match(text):
        return False
    return not re.search(r"[.;,。、]$", text.rstrip("\"'”’»)")) or len(text.split()) == 1


def _paragraphs(run: list[Line], page: int) -> list[Piece]:
    """Cuts lines of one distance where one is indented, begins an item, or follows one that ends short."""
    left, is_hanging = _left_edge(run)
    right = max(line.x1 for line in run)
    pieces: list[Piece] = []
    for place, line in enumerate(run):
        above = run[place - 1] if place else None
        is_item = _begins_item(line, above, left)
        if above is None or is_item or _begins_paragraph(line, above, (left, right), is_hanging, pieces[-1]):
            kind = "list_item" if is_item else "paragraph"
            pieces.append(Piece(kind, page, [line]))
        else:
            pieces[-1].lines.append(line)
    return pieces


def _left_edge(run: list[Line]) -> tuple[float, bool]:
    """Where most lines begin, and whether first lines stand out to the left of it."""
    edges = Counter(round(line.x0) for line in run)
    usual, count = edges.most_common(1)[0]
    least = min(edges)
    if usual - least > 0.6 * run[0].size and count > len(run) / 2 and not _BULLET.match(run[0].text):
        is_first_out = run[0].x0 < usual - 0.6 * run[0].size
        if is_first_out:
            return float(least), True
    return float(least), False


def _begins_item(line: Line, above: Line | None, left: float) -> bool:
    text = line.text
    if _BULLET.match(text):
        # A dash at a line's beginning may stand within a sentence.
        is_dash = text[0] in "-–—*o"
        return not is_dash or above is None or ends_sentence(above.text) or not text[1:].strip()[:1].islower()
    if not _NUMBERED.match(text):
        return False
    return above is None or ends_sentence(above.text) or line.x0 > left + 1 or _is_item_text(above.text)


def _is_item_text(text: str) -> bool:
    return _NUMBERED.match(text) is not None


def _begins_paragraph(line: Line, above: Line, edges: tuple[float, float], is_hanging: bool, piece: Piece) -> bool:
    left, right = edges
    ended = ends_sentence(above.text)
    if is_hanging:
        return line.x0 < left + 0.6 * line.size
    if piece.kind == "list_item":
        # Text under an item belongs to it while it stands under the item's own text.
        returns = line.x0 < piece.lines[-1].x0 - 0.6 * line.size and len(piece.lines) > 1
        return returns or (line.x0 <= piece.lines[0].x0 + 1 and ended and not is_full(above, line, right))
    if line.x0 > above.x0 + 0.6 * line.size and line.x0 > left + 0.6 * line.size:
        return ended or not line.text[0].islower()
    if is_full(above, line, right):
        return False
    width = right - left
    if ended:
        return right - above.x1 > 0.15 * width
    opens = not line.text[0].islower() and not is_unspaced(line.text[0])
    return opens and right - above.x1 > 0.4 * width


def is_full(line: Line, following: Line, right: float) -> bool:
    """Whether the following line's first word would not have fitted behind a line."""
    first = following.words[0]
    width = first.x1 - first.x0
    if is_unspaced(first.text[0]):
        width = width / len(first.text)
    return line.x1 + width + 0.2 * line.size > right
