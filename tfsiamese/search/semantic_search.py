"""The texts of a corpus that are nearest to a query."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.typing import ArrayLike

from tfsiamese.search.encoding import vectors_of
from tfsiamese.search.prompts import retrieval_prompts
from tfsiamese.search.text_vectors import TextEncoder
from tfsiamese.search.top_k import top_k as find_top_k

__all__ = ["Hit", "semantic_search"]


@dataclass(frozen=True)
class Hit:
    """One result: the position in the corpus, and the similarity to the query."""

    index: int
    score: float


def semantic_search(
    queries: Sequence[str] | ArrayLike,
    corpus: Sequence[str] | ArrayLike,
    top_k: int = 10,
    *,
    similarity: str = "cosine",
    encoder: TextEncoder | None = None,
    batch_size: int = 64,
    show_progress: bool = False,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> list[list[Hit]]:
    """Finds the nearest texts, or vectors, of a corpus for each query; exact, as `top_k`.

    Args:
        queries: n texts, or vectors [n, dimension].
        corpus: m texts, or vectors [m, dimension]; one side may be texts and the other vectors.
        top_k: hits a query, at most.
        similarity: "cosine", "angular" or "dot".
        encoder: has `encode(texts, batch_size=…, show_progress=…)`; needed where there are texts.
        batch_size: texts that the encoder takes at once.
        show_progress: passed on to the encoder.
        query_prompt: what stands before each query that is a text: the name of one of the encoder's prompts, or a text;
            "" for nothing. By default its prompt "query", if it has one.
        passage_prompt: the same for the corpus; by default its prompt "passage", "document" or "corpus".

    Returns:
        For each query its min(top_k, m) hits, the best first.

    Raises:
        DataError: texts or vectors cannot be used, or the dimensions differ.
        EncoderError: the encoder's answer is not one finite vector for each text.
        SettingsError: a setting is out of range, or there are texts and no encoder.

    Example:
        >>> semantic_search(["nurse"], ["baker", "paediatric nurse"], top_k=1, encoder=encoder)
        [[Hit(index=1, score=0.83)]]
    """
    prompts = retrieval_prompts(encoder, query_prompt, passage_prompt)
    options: dict[str, Any] = {"batch_size": batch_size, "show_progress": show_progress}
    left = vectors_of(queries, encoder, "queries", prompt=prompts.query, **options)
    right = vectors_of(corpus, encoder, "corpus", prompt=prompts.passage, **options)
    found = find_top_k(left, right, top_k, similarity=similarity)
    return [
        [Hit(index, score) for index, score in zip(indices, scores, strict=True)]
        for indices, scores in zip(found.indices.tolist(), found.scores.tolist(), strict=True)
    ]
