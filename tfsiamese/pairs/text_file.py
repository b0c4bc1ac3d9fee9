"""A file as text, or one line that says why it is none."""

import codecs
from collections.abc import Iterator
from pathlib import Path

from tfsiamese.errors import DataError, SettingsError

__all__ = ["read_text", "require_file", "text_lines"]

_SIGNATURES = (
    (b"\x1f\x8b", "is compressed with gzip", "Unpack it first, e.g. with gunzip"),
    (b"\x28\xb5\x2f\xfd", "is compressed with zstd", "Unpack it first, e.g. with unzstd"),
    (b"\xfd7zXZ\x00", "is compressed with xz", "Unpack it first, e.g. with unxz"),
    (b"PK\x03\x04", "is an Excel workbook or a zip archive", "Save the sheet as CSV, or unpack the archive"),
    (b"\xd0\xcf\x11\xe0", "is an old Excel workbook", "Save the sheet as CSV"),
    (b"PAR1\x15", "is a Parquet file", "Rename it to .parquet"),
)
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_BLOCK_BYTES = 1 << 20


def require_file(path: Path) -> None:
    """Raises a DataError where `path` is not a file."""
    try:
        is_folder, exists = path.is_dir(), path.exists()
    except OSError as error:  # such as a name that is too long
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path.") from error
    if is_folder:
        raise DataError(f"{path} is a folder. Expected a file: pass the path of one file in it.")
    if not exists:
        raise DataError(f"{path} does not exist. Expected a file of texts: check the path.")


def read_text(path: Path, encoding: str) -> str:
    """The text of a file, without its byte order mark.

    Raises:
        DataError: the file is missing, empty, binary, or not in this encoding.
        SettingsError: there is no such encoding.
    """
    require_file(path)
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path and its permissions.") from error
    _check_signature(data, path)
    text = _decode(data, encoding, path).removeprefix("\ufeff")
    if not text or text.isspace():
        raise _empty(path)
    nul = text.find("\0")
    if nul >= 0:
        raise _nul(path, _line_after(text[:nul]), encoding)
    return text


def text_lines(path: Path, encoding: str) -> Iterator[str]:
    """Yields the lines of a file with their line breaks, without its byte order mark, in the memory of a line.

    Raises:
        DataError, SettingsError: as `read_text`, those of a line when it is reached.
    """
    require_file(path)
    _require_encoding(encoding)
    try:
        with path.open("rb") as file:
            _check_signature(file.read(_BLOCK_BYTES), path)
        with path.open(encoding=encoding, newline="") as lines:
            yield from _checked_lines(lines, path, encoding)
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path and its permissions.") from error
    except UnicodeDecodeError as error:
        raise _undecodable(path, encoding, error) from error
    except UnicodeError as error:
        raise _unknown_encoding(encoding) from error


def _checked_lines(lines: Iterator[str], path: Path, encoding: str) -> Iterator[str]:
    blank: list[str] | None = []
    for number, line in enumerate(lines, start=1):
        if number == 1:
            line = line.removeprefix("\ufeff")
        if "\0" in line:
            raise _nul(path, number, encoding)
        if blank is None:
            yield line
        elif not line or line.isspace():
            blank.append(line)
        else:
            yield from (*blank, line)
            blank = None
    if blank is not None:
        raise _empty(path)


def _check_signature(data: bytes, path: Path) -> None:
    for signature, what, advice in _SIGNATURES:
        if data.startswith(signature):
            raise DataError(f"{path} {what}. Expected text: {advice}.")


def _require_encoding(encoding: str) -> None:
    try:
        "".encode(encoding)
    except (LookupError, UnicodeError) as error:
        raise _unknown_encoding(encoding) from error


def _undecodable(path: Path, encoding: str, error: UnicodeDecodeError) -> DataError:
    """Looks for the first byte that cannot be decoded once more, for its line: a reader of lines does not know it."""
    decoder = codecs.getincrementaldecoder(encoding)()
    line, last, head = 1, "", b""
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK_BYTES):
                head = head or block
                text = decoder.decode(block)
                line += _line_after(last + text) - _line_after(last)
                last = text[-1:] or last
            decoder.decode(b"", final=True)
    except UnicodeDecodeError as found:
        error = found
    before = error.object[: error.start].decode(encoding, errors="replace")
    line += _line_after(last + before) - _line_after(last)
    return _bad_byte(path, line, error.object[error.start], encoding, head)


def _empty(path: Path) -> DataError:
    return DataError(f"{path} is empty. Expected rows of texts: check how the file was written.")


def _nul(path: Path, line: int, encoding: str) -> DataError:
    return DataError(
        f"{path}: line {line} has a NUL character, so this is no plain text in {encoding}. "
        "Pass --encoding utf-16 (encoding= in Python) if it is UTF-16; otherwise write the file anew as text."
    )


def _bad_byte(path: Path, line: int, byte: int, encoding: str, data: bytes) -> DataError:
    return DataError(
        f"{path}: line {line} has the byte 0x{byte:02x}, which is not {encoding}. {_encoding_advice(data, encoding)}"
    )


def _unknown_encoding(encoding: str) -> SettingsError:
    return SettingsError(
        f"Text cannot be read with the encoding {encoding!r}. Pass a name that Python knows with --encoding "
        "(encoding= in Python): utf-8, utf-16, cp1252, …"
    )


def _decode(data: bytes, encoding: str, path: Path) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = error.object[: error.start].decode(encoding, errors="replace")
        raise _bad_byte(path, _line_after(before), error.object[error.start], encoding, data) from error
    except (LookupError, UnicodeError) as error:
        raise _unknown_encoding(encoding) from error


def _encoding_advice(data: bytes, encoding: str) -> str:
    how = "(encoding= in Python)"
    if data.startswith(_UTF_16_MARKS):
        return f"The file starts with the mark of UTF-16: pass --encoding utf-16 {how}."
    if encoding.casefold().replace("_", "-") in ("utf-8", "utf8", "utf-8-sig"):
        return f"Pass the file's encoding, e.g. --encoding cp1252 {how}, or save it as UTF-8."
    return f"Pass the file's encoding, e.g. --encoding utf-8 {how}."


def _line_after(before: str) -> int:
    """The line on which the character after `before` stands."""
    return 1 + before.count("\n") + before.count("\r") - before.count("\r\n")
