"""A piece of a document that pairs are written from."""

from dataclasses import dataclass

__all__ = ["Chunk"]


@dataclass(frozen=True)
class Chunk:
    """Whole sentences of one section of a document.

    Attributes:
        text: `document.text[offset : offset + len(text)]`, headings excluded.
        source: the document's.
        offset: where the text begins in the document's text, in characters.
        page: the page on which it begins, from 1; None where the format has no pages.
        title: the document's; "" where it has none. Without the number of a section, as the headings.
        headings: those above it, the highest first, without bare numbers that count sections; the document's title is
            among them only where it is a heading.
        opens_section: whether it is the first chunk under its headings.
    """

    text: str
    source: str
    offset: int
    page: int | None = None
    title: str = ""
    headings: tuple[str, ...] = ()
    opens_section: bool = False
