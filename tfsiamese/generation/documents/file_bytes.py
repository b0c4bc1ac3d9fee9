"""A file's bytes and text, or one line that says why there are none."""

import codecs
from pathlib import Path

from tfsiamese.errors import DataError, SettingsError

__all__ = ["byte_order_encoding", "check_encoding", "read_bytes", "read_text", "text_encoding", "undecodable"]

_SIGNATURES = (
    (b"%PDF-", "a PDF"),
    (b"PK\x03\x04", "a zip archive or an office document"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old office document"),
    (b"\x1f\x8b", "compressed with gzip"),
    (b"\x28\xb5\x2f\xfd", "compressed with zstd"),
    (b"\xfd7zXZ\x00", "compressed with xz"),
    (b"BZh", "compressed with bzip2"),
    (b"\x89PNG\r\n", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"{\\rtf", "a document in RTF"),
)

# UTF-32's mark for little endian begins as UTF-16's does, so it comes first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def read_bytes(path: Path, source: str) -> bytes:
    """The bytes of a file.

    Raises:
        DataError: the file cannot be read, or is empty.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"{source}: cannot be read: {error.strerror or error}. Check the file and its permissions."
        ) from error
    if not data.strip(b" \t\r\n\f\0"):
        raise DataError(f"{source}: the file is empty.")
    return data


def read_text(path: Path, source: str, encoding: str = "utf-8") -> str:
    """The text of a file, without its byte order mark.

    Args:
        path: the file.
        source: names it in messages.
        encoding: of a file without a byte order mark.

    Raises:
        DataError: the file cannot be read, is empty or binary, or is not in this encoding.
        SettingsError: there is no such encoding.
    """
    check_encoding(encoding)
    data = read_bytes(path, source)
    encoding = text_encoding(data, source, encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise undecodable(source, encoding, error) from error
    if "\0" in text:
        raise _binary(source)
    return text.removeprefix("\ufeff")


def text_encoding(start: bytes, source: str, encoding: str) -> str:
    """The encoding to decode a file with: what its byte order mark says, else `encoding`.

    Args:
        start: the file's first bytes, or all of them.
        source: names it in messages.
        encoding: of a file without a byte order mark.

    Raises:
        DataError: the file is no text.
    """
    found = byte_order_encoding(start)
    if found is not None:
        return found
    for signature, what in _SIGNATURES:
        if start.startswith(signature):
            raise DataError(f"{source}: the file is {what}, not text as its name says.")
    if b"\0" in start and not encoding.casefold().replace("_", "-").startswith(("utf-16", "utf-32")):
        raise _binary(source)
    return encoding


def byte_order_encoding(start: bytes) -> str | None:
    """The encoding that a byte order mark tells; None where there is no mark."""
    return next((encoding for mark, encoding in _MARKS if start.startswith(mark)), None)


def check_encoding(encoding: str) -> None:
    """Raises a SettingsError where Python knows no encoding of this name that gives text."""
    try:
        "".encode(encoding)
    except (LookupError, UnicodeError, TypeError) as error:
        raise SettingsError(
            f"Text cannot be read with the encoding {encoding!r}. Pass a name that Python knows with --encoding "
            "(encoding= in Python): utf-8, utf-16, cp1252, …"
        ) from error


def undecodable(source: str, encoding: str, error: UnicodeDecodeError) -> DataError:
    """What to raise where a file is not in its encoding."""
    return DataError(
        f"{source}: the byte 0x{error.object[error.start]:02x} at {error.start} is not {encoding}. Pass the file's "
        "encoding with --encoding, e.g. cp1252 (encoding= in Python), or save the file as UTF-8."
    )


def _binary(source: str) -> DataError:
    return DataError(f"{source}: the file holds NUL bytes, so it is binary, not text as its name says.")
