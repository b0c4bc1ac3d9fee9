"""The texts that an encoder is given: made valid, put into batches, and counted where they are cut."""

from collections.abc import Iterator, Sequence

import numpy as np

from tfsiamese.errors import DataError

__all__ = ["batches_by_length", "describe_cut_texts", "utf8_texts"]

# A batch ends early at this many bytes of text, so that 64 whole documents do not fill the memory.
_MAX_BATCH_BYTES = 65_536


def utf8_texts(texts: Sequence[str | bytes]) -> list[bytes]:
    """Texts as valid UTF-8, with U+FFFD in place of what is none.

    Raises:
        DataError: `texts` is a single text, or holds something else.
    """
    if isinstance(texts, (str, bytes)):
        raise DataError("Expected a list of texts and received a single text. Put it in a list: encode([text]).")
    return [_utf8_text(text, index) for index, text in enumerate(texts)]


def _utf8_text(text: str | bytes, index: int) -> bytes:
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace").encode("utf-8")
    if not isinstance(text, str):
        raise DataError(
            f"Text {index} is {text!r}, of type {type(text).__name__}. Expected a str. "
            "Convert the texts, or drop those that are missing."
        )
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode("utf-8")


def batches_by_length(texts: list[bytes], batch_size: int) -> Iterator[list[int]]:
    """Yields the indices of each batch, longest texts first, so that too little memory shows at once."""
    batch: list[int] = []
    num_bytes = 0
    for index in sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True):
        if batch and (len(batch) == batch_size or num_bytes + len(texts[index]) > _MAX_BATCH_BYTES):
            yield batch
            batch, num_bytes = [], 0
        batch.append(index)
        num_bytes += len(texts[index])
    if batch:
        yield batch


def describe_cut_texts(num_tokens: np.ndarray, max_length: int | None) -> str:
    """How many texts are longer than an encoder reads, in a few words; empty where none is."""
    num_cut = 0 if max_length is None else int(np.count_nonzero(num_tokens > max_length))
    if not num_cut:
        return ""
    return (
        f"{num_cut:,} of {len(num_tokens):,} texts were cut at {max_length} tokens; the longest has "
        f"{int(num_tokens.max()):,}"
    )
