"""Whether questions find their own passages."""

from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from tfsiamese.generation.chunks.chunk import Chunk
from tfsiamese.generation.quality.passages import passage_of
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair
from tfsiamese.search import retrieval_prompts
from tfsiamese.search.text_vectors import TextEncoder, encode_sides
from tfsiamese.search.vectors import unit_rows

__all__ = ["passage_ranks"]

_QUERIES_AT_ONCE = 256
_PASSAGES_AT_ONCE = 8192
# Single precision gives the same text a score that differs by less; ties are in favour of the pair.
_TIE = 1e-5


def passage_ranks(
    pairs: Sequence[WrittenPair],
    task: Task,
    encoder: TextEncoder,
    corpus: Iterable[Chunk],
    *,
    batch_size: int = 64,
    show_progress: bool = False,
) -> NDArray[np.int64]:
    """The rank of each pair's passage for its left text by cosine among all passages, from 1, int64 [pairs].

    The passages are the distinct texts of all chunks, those of the pairs included. Where a pair's passage is another
    text than its chunk, as one without its first sentence, it stands in the chunk's place, so that no sentence finds
    itself; so it does with chunks of the document that overlap its own, which hold some of the same sentences. Of
    equal cosines the pair's own is the best.

    Args:
        pairs: of a task that retrieves.
        task: what they were written for.
        encoder: has `encode(texts, batch_size=…, show_progress=…)`. Its prompts for queries and passages are used.
        corpus: all chunks that could be found.
        batch_size: texts that the encoder takes at once.
        show_progress: passed on to the encoder.

    Raises:
        EncoderError: the encoder's answer is not one finite vector for each text.

    Reference: Alberti et al., "Synthetic QA corpora generation with roundtrip consistency", ACL 2019; Dai et al.,
    "Promptagator: Few-shot dense retrieval from 8 examples", arXiv:2209.11755, for the round trip through retrieval.
    """
    if not pairs:
        return np.empty(0, np.int64)
    rows = _Rows([*corpus, *(pair.chunk for pair in pairs)])
    passages = [passage_of(pair, task) for pair in pairs]
    lefts = [pair.left for pair in pairs]
    prompts = retrieval_prompts(encoder)
    queries, encoded = encode_sides(
        encoder, lefts, [*rows.of_text, *passages], prompts, batch_size=batch_size, show_progress=show_progress
    )
    all_passages = unit_rows(encoded.of(rows.of_text))
    ranks = np.empty(len(pairs), np.int64)
    for start in range(0, len(pairs), _QUERIES_AT_ONCE):
        some = slice(start, start + _QUERIES_AT_ONCE)
        left = unit_rows(queries.of(lefts[some]))
        own = np.einsum("qd,qd->q", left, unit_rows(encoded.of(passages[some])))
        ignored = [rows.around(pair.chunk) for pair in pairs[some]]
        ranks[some] = 1 + _num_better(left, own, all_passages, ignored)
    return ranks


def _num_better(
    left: NDArray[np.float32], own: NDArray[np.float32], passages: NDArray[np.float32], ignored: Sequence[set[int]]
) -> NDArray[np.int64]:
    """How many passages are nearer to each query than its own is, int64 [queries]; the ignored rows do not count."""
    limits = own + np.float32(_TIE)
    counts = np.zeros(len(left), np.int64)
    for start in range(0, len(passages), _PASSAGES_AT_ONCE):
        counts += (left @ passages[start : start + _PASSAGES_AT_ONCE].T > limits[:, np.newaxis]).sum(axis=1)
    for query, rows in enumerate(ignored):
        counts[query] -= int((passages[sorted(rows)] @ left[query] > limits[query]).sum())
    return np.maximum(counts, 0)


class _Rows:
    """The distinct texts of chunks, each with a row, and which of them overlap."""

    def __init__(self, chunks: Sequence[Chunk]):
        self.of_text: dict[str, int] = {}
        self._of_source: dict[str, dict[Chunk, int]] = {}
        for chunk in chunks:
            row = self.of_text.setdefault(chunk.text, len(self.of_text))
            self._of_source.setdefault(chunk.source, {})[chunk] = row

    def around(self, chunk: Chunk) -> set[int]:
        """The rows of a chunk and of those of its document that share some of its text with it."""
        end = chunk.offset + len(chunk.text)
        return {
            row
            for other, row in self._of_source[chunk.source].items()
            if other.offset < end and chunk.offset < other.offset + len(other.text)
        }
