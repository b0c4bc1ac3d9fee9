"""Files -> documents."""

from tfsiamese.generation.documents.clean_text import clean_line
from tfsiamese.generation.documents.document import BLOCK_SEPARATOR, Block, Document
from tfsiamese.generation.documents.docx import read_docx
from tfsiamese.generation.documents.finding import DocumentFile, DocumentFiles, Paths, find_documents
from tfsiamese.generation.documents.html import read_html
from tfsiamese.generation.documents.markdown import read_markdown
from tfsiamese.generation.documents.pdf import read_pdf
from tfsiamese.generation.documents.plain_text import read_plain_text
from tfsiamese.generation.documents.reading import read_documents
from tfsiamese.generation.documents.table_rows import RowColumns, read_table_rows
from tfsiamese.generation.documents.unreadable import UnreadableFile

__all__ = [
    "BLOCK_SEPARATOR",
    "Block",
    "Document",
    "DocumentFile",
    "DocumentFiles",
    "Paths",
    "RowColumns",
    "UnreadableFile",
    "clean_line",
    "find_documents",
    "read_documents",
    "read_docx",
    "read_html",
    "read_markdown",
    "read_pdf",
    "read_plain_text",
    "read_table_rows",
]
