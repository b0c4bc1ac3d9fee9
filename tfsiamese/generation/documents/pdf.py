"""PDF files: text in reading order, with headings, lists and ruled tables."""

import logging
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError
from tfsiamese.generation.documents.clean_text import clean_line
from tfsiamese.generation.documents.document import Block, Document
from tfsiamese.generation.documents.packages import require_packages
from tfsiamese.generation.documents.page_tables import take_tables
from tfsiamese.generation.documents.page_words import read_page_text
from tfsiamese.generation.documents.pdf_blocks import make_blocks
from tfsiamese.generation.documents.pdf_loops import loops_broken
from tfsiamese.generation.documents.pdf_pages import ReadPage, pieces_of_pages

__all__ = ["read_pdf"]

logger = logging.getLogger(__name__)

_MAX_UNREADABLE = 0.25
_HEADER_LENGTH = 1024
_NO_TITLE = re.compile(
    r"\W*|\W*(?:untitled|unbenannt|ohne titel|sans titre|no ?title|title|document|slide|(?:powerpoint )?presentation"
    r"|anonymous|unspecified|unknown|none|null)\W*\d*\W*"
    r"|microsoft (?:word|powerpoint|excel)\b.*|(?:https?|file):.*"
    r"|.*\.(?:docx?|odt|pdf|tex|dvi|indd|qxd|rtf|pptx?|xlsx?|txt|html?|md)",
    re.IGNORECASE,
)


def read_pdf(path: Path, source: str) -> Document:
    """A PDF file's text in reading order.

    Columns are read one after the other. Running headers and footers, page numbers and watermarks are left out, and
    hyphens at line ends where they are not the word's own. Paragraphs go on over columns and pages; footnotes stand
    behind the text of their page. Ruled tables become blocks with a row a line. A damaged page is left out, with a
    warning in the log.

    Args:
        path: the file.
        source: names the document.

    Raises:
        DataError: the file is empty, damaged or not a PDF, needs a password, or has no text.
        DependencyError: pdfplumber is not installed.
    """
    require_packages("Reading PDF", "pdfplumber")
    try:
        with path.open("rb") as file:
            header = file.read(_HEADER_LENGTH)
    except OSError as error:
        raise DataError(
            f"{source}: cannot be read: {error.strerror or error}. Check the file and its permissions."
        ) from error
    if not header.strip(b" \t\r\n\f\0"):
        raise DataError(f"{source}: the file is empty.")
    if b"%PDF" not in header:
        raise DataError(f"{source}: this is no PDF file: it does not begin as one.")
    with _quiet(), _opened(path, source) as pdf:
        pages = list(_read_pages(pdf, source))
        metadata = dict(pdf.metadata or {})
    _check_text(pages, source)
    pieces, _ = pieces_of_pages(pages)
    blocks = make_blocks(pieces)
    if not blocks:
        raise DataError(f"{source}: the document has no text but page numbers or marks that every page repeats.")
    return Document(source, _title(metadata, blocks), blocks)


@contextmanager
def _quiet() -> Iterator[None]:
    """Keeps the remarks of the PDF parser about fonts and broken objects from the log."""
    parser = logging.getLogger("pdfminer")
    level = parser.level
    parser.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        parser.setLevel(level)


@contextmanager
def _opened(path: Path, source: str) -> Iterator[Any]:
    import pdfplumber
    from pdfminer.pdfdocument import PDFEncryptionError, PDFPasswordIncorrect

    # pdfplumber's own way of closing a file parses its pages once more, which a damaged file does not bear.
    with path.open("rb") as file:
        try:
            with loops_broken():
                pdf = pdfplumber.open(file)
        except Exception as error:
            causes = (error, *error.args)
            if any(isinstance(cause, PDFPasswordIncorrect) for cause in causes):
                raise DataError(f"{source}: the document is encrypted with a password. Save it without one.") from error
            if any(isinstance(cause, PDFEncryptionError) for cause in causes):
                raise DataError(
                    f"{source}: the document is encrypted in a way that cannot be read. Save it without."
                ) from error
            raise _damaged(source) from error
        yield pdf


def _damaged(source: str) -> DataError:
    return DataError(
        f"{source}: the file is damaged: no page of it can be read. Open it in a viewer and print it to a new one."
    )


def _read_pages(pdf: Any, source: str) -> Iterator[ReadPage]:
    try:
        pages = pdf.pages
    except Exception as error:
        raise _damaged(source) from error
    if not pages:
        raise _damaged(source)
    num_damaged = 0
    for number, page in enumerate(pages, start=1):
        try:
            text = read_page_text(page)
            yield ReadPage(number, text, take_tables(page, text))
        except Exception as error:
            # The parser meets broken objects with whatever error its code runs into.
            num_damaged += 1
            if num_damaged == len(pages):
                raise _damaged(source) from error
            logger.warning("%s: page %d is damaged and left out (%s).", source, number, type(error).__name__)
        finally:
            page.close()


def _check_text(pages: Sequence[ReadPage], source: str) -> None:
    drawn = sum(page.text.num_characters for page in pages)
    unreadable = sum(page.text.num_unreadable for page in pages)
    if not drawn:
        raise DataError(f"{source}: the document has no text, only pictures; scanned pages need OCR first.")
    if unreadable > _MAX_UNREADABLE * drawn:
        raise DataError(
            f"{source}: the document's fonts do not tell which characters {unreadable} of its {drawn} glyphs are. "
            "Recognise its text anew by OCR."
        )


def _title(metadata: Mapping[str, Any], blocks: Sequence[Block]) -> str:
    """The title in the file's metadata if it is one, else the largest heading of the first page, else ""."""
    written = metadata.get("Title")
    title = clean_line(written) if isinstance(written, str) else ""
    if len(title) > 2 and not _NO_TITLE.fullmatch(title):
        return title
    headings = [block for block in blocks if block.kind == "heading" and block.page == blocks[0].page]
    return min(headings, key=lambda block: block.level).text if headings else ""
