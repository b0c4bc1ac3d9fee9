"""What a document is once its file format is left behind."""

from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

__all__ = ["BLOCK_SEPARATOR", "Block", "Document"]

BLOCK_SEPARATOR = "\n\n"


@dataclass(frozen=True)
class Block:
    """A heading, a paragraph, an item of a list, a table or some code.

    Attributes:
        text: not empty, without white space at its ends; line breaks stand in tables (a row a line, cells between
            " | ") and code alone.
        kind: "heading", "paragraph", "list_item", "table" or "code".
        level: of a heading, 1 for the highest; 0 for anything else.
        page: where it begins, from 1; None where the format has no pages.
    """

    text: str
    kind: str = "paragraph"
    level: int = 0
    page: int | None = None


@dataclass(frozen=True)
class Document:
    """The text of one file, or of one row of a table, in reading order.

    Attributes:
        source: names it in messages and outputs, such as "guide/install.html" or "faq.csv:row 12".
        title: what it calls itself; "" where it has none.
        blocks: in reading order.
    """

    source: str
    title: str
    blocks: tuple[Block, ...]

    @cached_property
    def text(self) -> str:
        """All blocks, with an empty line between them."""
        return BLOCK_SEPARATOR.join(block.text for block in self.blocks)

    @cached_property
    def offsets(self) -> tuple[int, ...]:
        """Where each block begins in `text`, in characters."""
        lengths = [len(block.text) + len(BLOCK_SEPARATOR) for block in self.blocks]
        return tuple(accumulate(lengths, initial=0))[: len(self.blocks)]
