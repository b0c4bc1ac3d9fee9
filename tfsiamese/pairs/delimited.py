"""Rows from CSV and TSV files, with the line at which each record starts."""

import contextlib
import csv
import io
import itertools
import logging
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.header import FirstRecord, find_header
from tfsiamese.pairs.rows import BadRow
from tfsiamese.pairs.table import ColumnFinder, Layout, Table, TableChunks
from tfsiamese.pairs.text_file import read_text, text_lines

__all__ = ["delimited_chunks", "keeps_quotes", "read_delimited"]

logger = logging.getLogger(__name__)

Lines = Callable[[], Iterable[str]]
"""Gives the lines of a file from its start, with their line breaks."""


def read_delimited(
    path: Path, finder: ColumnFinder, *, encoding: str, delimiter: str, columns: Sequence[str] | None
) -> Table:
    r"""Reads a file of delimited values as RFC 4180 describes it, with any delimiter. Empty lines are passed over.

    Args:
        path: the file.
        finder: knows the names of the columns to read.
        encoding: the file's encoding.
        delimiter: one character; "tab" and `\t` stand for a tab.
        columns: the names of all columns of a file without a header.

    Raises:
        DataError: the file, its quoting or its header cannot be read. Rows with too many or too few fields are
            handed on as `Table.broken`.
        SettingsError: `encoding`, `delimiter` or `columns` cannot be used.
    """
    delimiter = _checked_delimiter(delimiter, columns)
    text = read_text(path, encoding)
    found = _chunks(lambda: io.StringIO(text, newline=""), path, finder, delimiter, columns, None)
    table = next(found.tables, None)
    if table is None:
        raise DataError(f"{path} has a header and no rows. Expected {found.layout.row} in each row below the header.")
    return table


def delimited_chunks(
    path: Path,
    finder: ColumnFinder,
    *,
    encoding: str,
    delimiter: str,
    columns: Sequence[str] | None,
    chunk_rows: int,
) -> TableChunks:
    """The same file, `chunk_rows` rows at a time; a file with a header and no rows gives no table.

    Raises:
        DataError, SettingsError: as `read_delimited`; those of a row when it is reached.
    """
    delimiter = _checked_delimiter(delimiter, columns)
    return _chunks(lambda: text_lines(path, encoding), path, finder, delimiter, columns, chunk_rows)


def _chunks(
    lines: Lines,
    path: Path,
    finder: ColumnFinder,
    delimiter: str,
    columns: Sequence[str] | None,
    chunk_rows: int | None,
) -> TableChunks:
    records = _records(lines(), delimiter, _quoting(lines, delimiter, path), path)
    first = FirstRecord(*next(records))
    layout = find_header(first, finder, columns=columns, delimiter=delimiter, source=str(path))
    width = len(first.fields if columns is None else columns)
    data = records if columns is None else itertools.chain([first], records)

    def tables() -> Iterator[Table]:
        while (table := _collect(itertools.islice(data, chunk_rows), layout, width, delimiter, path)) is not None:
            yield table

    return TableChunks(layout, tables())


def _collect(
    records: Iterable[tuple[int, list[str]]], layout: Layout, width: int, delimiter: str, path: Path
) -> Table | None:
    """The records as a table; None where there is none."""
    pick = operator.itemgetter(*(column.position for column in layout.columns))
    picked, lines, broken = [], [], []
    for line, fields in records:
        if len(fields) == width:
            picked.append(pick(fields))
            lines.append(line)
        else:
            broken.append(_wrong_width(line, fields, width, delimiter))
    if not lines and not broken:
        return None
    columns = [[values[place] for values in picked] for place in range(len(layout.columns))]
    return Table(str(path), layout, columns, np.array(lines, dtype=np.int64), broken)


def _records(lines: Iterable[str], delimiter: str, quoting: Any, path: Path) -> Iterator[tuple[int, list[str]]]:
    """Yields each record that is not an empty line, with the line at which it starts."""
    reader = csv.reader(lines, delimiter=delimiter, quoting=quoting, strict=True)
    start = 1
    try:
        for fields in reader:
            if fields:
                yield start, fields
            start = reader.line_num + 1
    except csv.Error as error:
        raise DataError(f"{path}: line {start}: {_quoting_problem(str(error), start, reader.line_num)}") from error


def _quoting_problem(error: str, start: int, end: int) -> str:
    """What is wrong with the record from line `start` to line `end`, in words for a user."""
    if "expected after" in error:
        place = f" on line {end}" if end > start else ""
        return (
            f"text follows a closing quotation mark{place}. Expected quotation marks inside a quoted field to be "
            'written twice (""), and a mark at the end of each quoted field: correct this row.'
        )
    if "field limit" in error:
        return (
            f"a field is longer than {csv.field_size_limit()} characters, the most that are read from a .csv or .tsv "
            "file. If a quotation mark is left open there, close it; write longer texts as .jsonl or .parquet."
        )
    return "a quotation mark opens in this row and is never closed. Close it, or write it twice inside quotes."


def _wrong_width(line: int, fields: list[str], width: int, delimiter: str) -> BadRow:
    problem = f"{len(fields)} field{'s' if len(fields) > 1 else ''}, expected {width}"
    inner_breaks = sum(field.count("\n") for field in fields)
    if inner_breaks:
        return BadRow(
            line, f"{problem} (the row runs to line {line + inner_breaks})", "Look for an open quotation mark."
        )
    if len(fields) > width:
        name = "a tab" if delimiter == "\t" else f"'{delimiter}'"
        return BadRow(line, problem, f"Put texts that hold {name} in double quotes.")
    return BadRow(line, problem)


def _quoting(lines: Lines, delimiter: str, path: Path) -> Any:
    """How quotation marks are meant; the csv module's constant.

    Many tab-separated corpora, STS-B among them, do not quote: a quotation mark is a character as any other. A file is
    taken to be one where every line has equally many tabs, so that no field needs quotes, and reading it with
    quotes breaks it or joins its lines.
    """
    if delimiter != "\t" or _keeps_quotes(lines):
        return csv.QUOTE_MINIMAL
    logger.warning("%s: the quotation marks do not pair up, so they are read as plain characters.", path)
    return csv.QUOTE_NONE


def keeps_quotes(text: str) -> bool:
    """Whether quotation marks in a tab-separated text are taken to quote, not to be plain characters."""
    return _keeps_quotes(lambda: io.StringIO(text, newline=""))


def _keeps_quotes(lines: Lines) -> bool:
    if not any('"' in line for line in lines()):
        return True
    if not _has_one_width(lines):
        return True
    with contextlib.suppress(csv.Error):
        widths = (_widths(lines(), quoting=quoting) for quoting in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE))
        return all(quoted == plain for quoted, plain in itertools.zip_longest(*widths))
    return False


def _has_one_width(lines: Lines) -> bool:
    """Whether every line that is not empty has equally many fields, quotation marks being plain characters."""
    widths = set()
    try:
        for width in _widths(lines(), quoting=csv.QUOTE_NONE):
            widths.add(width)
            if len(widths - {0}) > 1:
                return False
    except csv.Error:
        return False
    return len(widths - {0}) == 1


def _widths(lines: Iterable[str], quoting: Any) -> Iterator[int]:
    """The number of fields in each record of a tab-separated text."""
    return map(len, csv.reader(lines, delimiter="\t", quoting=quoting, strict=True))


def _checked_delimiter(delimiter: str, columns: Sequence[str] | None) -> str:
    delimiter = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(delimiter) != 1 or delimiter in '"\r\n':
        raise SettingsError(
            f"Expected one character, or tab, as --delimiter (delimiter= in Python). Received: {delimiter!r}."
        )
    if columns is not None and not columns:
        raise SettingsError("Expected a name for each column in --columns (columns= in Python). Received: none.")
    return delimiter
