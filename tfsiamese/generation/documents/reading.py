"""Files of every known format as documents."""

import logging
from collections.abc import Iterator, Sequence

from tfsiamese.errors import DataError, SettingsError, TfSiameseError
from tfsiamese.generation.documents.clean_text import clean_line
from tfsiamese.generation.documents.document import Document
from tfsiamese.generation.documents.file_bytes import check_encoding
from tfsiamese.generation.documents.finding import DocumentFile, DocumentFiles, Paths, find_documents
from tfsiamese.generation.documents.formats import FORMATS, TABLE
from tfsiamese.generation.documents.packages import require_packages
from tfsiamese.generation.documents.table_rows import RowColumns, read_table_header, read_table_rows
from tfsiamese.generation.documents.unreadable import UnreadableFile
from tfsiamese.reasons import first_line

__all__ = ["read_documents"]

logger = logging.getLogger(__name__)


def read_documents(
    paths: Paths | DocumentFiles,
    *,
    text_columns: Sequence[str] = (),
    title_column: str | None = None,
    encoding: str = "utf-8",
) -> Iterator[Document | UnreadableFile]:
    """Reads documents one after the other; a file that cannot be read is named, with the reason, in its place.

    What is wrong with the arguments is raised by the call itself, before anything is read.

    Args:
        paths: files, folders and shell patterns, as `find_documents` takes them, or what it returned. Formats are
            told by suffix, in any case: .pdf, .html, .htm, .xhtml, .md, .markdown, .txt, .text, .rst (as plain text),
            .docx, .csv and .tsv.
        text_columns: of .csv and .tsv files: the columns whose texts make the document of a row.
        title_column: of .csv and .tsv files: the column that holds its title; None for no title.
        encoding: of text, Markdown and tables without a byte order mark. HTML names its own.

    Returns:
        an iterator, in the order of the files.

    Raises:
        DataError: a path does not exist, there is no document at all, or none of the tables has the columns.
        DependencyError: a format that occurs needs a package that is not installed.
        SettingsError: there is no such encoding, or `text_columns` is missing where a table was named.

    Example:
        >>> found = read_documents(["handbook", "faq.csv"], text_columns=["answer"], title_column="question")
        >>> documents = [document for document in found if isinstance(document, Document)]
    """
    check_encoding(encoding)
    if isinstance(text_columns, str):
        text_columns = (text_columns,)
    found = paths if isinstance(paths, DocumentFiles) else find_documents(paths)
    for file_format in dict.fromkeys(FORMATS[file.path.suffix.lower()] for file in found.files):
        require_packages(f"Reading {file_format.name}", *file_format.modules)
    columns = RowColumns(tuple(text_columns), title_column) if text_columns else None
    _check_columns([file for file in found.files if _is_table(file)], columns, encoding)
    return _documents(found, columns, encoding)


def _documents(found: DocumentFiles, columns: RowColumns | None, encoding: str) -> Iterator[Document | UnreadableFile]:
    yield from found.unreadable
    for file in found.files:
        try:
            if _is_table(file):
                yield from _rows(file, columns, encoding)
            else:
                yield _document(file, encoding)
        except DataError as error:
            yield UnreadableFile(file.source, str(error).removeprefix(f"{file.source}: "))
        except TfSiameseError:
            raise
        except Exception as error:  # a parser met what its author did not think of: one file less, not the end
            logger.debug("%s cannot be read", file.path, exc_info=True)
            reason = f"it cannot be read ({type(error).__name__}: {first_line(error)}). Check the file."
            yield UnreadableFile(file.source, clean_line(reason))


def _document(file: DocumentFile, encoding: str) -> Document:
    read = FORMATS[file.path.suffix.lower()].read
    if read is None:
        raise TypeError(f"{file.path} holds several documents")
    if not file.path.is_file():
        raise DataError("it is gone, or neither a file nor a folder.")
    return read(file.path, file.source, encoding)


def _rows(file: DocumentFile, columns: RowColumns | None, encoding: str) -> Iterator[Document | UnreadableFile]:
    if columns is None:
        raise DataError("a table needs the columns of its texts: name them with --text-columns (text_columns=).")
    yield from read_table_rows(file.path, file.source, columns, encoding=encoding)


def _is_table(file: DocumentFile) -> bool:
    return FORMATS[file.path.suffix.lower()] is TABLE


def _check_columns(tables: Sequence[DocumentFile], columns: RowColumns | None, encoding: str) -> None:
    """Raises an error where no table can be read for want of columns; single tables are reported in their place."""
    if columns is None:
        named = next((file for file in tables if file.named), None)
        if named is not None:
            raise SettingsError(
                f"{named.source} is a table. Name the columns of its texts with --text-columns (text_columns= in "
                "Python)."
            )
        return
    problem: DataError | None = None
    for file in tables:
        try:
            header = read_table_header(file.path, file.source, encoding=encoding)
        except DataError:
            continue
        try:
            columns.places(header, file.source)
        except DataError as error:
            problem = problem or error
        else:
            return
    if problem is not None:
        raise problem
