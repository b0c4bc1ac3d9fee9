"""Texts of a file of lines, one after the other: plain, delimited, or JSON objects."""

import csv
import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from tfsiamese.encoding.large_fields import MOST_CHARACTERS, large_fields
from tfsiamese.encoding.line_reader import LineReader
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.delimited import keeps_quotes
from tfsiamese.pairs.wording import listed, shown
from tfsiamese.suggestions import did_you_mean
from tfsiamese.texts import utf8_texts

__all__ = ["Columns", "Record", "delimited_records", "json_records", "line_records", "text_of"]

_DEFAULT_COLUMN = "text"
_SAMPLE_LINES = 2_000


class Record(NamedTuple):
    """A text, where it stands in its file (a line, or a row of a table, from 1), and its id, if it has one."""

    line: int
    text: str
    id: str | None = None


class Columns(NamedTuple):
    """The names of the columns to read; None for the texts' own default, and for no ids."""

    text: str | None = None
    id: str | None = None

    def positions(self, names: Sequence[str], path: str) -> list[int]:
        """Where the texts and, where there are any, the ids stand among all names.

        Raises:
            DataError: there is no such column, or more than one.
            SettingsError: no column is named and none can be guessed.
        """
        names = [name.strip() for name in names]
        return [_position(names, name, path) for name in self.chosen(names, path) if name is not None]

    def chosen(self, names: Sequence[str], path: str) -> "Columns":
        """The same columns; that of the texts, where none is named, is the one called "text", or the only one.

        Raises:
            SettingsError: there are several, and none is called so.
        """
        names = [name.strip() for name in names]
        if self.text is not None:
            return self
        text = names[0] if len(names) == 1 else _DEFAULT_COLUMN
        if text not in names:
            raise SettingsError(
                f"{path} has the columns {listed(names)}. Name the one with the texts: --column (column= in Python)."
            )
        return self._replace(text=text)


def _position(names: Sequence[str], name: str, path: str) -> int:
    if name not in names:
        raise DataError(f"{path} has no column {name!r}.{did_you_mean(name, names)} Expected one of {listed(names)}.")
    if names.count(name) > 1:
        raise DataError(f"{path} has {names.count(name)} columns {name!r}. Expected one: rename the others.")
    return names.index(name)


def line_records(lines: LineReader) -> Iterator[Record]:
    """One text a line; a blank line is an empty text."""
    for text in lines:
        yield Record(lines.line, text.removesuffix("\n").removesuffix("\r"))


def delimited_records(lines: LineReader, columns: Columns, path: str, delimiter: str) -> Iterator[Record]:
    """Texts of a file of delimited values with a header, as RFC 4180 describes it; empty lines are passed over.

    In a tab-separated file whose first lines show that quotation marks do not quote, they are characters as any other.
    """
    positions: list[int] = []
    width = 0
    for line, fields in _delimited_rows(lines, path, delimiter):
        if not positions:
            positions, width = columns.positions(fields, path), len(fields)
            continue
        if len(fields) != width:
            raise DataError(
                f"{path}, line {line}: {len(fields)} fields, expected {width}. Correct this row: texts that hold the "
                "delimiter or a line break stand in double quotes."
            )
        yield Record(line, *(fields[position] for position in positions))


def _delimited_rows(lines: LineReader, path: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """The fields of each row that is not an empty line, the header first, with the line at which it starts."""
    rest = iter(lines)
    head = list(itertools.islice(rest, _SAMPLE_LINES))
    start = 1
    with large_fields():
        quoting: Any = csv.QUOTE_MINIMAL if delimiter != "\t" or keeps_quotes("".join(head)) else csv.QUOTE_NONE
        reader = csv.reader(itertools.chain(head, rest), delimiter=delimiter, quoting=quoting, strict=True)
        try:
            for fields in reader:
                if fields:
                    yield start, fields
                start = reader.line_num + 1
        except csv.Error as error:
            raise DataError(f"{path}, line {start}: {_problem(error)}") from error


def _problem(error: csv.Error) -> str:
    if "field limit" not in str(error):
        return f"{error}. Correct the quotation marks of this row."
    return (
        f"a field is longer than {MOST_CHARACTERS:,} characters. Close its quotation mark, or, where the text is so "
        "long, write the texts as .jsonl or .parquet."
    )


def json_records(lines: LineReader, columns: Columns, path: str) -> Iterator[Record]:
    """Texts of a file with one JSON object a line; empty lines are passed over.

    The first object decides what the member with the texts is called in all of them.
    """
    for content in lines:
        if content.isspace():
            continue
        where = f"{path}, line {lines.line}"
        try:
            entry = json.loads(content)
        except (ValueError, RecursionError) as error:
            raise DataError(f"{where}: no valid JSON ({error}). Expected one object a line.") from error
        if not isinstance(entry, dict):
            raise DataError(f"{where}: {shown(entry)} is no JSON object. Expected one object a line.")
        names = list(entry)
        columns = columns.chosen(names, where)
        values = [entry[names[position]] for position in columns.positions(names, where)]
        yield Record(lines.line, text_of(values[0], where), *(_id_of(value, where) for value in values[1:]))


def text_of(value: object, where: str) -> str:
    """A value as a text, half surrogate pairs replaced by U+FFFD.

    Raises:
        DataError: it is none.
    """
    if not isinstance(value, str):
        what = "missing" if value is None else f"{shown(value)}, not a text"
        raise DataError(f"{where}: the text is {what}. Leave the row out, or write an empty text.")
    return value if value.isascii() else utf8_texts([value])[0].decode()


def _id_of(value: object, where: str) -> str | None:
    return text_of(value if isinstance(value, str) else json.dumps(value), where) if value is not None else None
