"""Texts to vectors for search and mining, each distinct text once."""

from collections.abc import Sequence
from typing import TypeGuard

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search.text_vectors import TextEncoder, encode_distinct
from tfsiamese.search.vectors import checked_vectors

__all__ = ["TextVectors", "encode_texts", "vectors_of"]


class TextVectors:
    """Vectors that are there already, in the place of an encoder.

    Args:
        texts: the texts [n], no two the same.
        vectors: numbers [n, dimension], in their order.

    Raises:
        DataError: a text occurs twice, the numbers of texts and vectors differ, or the vectors cannot be used.
    """

    def __init__(self, texts: Sequence[str], vectors: ArrayLike):
        self._rows = {text: row for row, text in enumerate(texts)}
        self._vectors = checked_vectors(vectors, "vectors")
        if not len(self._rows) == len(texts) == len(self._vectors):
            raise DataError(
                f"There are {len(texts)} texts, {len(self._rows)} of them different, and {len(self._vectors)} vectors. "
                "Expected one vector for each text, and no text twice."
            )

    def encode(self, texts: Sequence[str], batch_size: int = 64, show_progress: bool = False) -> NDArray[np.float32]:
        """The vectors of these texts, float32 [n, dimension].

        Raises:
            DataError: a text has no vector.
        """
        missing = [text for text in texts if text not in self._rows]
        if missing:
            raise DataError(
                f"{len(missing)} of {len(texts)} texts have no vector, the first is {missing[0][:40]!r}. "
                "Expected a vector for each text."
            )
        return self._vectors[[self._rows[text] for text in texts]]


def encode_texts(
    encoder: TextEncoder,
    texts: Sequence[str],
    *,
    batch_size: int = 64,
    show_progress: bool = False,
    prompt: str | None = None,
) -> NDArray[np.float32]:
    """The vectors of texts [n], float32 [n, dimension]; a text that occurs several times is encoded once.

    `prompt` stands before each text; None leaves that to the encoder.

    Raises:
        DataError: there are no texts, or what was given is not a list of texts.
        EncoderError: the encoder's answer is not one finite vector for each text.
    """
    if isinstance(texts, (str, bytes)) or not all(isinstance(text, str) for text in texts):
        raise DataError("Expected a list of texts. Put a single text in a list, and leave out those that are missing.")
    if not len(texts):
        raise DataError("There are no texts to encode. Expected at least one.")
    encoded = encode_distinct(encoder, texts, batch_size=batch_size, show_progress=show_progress, prompt=prompt)
    vectors = checked_vectors(encoded.vectors, "the encoder's answer")
    return vectors if len(vectors) == len(texts) else vectors[[encoded.rows[text] for text in texts]]


def vectors_of(
    texts_or_vectors: Sequence[str] | ArrayLike,
    encoder: TextEncoder | None,
    name: str,
    *,
    batch_size: int = 64,
    show_progress: bool = False,
    prompt: str | None = None,
) -> NDArray[np.float32]:
    """Vectors as they are, or those of texts, with `prompt` before each.

    Raises:
        DataError: the vectors or the texts cannot be used.
        SettingsError: there are texts and no encoder.
    """
    if not _are_texts(texts_or_vectors):
        return checked_vectors(texts_or_vectors, name)
    if encoder is None:
        raise SettingsError(f"{name} holds texts. Expected vectors, or an encoder for the texts: give encoder=.")
    texts = list(texts_or_vectors)
    return encode_texts(encoder, texts, batch_size=batch_size, show_progress=show_progress, prompt=prompt)


def _are_texts(texts_or_vectors: Sequence[str] | ArrayLike) -> TypeGuard[Sequence[str]]:
    if isinstance(texts_or_vectors, str):
        raise DataError("Expected a list of texts and received a single text. Put it in a list.")
    if isinstance(texts_or_vectors, np.ndarray):
        return texts_or_vectors.dtype.kind in "OUT"
    return isinstance(texts_or_vectors, Sequence) and len(texts_or_vectors) > 0 and isinstance(texts_or_vectors[0], str)
