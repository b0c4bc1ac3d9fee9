"""Pages in HTML, without what leads around them."""

from pathlib import Path

from tfsiamese.errors import DataError
from tfsiamese.generation.documents.document import Document
from tfsiamese.generation.documents.file_bytes import read_bytes
from tfsiamese.generation.documents.packages import require_packages

__all__ = ["read_html"]


def read_html(path: Path, source: str) -> Document:
    """Reads the main content of a page: headings, paragraphs, lists, tables and code.

    Menus, headers, footers, forms, scripts and hidden elements are left out. The encoding is the one that the page
    names, else UTF-8, else Windows-1252. The title is the first heading of level 1, else the page's title.

    Args:
        path: the file.
        source: names the document.

    Raises:
        DataError: the file cannot be read, is empty or no HTML, or has no text.
        DependencyError: BeautifulSoup or lxml is not installed.

    Reference:
        HTML Living Standard, 15.3 "Flow content" (which elements are blocks) and 13.2.3 (encodings).
    """
    require_packages("Reading HTML", "bs4", "lxml")
    from tfsiamese.generation.documents.html_encoding import html_text
    from tfsiamese.generation.documents.html_page import page_document

    document = page_document(html_text(read_bytes(path, source), source), source)
    if not document.blocks:
        raise DataError(f"{source}: the page has no text; one that scripts fill in has to be saved from a browser.")
    return document
