"""Rows of .csv and .tsv files, each of which is a document."""

import csv
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError
from tfsiamese.generation.documents.clean_text import join_lines
from tfsiamese.generation.documents.document import Block, Document
from tfsiamese.generation.documents.file_bytes import check_encoding, text_encoding, undecodable
from tfsiamese.generation.documents.plain_text import plain_paragraphs
from tfsiamese.generation.documents.unreadable import UnreadableFile
from tfsiamese.suggestions import did_you_mean

__all__ = ["RowColumns", "read_table_header", "read_table_rows"]

_LONGEST_FIELD = 10_000_000
_START_BYTES = 65_536

# The csv module has one limit for the whole process; others may rely on theirs.
_changing_limit = threading.Lock()


@dataclass(frozen=True)
class RowColumns:
    """Which columns of a table make a document.

    Attributes:
        text_columns: whose texts are its paragraphs, in this order; one at least.
        title_column: gives its title and its first heading; None for no title.
    """

    text_columns: tuple[str, ...]
    title_column: str | None = None

    def places(self, header: Sequence[str], source: str) -> tuple[list[int], int | None]:
        """Where the columns stand in a row: those of texts, and that of titles.

        Raises:
            DataError: the header lacks one.
        """
        names = [*self.text_columns, *(() if self.title_column is None else (self.title_column,))]
        for name in names:
            if name not in header:
                raise DataError(
                    f"{source}: there is no column {name!r}. Expected one of {', '.join(map(repr, header))}."
                    f"{did_you_mean(name, header)}"
                )
        title = None if self.title_column is None else header.index(self.title_column)
        return [header.index(name) for name in self.text_columns], title


def read_table_header(path: Path, source: str, *, encoding: str = "utf-8") -> list[str]:
    """The names of the columns of a .csv or .tsv file.

    Raises:
        DataError: the file cannot be read, is empty or binary, or is not in this encoding.
        SettingsError: there is no such encoding.
    """
    return next(_records(path, source, encoding))


def read_table_rows(
    path: Path, source: str, columns: RowColumns, *, encoding: str = "utf-8"
) -> Iterator[Document | UnreadableFile]:
    """Yields a document for each row, in the memory of a row.

    Sources are "faq.csv:row 12", where row 1 is the first below the header; empty lines are not counted. A text of
    several paragraphs gives as many blocks.

    Args:
        path: a file of comma- or, by its suffix .tsv, tab-separated values with a header.
        source: names the file.
        columns: which of them make a document.
        encoding: of a file without a byte order mark.

    Yields:
        an `UnreadableFile` for a row without text or with too few or too many fields, and for the row from which on
        the file cannot be read.

    Raises:
        DataError: the file cannot be read at all, or lacks a column.
        SettingsError: there is no such encoding.
    """
    records = _records(path, source, encoding)
    header = next(records)
    texts, title = columns.places(header, source)
    row = 0
    while True:
        row_source = f"{source}:row {row + 1}"
        try:
            fields = next(records, None)
        except DataError as error:
            reason = str(error).removeprefix(f"{source}: ")
            yield UnreadableFile(row_source, f"{reason} This row and those below it are lost.")
            return
        if fields is None:
            return
        row += 1
        if len(fields) != len(header):
            yield UnreadableFile(row_source, f"{len(fields)} fields, expected {len(header)} as in the header.")
            continue
        document = _document(row_source, [fields[place] for place in texts], "" if title is None else fields[title])
        yield document or UnreadableFile(row_source, "the row has no text.")


def _document(source: str, texts: Sequence[str], title: str) -> Document | None:
    title = join_lines(title)
    paragraphs = [block for text in texts for block in plain_paragraphs(text)]
    if not paragraphs:
        return None
    heading = [Block(title, "heading", 1)] if title else []
    return Document(source, title, (*heading, *paragraphs))


def _records(path: Path, source: str, encoding: str) -> Iterator[list[str]]:
    """Yields the header, without white space around its names, and each row that is not an empty line."""
    check_encoding(encoding)
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    try:
        with path.open("rb") as file:
            encoding = text_encoding(file.read(_START_BYTES), source, encoding)
        with path.open(encoding=encoding, newline="") as file:
            reader = csv.reader(file, delimiter=delimiter, strict=True)
            header = _next_record(reader)
            if header is None:
                raise DataError(f"{source}: the file is empty. Expected a header and rows.")
            yield [name.removeprefix("\ufeff").strip() for name in header]
            while (fields := _next_record(reader)) is not None:
                yield fields
    except UnicodeDecodeError as error:
        raise undecodable(source, encoding, error) from error
    except csv.Error as error:
        raise DataError(f"{source}: line {reader.line_num}: {_quoting_problem(str(error))}") from error
    except OSError as error:
        raise DataError(
            f"{source}: cannot be read: {error.strerror or error}. Check the file and its permissions."
        ) from error


def _next_record(reader: Any) -> list[str] | None:
    with _changing_limit:
        before = csv.field_size_limit(_LONGEST_FIELD)
        try:
            return next(filter(None, reader), None)
        finally:
            csv.field_size_limit(before)


def _quoting_problem(error: str) -> str:
    if "field limit" in error or "field larger" in error:
        return f"a field is longer than {_LONGEST_FIELD} characters. If a quotation mark is left open, close it."
    if "NUL" in error:
        return "the line holds a NUL byte, so the file is binary, not text as its name says."
    if "expected after" in error:
        return 'text follows a closing quotation mark. Write marks inside a quoted field twice ("").'
    return f"the quotation marks do not pair up ({error}). Close them, or write them twice inside quotes."
