"""Texts -> vectors, each distinct text encoded once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from tfsiamese.errors import EncoderError
from tfsiamese.search.prompts import Prompts

__all__ = ["EncodedTexts", "TextEncoder", "encode_distinct", "encode_sides"]


class TextEncoder(Protocol):
    """What search, mining and evaluation ask of an encoder."""

    def encode(self, texts: list[str], *, batch_size: int = ..., show_progress: bool = ...) -> np.ndarray:
        """Texts [n] to float32 [n, dimension]."""


@dataclass(frozen=True)
class EncodedTexts:
    """The vectors of distinct texts, [n, dimension], and the row of each text."""

    rows: dict[str, int]
    vectors: np.ndarray

    def of(self, texts: Iterable[str]) -> np.ndarray:
        """The vectors of these texts, [texts, dimension]; each must be among those that were encoded."""
        return self.vectors[[self.rows[text] for text in texts]]


def encode_distinct(
    encoder: TextEncoder,
    texts: Iterable[str],
    *,
    batch_size: int = 64,
    show_progress: bool = False,
    prompt: str | None = None,
) -> EncodedTexts:
    """Encodes texts in one call; one that occurs several times is encoded once.

    Args:
        encoder: has `encode(texts, batch_size=…, show_progress=…)`.
        texts: any number of them.
        batch_size: texts that the encoder takes at once.
        show_progress: passed on to the encoder.
        prompt: what stands before each text; None leaves that to the encoder.

    Raises:
        EncoderError: the encoder's answer is not one finite vector for each text.
    """
    rows = {text: row for row, text in enumerate(dict.fromkeys(texts))}
    options: dict[str, Any] = {} if prompt is None else {"prompt": prompt}
    vectors = np.asarray(encoder.encode(list(rows), batch_size=batch_size, show_progress=show_progress, **options))
    if vectors.ndim != 2 or len(vectors) != len(rows):
        raise EncoderError(
            f"The encoder answered {len(rows)} texts with an array of shape {vectors.shape}. "
            f"Expected [{len(rows)}, dimension]."
        )
    if not np.isfinite(vectors).all():
        broken = int((~np.isfinite(vectors).all(axis=1)).sum())
        raise EncoderError(
            f"The encoder's vectors are NaN or infinite for {broken} of {len(vectors)} texts. Training may have "
            "diverged: try a lower learning rate, or an earlier checkpoint."
        )
    return EncodedTexts(rows, vectors)


def encode_sides(
    encoder: TextEncoder,
    queries: Iterable[str],
    passages: Iterable[str],
    prompts: Prompts,
    *,
    batch_size: int = 64,
    show_progress: bool = False,
) -> tuple[EncodedTexts, EncodedTexts]:
    """Encodes queries and passages, with the prompts of their sides.

    Args:
        encoder: as in `encode_distinct`.
        queries: any number of them.
        passages: any number of them.
        prompts: of both sides. Where they are the same, a text that stands on both sides is encoded once.
        batch_size: texts that the encoder takes at once.
        show_progress: passed on to the encoder.

    Returns:
        What holds the vectors of the queries, and what holds those of the passages; passages come first in theirs.

    Raises:
        EncoderError: as in `encode_distinct`.
    """
    options: dict[str, Any] = {"batch_size": batch_size, "show_progress": show_progress}
    if prompts.query == prompts.passage:
        both = encode_distinct(encoder, [*passages, *queries], prompt=prompts.query, **options)
        return both, both
    encoded = encode_distinct(encoder, passages, prompt=prompts.passage, **options)
    return encode_distinct(encoder, queries, prompt=prompts.query, **options), encoded
