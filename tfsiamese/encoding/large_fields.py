"""Room for long fields in the csv module, whose limit is one for the whole process."""

import contextlib
import csv
import threading
from collections.abc import Iterator

__all__ = ["MOST_CHARACTERS", "large_fields"]

MOST_CHARACTERS = 2**24
"""Of a field; a quotation mark that is never closed would otherwise take the rest of the file into memory."""

_changing = threading.Lock()
_users = 0
_before = 0


@contextlib.contextmanager
def large_fields() -> Iterator[None]:
    """Raises the limit to `MOST_CHARACTERS` until the last of all blocks, in whatever thread, has ended."""
    global _users, _before
    with _changing:
        if not _users:
            _before = csv.field_size_limit()
        csv.field_size_limit(max(MOST_CHARACTERS, csv.field_size_limit()))
        _users += 1
    try:
        yield
    finally:
        with _changing:
            _users -= 1
            if not _users:
                csv.field_size_limit(_before)
