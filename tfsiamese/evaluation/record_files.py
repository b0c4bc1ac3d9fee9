"""Files of retrieval sets as records: tab-separated or JSON Lines, each with its line number.

Quotation marks in tab-separated files are plain characters, as in BEIR, MS MARCO and MELO.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from tfsiamese.errors import DataError

__all__ = ["read_json_records", "read_tab_records"]


def read_tab_records(path: Path, *, blanks_separate: bool = False) -> Iterator[tuple[int, list[str]]]:
    """Yields the number and the fields of each line that is not blank.

    Args:
        path: a text file in UTF-8.
        blanks_separate: whether a line without a tab is split at its blanks.

    Raises:
        DataError: the file cannot be read or is not UTF-8.
    """
    for number, line in _lines(path):
        yield number, line.split() if blanks_separate and "\t" not in line else line.split("\t")


def read_json_records(path: Path) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yields the number and the object of each line that is not blank.

    Raises:
        DataError: the file cannot be read, is not UTF-8, or a line is not a JSON object.
    """
    for number, line in _lines(path):
        try:
            record = json.loads(line)
        except json.JSONDecodeError as error:
            raise DataError(f"{path}: line {number} is not JSON: {error.msg}. Expected one object a line.") from error
        if not isinstance(record, dict):
            raise DataError(f"{path}: line {number} is JSON, but no object. Expected one object a line: {{…}}.")
        yield number, record


def _lines(path: Path) -> Iterator[tuple[int, str]]:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror}. Check the path and its permissions.") from error
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        broken = content[: error.start].count(b"\n") + 1
        raise DataError(f"{path}: line {broken} is not UTF-8 ({error.reason}). Save the file as UTF-8.") from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            yield number, line.removesuffix("\r")
