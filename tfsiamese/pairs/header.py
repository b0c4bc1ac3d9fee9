"""The first record of a delimited file: column names, or data under names that the caller gives."""

from collections.abc import Sequence
from typing import NamedTuple

from tfsiamese.errors import DataError
from tfsiamese.pairs.columns import looks_like_data
from tfsiamese.pairs.table import ColumnFinder, Layout
from tfsiamese.pairs.wording import listed

__all__ = ["FirstRecord", "find_header"]

_COMMON_DELIMITERS = (";", "\t", ",", "|")
_NAME_COLUMNS = (
    '--columns sentence1,sentence2,score (columns=["sentence1", "sentence2", "score"] in Python), with one name for '
    "each column, in the file's order"
)


class FirstRecord(NamedTuple):
    """The first record of a file, and the line at which it starts."""

    line: int
    fields: list[str]


def find_header(
    first: FirstRecord, finder: ColumnFinder, *, columns: Sequence[str] | None, delimiter: str, source: str
) -> Layout:
    """The columns to read.

    Args:
        first: the first record of the file.
        finder: knows the names of the columns to read.
        columns: the names of all columns where the file has no header.
        delimiter: the character between the fields.
        source: the name of the file in messages.

    Raises:
        DataError: there is no such header or no such columns; where the first record shows the reason, the message
            gives it.
    """
    where = f"{source}: line {first.line}"
    _check_delimiter(first, delimiter, where)
    if columns is not None:
        _check_names(first, finder, columns, where)
        return finder.find(columns, source)
    try:
        return finder.find(first.fields, source)
    except DataError:
        if not looks_like_data(first.fields):
            raise
        raise DataError(
            f"{where} holds data, not column names: {listed(first.fields)}. Expected a header; for a file without one "
            f"pass {_NAME_COLUMNS}."
        ) from None


def _check_delimiter(first: FirstRecord, delimiter: str, where: str) -> None:
    if len(first.fields) > 1:
        return
    for other in _COMMON_DELIMITERS:
        if other != delimiter and other in first.fields[0]:
            raise DataError(
                f"{where} is one column, since it has {_named(other)} and not {_named(delimiter)} between the columns. "
                f"Pass --delimiter {_named(other)} (delimiter= in Python)."
            )


def _check_names(first: FirstRecord, finder: ColumnFinder, columns: Sequence[str], where: str) -> None:
    if finder.is_header(first.fields):
        raise DataError(f"{where} is a header: {listed(first.fields)}. Leave out --columns (columns= in Python).")
    if len(first.fields) != len(columns):
        raise DataError(
            f"{where} has {len(first.fields)} fields, but --columns names {len(columns)}: {listed(columns)}. Pass "
            f"{_NAME_COLUMNS}."
        )


def _named(delimiter: str) -> str:
    return "tab" if delimiter == "\t" else f"'{delimiter}'"
