"""What a document was cut into, and what of it is no use."""

from dataclasses import dataclass

from tfsiamese.generation.chunks.chunk import Chunk

__all__ = ["ChunkedDocument", "LeftOut"]


@dataclass(frozen=True)
class LeftOut:
    """A chunk that pairs should not be written from.

    Attributes:
        chunk: the chunk.
        reason: "too short", or "no prose" where it holds only code, numbers or single words, or is part of a table of
            contents or an index.
    """

    chunk: Chunk
    reason: str


@dataclass(frozen=True)
class ChunkedDocument:
    """The chunks of a document.

    Attributes:
        chunks: in reading order.
        left_out: those that are no use, in reading order.
    """

    chunks: tuple[Chunk, ...]
    left_out: tuple[LeftOut, ...]
