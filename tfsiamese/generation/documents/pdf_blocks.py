"""Pieces of pages become the blocks of a document: paragraphs go on over columns and pages."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from tfsiamese.generation.documents.clean_text import clean_code, clean_line, clean_lines
from tfsiamese.generation.documents.document import Block
from tfsiamese.generation.documents.hyphenation import is_unspaced, join_broken_lines, spelled_words
from tfsiamese.generation.documents.page_glyphs import UNREADABLE
from tfsiamese.generation.documents.page_paragraphs import Piece, ends_sentence, is_full, without_bullet
from tfsiamese.generation.documents.page_style import without_leaders

__all__ = ["make_blocks"]

_CAPTION = re.compile(
    r"(?:table|figure|fig\.|tab\.|tabelle|abbildung|abb\.|tableau|tabla|figura|рис\.|таблица)\s*[A-Z]?\d|[表図图]\s*\d",
    re.IGNORECASE,
)
_MAX_LEVEL = 6


def make_blocks(pieces: Sequence[Piece]) -> tuple[Block, ...]:
    """The blocks of a document in reading order.

    A paragraph that goes on in the next column, on the next page or behind a table is one block, where it began.

    Args:
        pieces: of all its pages.
    """
    joined = _joined(pieces)
    words = spelled_words([line.text for line in piece.lines] for piece in joined if piece.kind != "code")
    sizes = sorted({_size(piece) for piece in joined if piece.kind == "heading"}, reverse=True)
    blocks = []
    for piece in joined:
        text = _text(piece, words)
        level = min(sizes.index(_size(piece)) + 1, _MAX_LEVEL) if piece.kind == "heading" else 0
        if text.strip(" |\n"):
            blocks.append(Block(text, piece.kind, level, piece.page))
    return tuple(blocks)


def _text(piece: Piece, words: Counter[str]) -> str:
    if piece.kind == "table":
        rows = [" | ".join(_clean(join_broken_lines(cell, words)) for cell in row) for row in piece.rows]
        return clean_lines("\n".join(rows))
    if piece.kind == "code":
        left = min(line.x0 for line in piece.lines)
        return clean_code("\n".join(line.spaced_text(left) for line in piece.lines).replace(UNREADABLE, ""))
    text = join_broken_lines([line.text for line in piece.lines], words)
    return _clean(without_bullet(text) if piece.kind == "list_item" else text)


def _clean(text: str) -> str:
    return clean_line(without_leaders(text.replace(UNREADABLE, "")))


def _size(piece: Piece) -> float:
    return round(2 * piece.lines[0].size) / 2


def _joined(pieces: Sequence[Piece]) -> list[Piece]:
    """The pieces, with those that go on in a later column put together."""
    joined: list[Piece] = []
    indents = _indents_paragraphs(pieces)
    flow: Piece | None = None
    table: Piece | None = None
    for piece in pieces:
        if piece.kind == "table":
            if table is not None and len(piece.rows) > 1 and piece.rows[0] == table.rows[0]:
                piece.rows = piece.rows[1:]
            table = piece
        elif not piece.is_note and not _is_caption(piece):
            if flow is not None and piece.opens_column and _continues(flow, piece, indents):
                flow.lines += piece.lines
                flow.right, flow.is_justified = piece.right, piece.is_justified
                continue
            flow, table = piece, None
        joined.append(piece)
    return joined


def _is_caption(piece: Piece) -> bool:
    return piece.kind == "paragraph" and _CAPTION.match(piece.text) is not None


def _indents_paragraphs(pieces: Sequence[Piece]) -> bool:
    """Whether most paragraphs that stand under another one are indented."""
    under = [b for a, b in pairwise(pieces) if a.kind == b.kind == "paragraph" and not b.opens_column]
    return 2 * sum(piece.is_indented for piece in under) > len(under)


def _continues(flow: Piece, piece: Piece, indents: bool) -> bool:
    """Whether a paragraph at a column's top goes on with the one at the end of the column before.

    Args:
        flow: ends the column before.
        piece: opens this one.
        indents: the document indents its paragraphs.
    """
    last, first = flow.lines[-1], piece.lines[0]
    if flow.kind not in ("paragraph", "list_item") or piece.kind != "paragraph":
        return False
    if abs(last.size - first.size) > 0.08 * last.size:
        return False
    full = is_full(last, first, flow.right)
    opening = first.text.lstrip("\"'“‘„«(")[:1]
    if not ends_sentence(last.text):
        return opening.islower() or full or is_unspaced(last.text[-1])
    if opening.islower():
        return full
    ends_at_edge = flow.is_justified and last.x1 > flow.right - 0.7
    return not piece.is_indented and (ends_at_edge or (full and indents))
