"""Documents of Word."""

import zipfile
import zlib
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError
from tfsiamese.generation.documents.clean_text import clean_line
from tfsiamese.generation.documents.document import Document
from tfsiamese.generation.documents.file_bytes import read_bytes
from tfsiamese.generation.documents.packages import require_packages

__all__ = ["read_docx"]

_OLD_OFFICE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_LARGEST_PART = 1 << 29


def read_docx(path: Path, source: str) -> Document:
    """Reads a .docx file: headings by their styles or outline levels, paragraphs, lists and tables, in order.

    Text that was inserted with changes tracked is read, deleted and hidden text is not; nor are headers, footers,
    footnotes, comments and tables of contents. Where the document begins with a title, that is a heading of level 1
    and the others are one level lower. The title is that one, else the one in the file's properties, else its first
    heading of level 1.

    Args:
        path: the file.
        source: names the document.

    Raises:
        DataError: the file cannot be read, is empty, damaged, encrypted or no .docx file, or has no text.
        DependencyError: python-docx is not installed.

    Reference:
        ECMA-376 part 1, 17 "WordprocessingML".
    """
    require_packages("Reading .docx files", "docx")
    from tfsiamese.generation.documents.docx_blocks import docx_blocks

    opened = _opened(path, source)
    try:
        blocks = docx_blocks(opened)
        named = clean_line(str(opened.core_properties.title or ""))
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise _damaged(source, error) from error
    if not blocks:
        raise DataError(f"{source}: the document has no text; scanned pages need OCR first.")
    first = next((block.text for block in blocks if block.kind == "heading" and block.level == 1), "")
    opens_with_title = bool(first) and blocks[0].text == first
    return Document(source, first if opens_with_title else named or first, blocks)


def _opened(path: Path, source: str) -> Any:
    """The document as python-docx opens it."""
    import docx
    from docx.opc.exceptions import OpcError

    data = read_bytes(path, source)
    if data.startswith(_OLD_OFFICE):
        if _ENCRYPTED in data:
            raise DataError(f"{source}: the document is encrypted with a password. Save it without one.")
        raise DataError(f"{source}: this is an old .doc file whatever its name says. Save it as .docx in Word.")
    if not data.startswith(b"PK"):
        raise DataError(f"{source}: this is no .docx file: it does not begin as one.")
    try:
        with zipfile.ZipFile(path) as parts:
            if max((part.file_size for part in parts.infolist()), default=0) > _LARGEST_PART:
                raise DataError(f"{source}: a part of the document unpacks to more than {_LARGEST_PART >> 20} MiB.")
        return docx.Document(str(path))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, OpcError, OSError, EOFError, zlib.error) as error:
        raise _damaged(source, error) from error
    except (AttributeError, KeyError, NotImplementedError, RuntimeError, SyntaxError, TypeError, ValueError) as error:
        if "content type" in str(error):
            raise DataError(f"{source}: this is no document of Word, though it is an office file.") from error
        raise _damaged(source, error) from error


def _damaged(source: str, error: Exception) -> DataError:
    what = clean_line(type(error).__name__)
    return DataError(f"{source}: the file is damaged, or no .docx file ({what}). Open it in Word and save it anew.")
