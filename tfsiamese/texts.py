"""Texts on their way to an encoder or a server: made valid, and put into batches."""

from collections.abc import Iterable, Iterator, Sequence

from tfsiamese.errors import DataError

__all__ = ["batches_by_length", "utf8_texts"]

# A batch ends early at this many bytes of text, so that 64 whole documents do not fill the memory.
_MAX_BATCH_BYTES = 65_536


def utf8_texts(texts: Sequence[str | bytes], name: str | None = None) -> list[bytes]:
    """Texts as valid UTF-8, with U+FFFD in place of what is none.

    Args:
        texts: of which bytes are taken for UTF-8.
        name: what the caller calls them, for messages; None for nothing in particular.

    Raises:
        DataError: `texts` is a single text, or holds something else.
    """
    what = "a list of texts" if name is None else f"{name} to be a list of texts"
    if not isinstance(texts, Iterable):
        raise DataError(f"Expected {what}. Received: {texts!r:.60}.")
    if isinstance(texts, (str, bytes)):
        raise DataError(f"Expected {what} and received a single text. Put it in a list: [text].")
    return [_utf8_text(text, index, name) for index, text in enumerate(texts)]


def _utf8_text(text: str | bytes, index: int, name: str | None) -> bytes:
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace").encode("utf-8")
    if not isinstance(text, str):
        where = f"Text {index}" if name is None else f"Text {index} of {name}"
        raise DataError(
            f"{where} is {text!r}, of type {type(text).__name__}. Expected a str. "
            "Convert the texts, or drop those that are missing."
        )
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode("utf-8")


def batches_by_length(
    texts: Sequence[bytes], batch_size: int, max_bytes: int = _MAX_BATCH_BYTES
) -> Iterator[list[int]]:
    """Yields the indices of each batch, longest texts first, so that too little memory shows at once.

    Args:
        texts: what goes into the batches.
        batch_size: the most texts of a batch, at least 1.
        max_bytes: a batch ends before its texts together exceed this; a longer text is a batch of its own.
    """
    batch: list[int] = []
    num_bytes = 0
    for index in sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True):
        if batch and (len(batch) == batch_size or num_bytes + len(texts[index]) > max_bytes):
            yield batch
            batch, num_bytes = [], 0
        batch.append(index)
        num_bytes += len(texts[index])
    if batch:
        yield batch
