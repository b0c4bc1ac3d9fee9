"""Files of texts, one a line."""

import sys
from pathlib import Path

from tfsiamese.errors import DataError

__all__ = ["read_texts"]


def read_texts(path: str) -> list[str]:
    """Reads one text a line, "-" being standard input. A blank line is an empty text; a byte order mark is dropped.

    Raises:
        DataError: there is no such file, it is not UTF-8, or holds no text at all.
    """
    if path == "-" and sys.stdin is None:
        raise DataError("There is no standard input to read. Expected one text a line, or the path of a file.")
    try:
        content = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as error:
        raise DataError(
            f"{path} cannot be read: {error.strerror}. Expected a text file with one text a line."
        ) from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}, line {line}: not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
    texts = [line.removesuffix("\r") for line in text.removesuffix("\n").split("\n")] if text else []
    if not any(line.strip() for line in texts):
        raise DataError(f"{path} holds no text. Expected one text a line.")
    return texts
