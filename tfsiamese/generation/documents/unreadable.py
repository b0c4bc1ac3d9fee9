"""What stands in place of a document that could not be read."""

from dataclasses import dataclass

__all__ = ["UnreadableFile"]


@dataclass(frozen=True)
class UnreadableFile:
    """A file, or a row of a table, that gave no document.

    Attributes:
        source: names it as a document would have been named, such as "guide/install.html" or "faq.csv:row 12".
        reason: one line that says why, and what to do where something can be done.
    """

    source: str
    reason: str
