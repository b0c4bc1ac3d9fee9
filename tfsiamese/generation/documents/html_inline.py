"""The text of an element that gives one block."""

from collections.abc import Callable, Iterator
from typing import Any

from bs4 import NavigableString, Tag
from bs4.element import PreformattedString

from tfsiamese.generation.documents.clean_text import clean_code, clean_lines, join_lines
from tfsiamese.generation.documents.html_elements import BLOCKS, is_dropped

__all__ = ["code_text", "inline_text", "is_text", "is_text_table", "table_text", "walk"]

_INSIDE_LAYOUT = ["table", "pre", "h1", "h2", "h3", "h4", "h5", "h6", "article", "section", "dl"]


def is_text(node: Any) -> bool:
    """Whether a node is text that a page shows: no comment, no declaration."""
    return isinstance(node, NavigableString) and not isinstance(node, PreformattedString)


def inline_text(element: Any) -> str:
    """All text inside an element as one line."""
    return join_lines("".join(_pieces(element, " ")))


def code_text(element: Any) -> str:
    """The text of preformatted code, with its lines and their indentation."""
    return clean_code("".join(_pieces(element, "\n")))


def is_text_table(table: Any) -> bool:
    """Whether a table holds words and numbers, rather than parts of the page."""
    if table.get("role") in ("presentation", "none") or table.find(_INSIDE_LAYOUT) is not None:
        return False
    cells = table.find_all(["td", "th"], limit=2)
    return len(cells) > 1


def table_text(table: Any) -> str:
    """A row a line, cells between " | "."""
    rows = []
    for row in table.find_all("tr"):
        cells = [inline_text(cell) for cell in row.find_all(["td", "th"], recursive=False) if not is_dropped(cell)]
        if any(cells):
            rows.append(" | ".join(cells))
    return clean_lines("\n".join(rows))


def _pieces(element: Any, at_break: str) -> Iterator[str]:
    """Yields text as it stands, and `at_break` where a line of the page ends."""
    for kind, node in walk(element, lambda tag: True):
        if kind == "text":
            yield str(node)
        elif node is not element and (node.name in BLOCKS or (node.name == "br" and kind == "enter")):
            yield at_break


def walk(element: Any, enters: Callable[[Any], bool]) -> Iterator[tuple[str, Any]]:
    """Yields ("enter", tag), ("text", string) and ("leave", tag) in the order of the page, to any depth.

    Args:
        element: where to start; it is entered and left too.
        enters: tells whether to walk into a tag that was yielded; its "leave" follows at once otherwise.
    """
    yield "enter", element
    stack = [(element, iter(element.contents if enters(element) else ()))]
    while stack:
        parent, nodes = stack[-1]
        for node in nodes:
            if is_text(node):
                yield "text", node
            elif isinstance(node, Tag) and not is_dropped(node):
                yield "enter", node
                stack.append((node, iter(node.contents if enters(node) else ())))
                break
        else:
            stack.pop()
            yield "leave", parent
