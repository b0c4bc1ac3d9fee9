"""Whatever did not become a pair, and why."""

from dataclasses import dataclass

from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.documents import UnreadableFile
from tfsiamese.generation.quality import Dropped

__all__ = ["Unused", "dropped_pair", "unused_chunk", "unused_file", "unused_item"]


@dataclass(frozen=True)
class Unused:
    """A file that could not be read, a chunk without a pair, an item of an answer, or a pair that was dropped.

    Attributes:
        kind: "file", "chunk", "item" (of an answer that has others that can be used) or "pair".
        reason: a few words, the same for all that are alike.
        detail: what the reason leaves open; "" for nothing.
        source: the document.
        page: of the chunk; None where the format has no pages.
        offset: of the chunk in the document's text; None for a file.
        texts: the chunk's text, or the texts of the pair.
    """

    kind: str
    reason: str
    detail: str
    source: str
    page: int | None = None
    offset: int | None = None
    texts: tuple[str, ...] = ()


def unused_file(file: UnreadableFile) -> Unused:
    """A file that could not be read."""
    return Unused("file", "cannot be read", file.reason, file.source)


def unused_chunk(chunk: Chunk, reason: str, detail: str = "") -> Unused:
    """A chunk that no pair was written from."""
    return Unused("chunk", reason, detail, chunk.source, chunk.page, chunk.offset, (chunk.text,))


def unused_item(chunk: Chunk, problem: str) -> Unused:
    """A part of an answer that is no pair."""
    return Unused("item", "broken item", problem, chunk.source, chunk.page, chunk.offset, (chunk.text,))


def dropped_pair(dropped: Dropped) -> Unused:
    """A pair that a filter dropped."""
    pair, chunk = dropped.pair, dropped.pair.chunk
    texts = (pair.left, pair.right) if pair.negative is None else (pair.left, pair.right, pair.negative)
    return Unused("pair", dropped.reason, dropped.detail, chunk.source, chunk.page, chunk.offset, texts)
