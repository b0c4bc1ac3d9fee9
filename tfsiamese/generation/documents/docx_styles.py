"""What the styles of a Word document say a paragraph is."""

import re
from typing import Any

from docx.oxml.ns import qn

__all__ = ["ParagraphStyles"]

_VALUE = qn("w:val")
_PROPERTIES = qn("w:pPr")
_BODY_LEVEL = 9

# Word keeps the names of its own styles in English in the file, whatever its language; other programs may not.
_HEADING = re.compile(r"heading ?([1-9])$")
_HEADING_ID = re.compile(
    r"(?:heading|berschrift|überschrift|titre|ttulo|título|titolo|kop|rubrik|nagwek|nagłówek)([1-9])$"
)


class ParagraphStyles:
    """Tells headings, list items and lines of a table of contents from other paragraphs.

    Args:
        document: opened by python-docx.
    """

    def __init__(self, document: Any):
        self._styles: dict[str, Any] = {}
        self._default: str | None = None
        self._kinds: dict[str | None, tuple[str, int]] = {}
        for style in document.styles.element.iter(qn("w:style")):
            if style.get(qn("w:type"), "paragraph") == "paragraph":
                identifier = style.get(qn("w:styleId"), "")
                self._styles[identifier] = style
                if style.get(qn("w:default")) in ("1", "true", "on"):
                    self._default = identifier

    def kind(self, paragraph: Any) -> tuple[str, int]:
        """The kind of a w:p element, "heading", "list_item", "paragraph" or "contents", and a heading's level.

        A title is a heading of level 0.
        """
        properties = paragraph.find(_PROPERTIES)
        outlined = _outline_kind(properties)
        if outlined is not None:
            return outlined
        named = properties.find(qn("w:pStyle")) if properties is not None else None
        identifier = named.get(_VALUE) if named is not None else self._default
        if identifier not in self._kinds:
            self._kinds[identifier] = self._style_kind(identifier)
        kind, level = self._kinds[identifier]
        return ("list_item", 0) if kind == "paragraph" and _is_numbered(properties) else (kind, level)

    def _style_kind(self, identifier: str | None) -> tuple[str, int]:
        """What a style says, or the nearest one that it is based on; headings may be numbered too."""
        seen = set()
        numbered = False
        while identifier in self._styles and identifier not in seen:
            seen.add(identifier)
            style = self._styles[identifier]
            properties = style.find(_PROPERTIES)
            kind = _named_kind(style, identifier or "") or _outline_kind(properties)
            if kind is not None:
                return kind
            numbered = numbered or _is_numbered(properties)
            base = style.find(qn("w:basedOn"))
            identifier = base.get(_VALUE) if base is not None else None
        return ("list_item" if numbered else "paragraph"), 0


def _named_kind(style: Any, identifier: str) -> tuple[str, int] | None:
    name_element = style.find(qn("w:name"))
    name = (name_element.get(_VALUE, "") if name_element is not None else "").casefold()
    if name == "title":
        return "heading", 0
    found = _HEADING.match(name) or _HEADING_ID.match(identifier.casefold())
    if found:
        return "heading", int(found[1])
    if re.match(r"toc (?:heading|\d)$|table of figures$", name):
        return "contents", 0
    if re.match(r"list(?: bullet| number| paragraph)?(?: \d)?$", name):
        return "list_item", 0
    return None


def _outline_kind(properties: Any) -> tuple[str, int] | None:
    """What the outline level in a w:pPr element says; None where it has none."""
    outline = properties.find(qn("w:outlineLvl")) if properties is not None else None
    if outline is None:
        return None
    level = int(outline.get(_VALUE, _BODY_LEVEL))
    return ("heading", level + 1) if level < _BODY_LEVEL else ("paragraph", 0)


def _is_numbered(properties: Any) -> bool:
    """Whether a w:pPr element puts a bullet or a number in front."""
    number = properties.find(f"{qn('w:numPr')}/{qn('w:numId')}") if properties is not None else None
    return number is not None and number.get(_VALUE) != "0"
