"""The body of a Word document as blocks."""

from collections.abc import Iterator
from typing import Any

from docx.oxml.ns import qn

from tfsiamese.generation.documents.clean_text import clean_line, clean_lines, join_lines
from tfsiamese.generation.documents.document import Block
from tfsiamese.generation.documents.docx_styles import ParagraphStyles

__all__ = ["docx_blocks"]

_PARAGRAPH, _TABLE, _ROW, _CELL = (qn(f"w:{name}") for name in ("p", "tbl", "tr", "tc"))
_TEXT_BOX = qn("w:txbxContent")
_CONTENTS = qn("w:docPartGallery")
_VALUE = qn("w:val")

_CHARACTERS = {
    qn("w:tab"): " ",
    qn("w:br"): "\n",
    qn("w:cr"): "\n",
    qn("w:noBreakHyphen"): "-",
    qn("w:ptab"): " ",
}
_TEXTS = (qn("w:t"), "{http://schemas.openxmlformats.org/officeDocument/2006/math}t")
_RUN = qn("w:r")
# Deleted text, properties (a tab stop is a w:tab too), what stands in boxes of its own, and the older copy of a shape.
_PASSED_OVER = frozenset(
    (
        *(qn(f"w:{name}") for name in ("del", "moveFrom", "pPr", "rPr", "tblPr", "tcPr", "trPr", "sectPr", "rt")),
        _TEXT_BOX,
        "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback",
    )
)
_CONTAINERS = frozenset(qn(f"w:{name}") for name in ("sdt", "sdtContent", "ins", "moveTo", "customXml", "smartTag"))


def docx_blocks(document: Any) -> tuple[Block, ...]:
    """The blocks of a document that python-docx has opened."""
    blocks = list(_Body(ParagraphStyles(document)).blocks(document.element.body))
    titles = [place for place, block in enumerate(blocks) if block.kind == "heading" and block.level == 0]
    if titles:
        blocks = [_lowered(block) for block in blocks]
    return tuple(blocks)


def _lowered(block: Block) -> Block:
    return Block(block.text, block.kind, block.level + 1) if block.kind == "heading" else block


class _Body:
    """Reads the content of a body, a cell or a text box; titles are headings of level 0 here."""

    def __init__(self, styles: ParagraphStyles):
        self._styles = styles

    def blocks(self, parent: Any) -> Iterator[Block]:
        for element in parent:
            if element.tag == _PARAGRAPH:
                yield from self._paragraph(element)
            elif element.tag == _TABLE:
                yield from self._table(element)
            elif element.tag in _CONTAINERS and not _is_contents(element):
                yield from self.blocks(element)

    def _paragraph(self, paragraph: Any) -> Iterator[Block]:
        kind, level = self._styles.kind(paragraph)
        text = _text(paragraph)
        if text and kind != "contents":
            yield Block(text, kind, level)
        for box in paragraph.iter(_TEXT_BOX):
            if not any(parent.tag in _PASSED_OVER for parent in _up_to(box, paragraph)):
                yield from self.blocks(box)

    def _table(self, table: Any) -> Iterator[Block]:
        rows = [row for row in table.iter(_ROW) if next(row.iterancestors(_TABLE)) is table]
        cells = [[cell for cell in row.iter(_CELL) if next(cell.iterancestors(_ROW)) is row] for row in rows]
        if sum(map(len, cells)) == 1:
            yield from self.blocks(cells[0][0])
            return
        lines = [" | ".join(map(_cell_text, row)) for row in cells if any(map(_cell_text, row))]
        text = clean_lines("\n".join(lines))
        if text:
            yield Block(text, "table")


def _cell_text(cell: Any) -> str:
    return clean_line(" ".join(filter(None, map(_text, cell.iter(_PARAGRAPH)))))


def _text(paragraph: Any) -> str:
    """The text of the runs of a paragraph, in order."""
    pieces: list[str] = []
    elements = [iter(paragraph)]
    while elements:
        for element in elements[-1]:
            if element.tag in _PASSED_OVER or (element.tag == _RUN and _is_hidden(element)):
                continue
            if element.tag in _TEXTS:
                pieces.append(element.text or "")
            elif element.tag in _CHARACTERS:
                pieces.append(_CHARACTERS[element.tag])
            else:
                elements.append(iter(element))
                break
        else:
            elements.pop()
    return join_lines("".join(pieces))


def _is_hidden(run: Any) -> bool:
    hidden = run.find(f"{qn('w:rPr')}/{qn('w:vanish')}")
    return hidden is not None and hidden.get(_VALUE, "1") not in ("0", "false", "off")


def _is_contents(element: Any) -> bool:
    """Whether a content control is a table of contents."""
    gallery = element.find(f"{qn('w:sdtPr')}/{qn('w:docPartObj')}/{_CONTENTS}")
    return gallery is not None and gallery.get(_VALUE) == "Table of Contents"


def _up_to(element: Any, last: Any) -> Iterator[Any]:
    """Yields what stands between an element and one that it is in."""
    parent = element.getparent()
    while parent is not last:
        yield parent
        parent = parent.getparent()
