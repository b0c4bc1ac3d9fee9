"""Texts on their way to a server: valid, each once, in batches."""

from collections.abc import Sequence

import numpy as np

from tfsiamese.texts import batches_by_length, utf8_texts

__all__ = ["batches_of_rows", "distinct_rows", "valid_texts"]

# A batch ends early at this many bytes of text, far below the request sizes that servers and proxies take.
_MAX_BATCH_BYTES = 262_144

Row = tuple[str, ...]


def valid_texts(texts: Sequence[str | bytes], name: str = "texts") -> list[str]:
    """Texts as valid Unicode, with U+FFFD in place of what is none, as `Encoder.encode` reads them.

    Raises:
        DataError: `texts` is a single text, or holds something else.
    """
    return [text.decode("utf-8") for text in utf8_texts(texts, name)]


def distinct_rows(columns: Sequence[Sequence[str]]) -> tuple[list[Row], np.ndarray]:
    """Rows of columns of the same length [n], each row once.

    Returns:
        The distinct rows, in the order of their first occurrence, and int64 [n], the place of each row among them.
    """
    places: dict[Row, int] = {}
    size = len(columns[0])
    positions = np.fromiter((places.setdefault(row, len(places)) for row in zip(*columns, strict=True)), np.int64, size)
    return list(places), positions


def batches_of_rows(rows: Sequence[Row], batch_size: int) -> list[list[int]]:
    """The indices of the rows of each batch, longest rows first, so that texts of one batch are of similar length."""
    return list(batches_by_length(["".join(row).encode("utf-8") for row in rows], batch_size, _MAX_BATCH_BYTES))
