"""The elements of a page as blocks, in the order of the page."""

from typing import Any

from tfsiamese.generation.documents.clean_text import join_lines
from tfsiamese.generation.documents.document import Block
from tfsiamese.generation.documents.html_elements import (
    BLOCKS,
    HEADINGS,
    TITLE_CLASSES,
    classes,
    is_rubric,
    is_signature_list,
)
from tfsiamese.generation.documents.html_inline import code_text, inline_text, is_text_table, table_text, walk
from tfsiamese.generation.documents.html_signatures import SignatureHeadings

__all__ = ["html_blocks"]

_CODE = ("pre", "listing", "xmp", "plaintext")


def html_blocks(root: Any) -> tuple[Block, ...]:
    """The blocks of an element of a parsed page.

    What Sphinx writes for a function or a class, and a term of a glossary, gives a heading, one level below the
    section's, where no text of the section follows it that would seem to stand under it.

    Args:
        root: a tag of BeautifulSoup, such as the page's body.
    """
    return _Blocks(root).found()


class _Blocks:
    """Walks a page once, keeping the text of the block that is open."""

    def __init__(self, root: Any):
        self._root = root
        self._blocks: list[Block] = []
        self._text: list[str] = []
        self._lead = ""  # what goes in front of the next paragraph: the term that it explains, or its note's title
        self._level = 0
        self._new_items: list[bool] = []
        self._signatures = SignatureHeadings(root)

    def found(self) -> tuple[Block, ...]:
        for kind, node in walk(self._root, self._enters):
            if kind == "text":
                self._text.append(str(node))
            elif kind == "enter":
                self._enter(node)
            else:
                self._leave(node)
        self._flush()
        self._flush_lead()
        return tuple(self._blocks)

    def _enters(self, tag: Any) -> bool:
        """Tags that give one block are taken whole."""
        return not (
            tag.name in HEADINGS
            or is_rubric(tag)
            or tag.name in _CODE
            or tag.name == "dt"
            or (tag.name == "table" and is_text_table(tag))
            or not TITLE_CLASSES.isdisjoint(classes(tag))
        )

    def _enter(self, tag: Any) -> None:
        if tag.name == "br":
            self._text.append(" ")
        if tag.name not in BLOCKS:
            return
        self._flush()
        if tag.name == "li":
            self._new_items.append(True)
        elif tag.name == "dl" and is_signature_list(tag):
            self._signatures.enter(tag)
        if not self._enters(tag):
            self._take(tag)

    def _leave(self, tag: Any) -> None:
        if tag.name not in BLOCKS:
            return
        self._flush()
        if tag.name == "li":
            self._new_items.pop()
        elif tag.name == "dl":
            self._signatures.leave(tag)

    def _take(self, tag: Any) -> None:
        if tag.name in HEADINGS:
            self._level = int(tag.name[1])
            self._add(inline_text(tag), "heading", self._level)
        elif is_rubric(tag):
            self._add(inline_text(tag), "heading", self._level + self._signatures.num_open + 1)
        elif tag.name in _CODE:
            self._add(code_text(tag), "code")
        elif tag.name == "table":
            self._add(_caption(tag), "paragraph")
            self._add(table_text(tag), "table")
        elif tag.name == "dt" and self._signatures.depth(tag):
            self._add_signature(tag)
        else:
            self._flush_lead()
            self._lead = inline_text(tag)

    def _add_signature(self, term: Any) -> None:
        """Of several terms with one description the first alone is a heading."""
        before = term.find_previous_sibling()
        if before is None or before.name != "dt":
            self._add(inline_text(term), "heading", self._level + self._signatures.depth(term))
        else:
            self._add(inline_text(term), "list_item")

    def _flush(self) -> None:
        text = join_lines("".join(self._text))
        self._text.clear()
        if not text:
            return
        kind = "paragraph"
        if self._new_items and self._new_items[-1]:
            kind = "list_item"
            self._new_items[-1] = False
        self._add(text, kind)

    def _add(self, text: str, kind: str, level: int = 0) -> None:
        if not text:
            return
        if self._lead and kind in ("paragraph", "list_item"):
            text = f"{self._lead.rstrip(':')}: {text}"
            self._lead = ""
        self._flush_lead()
        self._blocks.append(Block(text, kind, level))

    def _flush_lead(self) -> None:
        if self._lead:
            self._blocks.append(Block(self._lead))
            self._lead = ""


def _caption(table: Any) -> str:
    caption = table.find("caption", recursive=False)
    return inline_text(caption) if caption is not None else ""
