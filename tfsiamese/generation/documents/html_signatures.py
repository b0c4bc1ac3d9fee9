"""Descriptions of functions, classes and terms that can stand as sections of their own."""

from typing import Any

from bs4 import Tag

from tfsiamese.generation.documents.html_elements import HEADINGS, classes, is_dropped, is_rubric, is_signature_list
from tfsiamese.generation.documents.html_inline import is_text

__all__ = ["SignatureHeadings"]

_SECTIONS = HEADINGS | frozenset(("section", "article"))
_BOUNDS = frozenset(("section", "article", "main", "body"))


class SignatureHeadings:
    """Tells which terms may be headings, while a page is walked.

    A description ends where its dl ends, but a heading reaches as far as the next one. So a term is a heading only
    where nothing but other descriptions follows, up to the end of its section or the next heading.
    """

    def __init__(self, root: Any):
        self._root = root
        self._open: list[tuple[Any, bool]] = []
        self._closing: dict[int, bool] = {}

    def enter(self, description: Any) -> None:
        """Notes a dl of signatures that the walk goes into."""
        inside = self._open[-1][1] if self._open else True
        self._open.append((description, inside and self._closes(description)))

    def leave(self, description: Any) -> None:
        """Notes a dl that the walk leaves."""
        if self._open and self._open[-1][0] is description:
            self._open.pop()

    @property
    def num_open(self) -> int:
        """In how many descriptions the walk is."""
        return len(self._open)

    def depth(self, term: Any) -> int:
        """How many levels below the section's heading a dt stands as a heading; 0 where it is none."""
        if not self._open or term.parent is not self._open[-1][0]:
            return 0
        return len(self._open) if self._open[-1][1] else 0

    def _closes(self, description: Any) -> bool:
        """Whether nothing but descriptions follows a dl; told for all of a row of them at once."""
        row = []
        node, result = description, None
        while result is None:
            if id(node) in self._closing:
                result = self._closing[id(node)]
                break
            if isinstance(node, Tag) and is_signature_list(node):
                row.append(id(node))
            elif isinstance(node, Tag) and _begins_section(node):
                result = True
                break
            elif _has_text(node):
                result = False
                break
            node, result = self._after(node)
        self._closing |= dict.fromkeys(row, result)
        return result

    def _after(self, node: Any) -> tuple[Any, bool | None]:
        """The node that follows, out of plain containers too; or that none does before the section ends."""
        while node.next_sibling is None:
            node = node.parent
            inside = self._open[-1][0] if self._open else None
            if node is None or node is self._root or _ends_section(node) or _is_inside(node, inside):
                return node, True
        return node.next_sibling, None


def _is_inside(node: Any, description: Any) -> bool:
    return description is not None and node.name == "dd" and node.parent is description


def _begins_section(tag: Any) -> bool:
    return tag.name in _SECTIONS or "section" in classes(tag) or is_rubric(tag)


def _ends_section(tag: Any) -> bool:
    return tag.name in _BOUNDS or "section" in classes(tag)


def _has_text(node: Any) -> bool:
    if isinstance(node, Tag):
        return not is_dropped(node) and bool(node.get_text(strip=True))
    return is_text(node) and bool(node.strip())
