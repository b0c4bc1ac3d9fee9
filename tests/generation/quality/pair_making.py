"""Pairs and encoders for the tests of this folder."""

from collections.abc import Mapping

import numpy as np

from tfsiamese.generation.chunks.chunk import Chunk
from tfsiamese.generation.tasks.task import get_task
from tfsiamese.generation.tasks.written_pair import WrittenPair

QA, PASSAGES, PARAPHRASES, TRIPLETS = map(get_task, ("qa", "query-passage", "paraphrase", "triplets"))

PASSAGE = "The gateway closes idle connections after ninety seconds, and a client has to open a new one by then."


def make_pair(
    left: str,
    right: str | None = None,
    *,
    passage: str = PASSAGE,
    source: str = "guide.html",
    negative: str | None = None,
    offset: int = 0,
) -> WrittenPair:
    """A pair of a chunk; its right text is the chunk where none is given."""
    chunk = Chunk(passage, source, offset, page=2)
    return WrittenPair(chunk, left, passage if right is None else right, negative)


class LookUp:
    """An encoder with a vector for each text it knows, which remembers what it was asked for."""

    def __init__(self, vectors: Mapping[str, list[float]]):
        self.vectors = vectors
        self.asked: list[str] = []

    def encode(self, texts: list[str], *, batch_size: int = 64, show_progress: bool = False) -> np.ndarray:
        self.asked += texts
        return np.array([self.vectors[text] for text in texts], np.float32)
