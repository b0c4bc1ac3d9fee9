"""Texts on their way to a server: valid, each once, in batches."""

from collections.abc import Iterator, Sequence

import numpy as np

from tfsiamese.errors import DataError

__all__ = ["batches_by_length", "distinct_rows", "valid_texts"]

# A batch ends early at this many bytes of text, far below the request sizes that servers and proxies take.
_MAX_BATCH_BYTES = 262_144

Row = tuple[str, ...]


def valid_texts(texts: Sequence[str | bytes], name: str = "texts") -> list[str]:
    """Texts as valid Unicode, with U+FFFD in place of what is none, as `Encoder.encode` reads them.

    Raises:
        DataError: `texts` is a single text, or holds something else.
    """
    if isinstance(texts, (str, bytes)):
        raise DataError(f"Expected {name} to be a list of texts and received a single text. Put it in a list.")
    return [_valid_text(text, index, name) for index, text in enumerate(texts)]


def _valid_text(text: str | bytes, index: int, name: str) -> str:
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace")
    if not isinstance(text, str):
        raise DataError(
            f"Text {index} of {name} is {text!r}, of type {type(text).__name__}. Expected a str. "
            "Convert the texts, or drop those that are missing."
        )
    if text.isascii():
        return text
    return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")


def distinct_rows(columns: Sequence[Sequence[str]]) -> tuple[list[Row], np.ndarray]:
    """Rows of columns of the same length [n], each row once.

    Returns:
        The distinct rows, in the order of their first occurrence, and int64 [n], the place of each row among them.
    """
    places: dict[Row, int] = {}
    size = len(columns[0])
    positions = np.fromiter((places.setdefault(row, len(places)) for row in zip(*columns, strict=True)), np.int64, size)
    return list(places), positions


def batches_by_length(rows: Sequence[Row], batch_size: int) -> Iterator[list[int]]:
    """Yields the indices of each batch, longest rows first, so that texts of one batch are of similar length."""
    lengths = [sum(len(text.encode("utf-8")) for text in row) for row in rows]
    batch: list[int] = []
    num_bytes = 0
    for index in sorted(range(len(rows)), key=lengths.__getitem__, reverse=True):
        if batch and (len(batch) == batch_size or num_bytes + lengths[index] > _MAX_BATCH_BYTES):
            yield batch
            batch, num_bytes = [], 0
        batch.append(index)
        num_bytes += lengths[index]
    if batch:
        yield batch
