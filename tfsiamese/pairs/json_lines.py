"""Rows from JSON Lines: one object a line."""

import io
import itertools
import json
from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.errors import DataError
from tfsiamese.pairs.rows import BadRow, bad_rows_error
from tfsiamese.pairs.table import ColumnFinder, Table
from tfsiamese.pairs.text_file import read_text
from tfsiamese.pairs.wording import shown

__all__ = ["read_json_lines"]

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
    if text.lstrip().startswith("["):
        raise DataError(f"{path} holds one JSON array. {_ONE_OBJECT_A_LINE}")
    lines, objects, broken = _parse(text)
    if not objects:
        raise bad_rows_error(str(path), "line", broken, len(broken), len(broken))
    header = list(dict.fromkeys(itertools.chain.from_iterable(objects)))
    layout = finder.find(header, str(path))
    columns = [[entry.get(column.name) for entry in objects] for column in layout.columns]
    return Table(str(path), layout, columns, np.array(lines, dtype=np.int64), broken)


def _parse(text: str) -> tuple[list[int], list[dict[str, Any]], list[BadRow]]:
    """The objects with their lines, and the lines that hold none."""
    lines, objects, broken = [], [], []
    # Not str.splitlines: it would also split at the U+2028 that JSON allows inside a text.
    for number, line in enumerate(io.StringIO(text, newline=""), start=1):
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
