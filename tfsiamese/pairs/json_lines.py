"""Rows from JSON Lines: one object a line."""

import io
import itertools
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.errors import DataError
from tfsiamese.pairs.rows import MOST_SHOWN, BadRow, bad_rows_error
from tfsiamese.pairs.table import ColumnFinder, Layout, Table, TableChunks
from tfsiamese.pairs.text_file import read_text, text_lines
from tfsiamese.pairs.wording import shown

__all__ = ["json_line_chunks", "read_json_lines"]

Parsed = tuple[list[int], list[dict[str, Any]], list[BadRow]]
"""Lines, the object of each, and the lines that hold none."""

_ONE_OBJECT_A_LINE = 'Write one object a line, such as {"left": "nurse", "right": "medical nurse", "score": 1}.'


def read_json_lines(path: Path, finder: ColumnFinder, *, encoding: str) -> Table:
    """Reads a file that holds one JSON object a line, as jsonlines.org describes it. Empty lines are passed over.

    Args:
        path: the file.
        finder: knows the names of the members to read.
        encoding: the file's encoding.

    Raises:
        DataError: the file cannot be read, or no object has the members. Lines that are no object are handed on as
            `Table.broken`.
        SettingsError: there is no such encoding.
    """
    text = read_text(path, encoding)
    _refuse_array(text, path)
    parsed = _parse(enumerate(io.StringIO(text, newline=""), start=1))
    if not parsed[1]:
        raise bad_rows_error(str(path), "line", parsed[2], len(parsed[2]), len(parsed[2]))
    header = list(dict.fromkeys(itertools.chain.from_iterable(parsed[1])))
    return _table(path, finder.find(header, str(path)), parsed)


def json_line_chunks(path: Path, finder: ColumnFinder, *, encoding: str, chunk_rows: int) -> TableChunks:
    """The same file, `chunk_rows` lines at a time; it is read once before, for the names of all members.

    Raises:
        DataError, SettingsError: as `read_json_lines`; those of a line when it is reached.
    """
    header: dict[str, None] = {}
    broken: list[BadRow] = []
    num_broken = 0
    for number, parsed in enumerate(_parsed_chunks(path, encoding, chunk_rows)):
        if not number:
            _refuse_array(next(line for line in text_lines(path, encoding) if not line.isspace()), path)
        header |= dict.fromkeys(itertools.chain.from_iterable(parsed[1]))
        broken += parsed[2][: MOST_SHOWN - len(broken)]
        num_broken += len(parsed[2])
    if not header and num_broken:
        raise bad_rows_error(str(path), "line", broken, num_broken, num_broken)
    layout = finder.find(list(header), str(path))
    return TableChunks(layout, (_table(path, layout, parsed) for parsed in _parsed_chunks(path, encoding, chunk_rows)))


def _parsed_chunks(path: Path, encoding: str, chunk_rows: int) -> Iterator[Parsed]:
    lines = enumerate(text_lines(path, encoding), start=1)
    while chunk := list(itertools.islice(lines, chunk_rows)):
        parsed = _parse(chunk)
        if parsed[1] or parsed[2]:
            yield parsed


def _refuse_array(text: str, path: Path) -> None:
    if text.lstrip().startswith("["):
        raise DataError(f"{path} holds one JSON array. {_ONE_OBJECT_A_LINE}")


def _table(path: Path, layout: Layout, parsed: Parsed) -> Table:
    lines, objects, broken = parsed
    columns = [[entry.get(column.name) for entry in objects] for column in layout.columns]
    return Table(str(path), layout, columns, np.array(lines, dtype=np.int64), broken)


def _parse(numbered: Iterable[tuple[int, str]]) -> Parsed:
    """The objects with their lines, and the lines that hold none."""
    # Not str.splitlines: it would also split at the U+2028 that JSON allows inside a text.
    lines, objects, broken = [], [], []
    for number, line in numbered:
        if line.isspace():
            continue
        try:
            entry = json.loads(line)
        except json.JSONDecodeError as error:
            problem = f"no valid JSON at column {error.colno} ({error.msg.removesuffix(' at')})"
            broken.append(BadRow(number, problem, _ONE_OBJECT_A_LINE))
        except (ValueError, RecursionError):  # a number of thousands of digits; brackets nested as deep
            broken.append(BadRow(number, "JSON that cannot be read", _ONE_OBJECT_A_LINE))
        else:
            if isinstance(entry, dict):
                lines.append(number)
                objects.append(entry)
            else:
                broken.append(BadRow(number, f"{shown(entry)} is no JSON object", _ONE_OBJECT_A_LINE))
    return lines, objects, broken
