"""What a writer made of a chunk."""

from dataclasses import dataclass

from tfsiamese.generation.chunks.chunk import Chunk

__all__ = ["WrittenPair"]


@dataclass(frozen=True)
class WrittenPair:
    """One row of the output.

    Attributes:
        chunk: what it was written from.
        left: the question, query, anchor or first sentence.
        right: the answer, passage, positive or second sentence.
        negative: of a triplet, a text that is close to the anchor and does not answer it.
        score: of a paraphrase, how similar the two are, 0 to 1.
    """

    chunk: Chunk
    left: str
    right: str
    negative: str | None = None
    score: float | None = None
