"""Markdown, as CommonMark describes it, with tables."""

import re
from pathlib import Path

from tfsiamese.errors import DataError
from tfsiamese.generation.documents.clean_text import clean_line
from tfsiamese.generation.documents.document import Document
from tfsiamese.generation.documents.file_bytes import read_text
from tfsiamese.generation.documents.packages import require_packages

__all__ = ["read_markdown"]

_FRONT_MATTER = re.compile(r"(?P<mark>---|\+\+\+)[ \t]*\n(?P<fields>(?:.*\n)*?)(?:(?P=mark)|\.\.\.)[ \t]*(?:\n|$)")
_TITLE = re.compile(r"""^title[ \t]*[:=][ \t]*(?P<quote>["']?)(?P<title>.*?)(?P=quote)[ \t]*$""", re.MULTILINE)
_NESTED = 100


def read_markdown(path: Path, source: str, *, encoding: str = "utf-8") -> Document:
    """Reads Markdown: headings, paragraphs, lists, tables and code; HTML inside it is read as HTML.

    The addresses of links and pictures are left out, and so is front matter (in YAML or TOML), but for the title
    that it may give; the title is otherwise the first heading of level 1.

    Args:
        path: the file.
        source: names the document.
        encoding: of a file without a byte order mark.

    Raises:
        DataError: the file cannot be read, is empty or binary, is not in this encoding, or has no text.
        DependencyError: markdown-it-py, BeautifulSoup or lxml is not installed.
        SettingsError: there is no such encoding.

    Reference:
        CommonMark 0.31.2; tables as in GitHub Flavored Markdown 0.29.
    """
    require_packages("Reading Markdown", "markdown_it", "bs4", "lxml")
    from markdown_it import MarkdownIt

    from tfsiamese.generation.documents.html_page import page_document

    title, text = _without_front_matter(read_text(path, source, encoding))
    parser = MarkdownIt("commonmark", {"maxNesting": _NESTED}).enable(["table", "strikethrough"])
    document = page_document(f"<html><body>{parser.render(text)}</body></html>", source, whole=True)
    if not document.blocks:
        raise DataError(f"{source}: the file has no text.")
    return Document(source, title or document.title, document.blocks)


def _without_front_matter(text: str) -> tuple[str, str]:
    """The title that front matter gives, "" where there is none, and the text below it."""
    text = re.sub(r"\r\n?", "\n", text)
    found = _FRONT_MATTER.match(text)
    if found is None or not re.search(r"^\w[\w -]*[:=]", found["fields"], re.MULTILINE):
        return "", text
    title = _TITLE.search(found["fields"])
    return clean_line(title["title"]) if title else "", text[found.end() :]
