"""The formats of documents by the suffixes of their files."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tfsiamese.generation.documents.document import Document
from tfsiamese.generation.documents.docx import read_docx
from tfsiamese.generation.documents.html import read_html
from tfsiamese.generation.documents.markdown import read_markdown
from tfsiamese.generation.documents.pdf import read_pdf
from tfsiamese.generation.documents.plain_text import read_plain_text

__all__ = ["FORMATS", "TABLE", "Format"]


@dataclass(frozen=True)
class Format:
    """A format that can be read.

    Attributes:
        name: for messages.
        modules: what has to be installed to read it, by their names in import statements.
        read: path, source and encoding -> the document; None where a file holds several.
    """

    name: str
    modules: tuple[str, ...] = ()
    read: Callable[[Path, str, str], Document] | None = None


_HTML = Format("HTML", ("bs4", "lxml"), lambda path, source, encoding: read_html(path, source))
_MARKDOWN = Format(
    "Markdown",
    ("markdown_it", "bs4", "lxml"),
    lambda path, source, encoding: read_markdown(path, source, encoding=encoding),
)
_PLAIN_TEXT = Format("plain text", (), lambda path, source, encoding: read_plain_text(path, source, encoding=encoding))
TABLE = Format("tables")
"""Files whose rows are documents."""

FORMATS = {
    ".pdf": Format("PDF", ("pdfplumber",), lambda path, source, encoding: read_pdf(path, source)),
    ".html": _HTML,
    ".htm": _HTML,
    ".xhtml": _HTML,
    ".md": _MARKDOWN,
    ".markdown": _MARKDOWN,
    ".txt": _PLAIN_TEXT,
    ".text": _PLAIN_TEXT,
    ".rst": _PLAIN_TEXT,
    ".docx": Format(".docx files", ("docx",), lambda path, source, encoding: read_docx(path, source)),
    ".csv": TABLE,
    ".tsv": TABLE,
}
"""Formats by suffix, in lower case."""
