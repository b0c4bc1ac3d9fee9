"""Footnotes: small lines at a column's end that begin with a mark."""

import re
from collections.abc import Sequence

from tfsiamese.generation.documents.page_lines import Line
from tfsiamese.generation.documents.page_paragraphs import Piece
from tfsiamese.generation.documents.page_style import TextStyle

__all__ = ["make_notes", "split_notes"]

_SMALLER = 0.93
_BEGINS_NOTE = re.compile(r"(?:\d{1,3}[.)]?|[*†‡§¶]{1,3})\s*(?=\S)")


def split_notes(lines: Sequence[Line], style: TextStyle) -> tuple[list[Line], list[Line]]:
    """The lines of a column, and the footnotes at its end.

    Args:
        lines: from top to bottom.
        style: the document's.
    """
    begin = len(lines)
    while begin and lines[begin - 1].size < _SMALLER * style.size:
        begin -= 1
    while begin < len(lines) and not _begins_note(lines[begin]):
        begin += 1
    return list(lines[:begin]), list(lines[begin:])


def make_notes(lines: Sequence[Line], page: int) -> tuple[list[Piece], set[str]]:
    """The footnotes of a page, without the raised marks they begin with, and these marks.

    Args:
        lines: of its footnotes.
        page: its number.
    """
    pieces: list[Piece] = []
    marks: set[str] = set()
    for line in lines:
        raised = [word for word in line.marks[:1] if word is line.words[0]]
        marks |= {word.text for word in raised}
        if pieces and not _begins_note(line):
            pieces[-1].lines.append(line.without_marks(marks))
        else:
            pieces.append(Piece("paragraph", page, [line.without_marks(marks)], is_note=True))
    return pieces, marks


def _begins_note(line: Line) -> bool:
    return line.marks[:1] == list(line.words[:1]) or _BEGINS_NOTE.match(line.text) is not None
