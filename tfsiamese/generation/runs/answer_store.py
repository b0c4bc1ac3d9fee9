"""Every request and every answer of a run, on disk at once."""

import contextlib
import hashlib
import json
import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfsiamese.errors import DataError, GenerationError
from tfsiamese.generation.writers import Request, Usage

__all__ = ["AnswerStore", "Spending", "StoredAnswer", "request_key"]

_VERSION = 1

_TABLES = """
CREATE TABLE IF NOT EXISTS requests (
    id INTEGER PRIMARY KEY,
    key TEXT NOT NULL,
    sent_at REAL NOT NULL,
    estimated_tokens INTEGER NOT NULL,
    outcome TEXT,
    input_tokens INTEGER,
    output_tokens INTEGER
);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY,
    is_refusal INTEGER NOT NULL,
    text TEXT NOT NULL,
    writer TEXT NOT NULL,
    stored_at REAL NOT NULL
);
"""

_SPENT = """
SELECT COUNT(*), SUM(CASE WHEN outcome IS NULL THEN estimated_tokens ELSE input_tokens + output_tokens END),
       SUM(CASE WHEN outcome IS NOT NULL THEN input_tokens ELSE 0 END),
       SUM(CASE WHEN outcome IS NOT NULL THEN output_tokens ELSE 0 END)
FROM requests
"""


@dataclass(frozen=True)
class StoredAnswer:
    """What a writer said for good: JSON, or why it declined."""

    text: str
    is_refusal: bool


@dataclass(frozen=True)
class Spending:
    """What all runs with a store have cost.

    Attributes:
        requests: sent, with and without an answer.
        tokens: as the service counted them; for requests whose process died, as estimated.
        input_tokens: counted by the service.
        output_tokens: counted by the service.
    """

    requests: int = 0
    tokens: int = 0
    input_tokens: int = 0
    output_tokens: int = 0


def request_key(writer: str, request: Request) -> str:
    """Identifies what was asked of whom, so that an answer is found again by the question and not by a place."""
    asked = [
        writer,
        request.instructions,
        request.message,
        request.schema,
        request.temperature,
        request.max_output_tokens,
    ]
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()


class AnswerStore:
    """A SQLite file that one process at a time holds; its methods can be called from all threads.

    A request is noted before it is sent, and its answer is committed, to the disk, before anything else is done with
    it: a process killed at any moment loses the answers on their way and no others.

    Args:
        path: the file; it is made if it is not there.
        is_new_allowed: False opens a file that is there for reading, or an empty store in its place.

    Raises:
        DataError: the file is something else, or damaged.
        GenerationError: another process holds it.
    """

    def __init__(self, path: str | os.PathLike[str], is_new_allowed: bool = True):
        self.path = Path(path)
        self._lock = threading.Lock()
        if is_new_allowed:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._translated():
            self._connection = self._opened(is_new_allowed)

    def _opened(self, is_new_allowed: bool) -> sqlite3.Connection:
        if not is_new_allowed and not self.path.is_file():
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            connection.executescript(_TABLES)
            return connection
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        try:
            connection.execute("PRAGMA locking_mode=EXCLUSIVE")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            self._check_version(connection)
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_version(self, connection: sqlite3.Connection) -> None:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")}
        if version != _VERSION and (version or tables):
            raise DataError(
                f"{self.path} is a database of something else, or of another version of tfsiamese. Name another file."
            )

    def __enter__(self) -> "AnswerStore":
        return self

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._connection.close()

    def find(self, key: str) -> StoredAnswer | None:
        """The answer to a request, if there is one."""
        with self._lock, self._translated():
            row = self._connection.execute("SELECT text, is_refusal FROM answers WHERE key=?", (key,)).fetchone()
        return None if row is None else StoredAnswer(row[0], bool(row[1]))

    def begin(self, key: str, estimated_tokens: int) -> int:
        """Notes that a request is about to be sent; returns its number."""
        with self._lock, self._translated():
            cursor = self._connection.execute(
                "INSERT INTO requests (key, sent_at, estimated_tokens) VALUES (?, ?, ?)",
                (key, time.time(), estimated_tokens),
            )
            return int(cursor.lastrowid or 0)

    def fail(self, number: int, reason: str, usage: Usage) -> None:
        """Notes what became of a request without an answer."""
        with self._lock, self._translated():
            self._close_request(number, reason, usage)

    def answer(self, number: int, key: str, writer: str, answer: StoredAnswer, usage: Usage) -> None:
        """Notes the answer to a request, in one step with its end."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                self._connection.execute(
                    "INSERT OR REPLACE INTO answers (key, is_refusal, text, writer, stored_at) VALUES (?, ?, ?, ?, ?)",
                    (key, answer.is_refusal, answer.text, writer, time.time()),
                )
                self._close_request(number, "refused" if answer.is_refusal else "answered", usage)
                self._connection.execute("COMMIT")
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    self._connection.execute("ROLLBACK")
                raise

    def _close_request(self, number: int, outcome: str, usage: Usage) -> None:
        self._connection.execute(
            "UPDATE requests SET outcome=?, input_tokens=?, output_tokens=? WHERE id=?",
            (outcome, usage.input_tokens, usage.output_tokens, number),
        )

    def spending(self) -> Spending:
        """What was spent so far, by all runs."""
        with self._lock, self._translated():
            return Spending(*(int(number or 0) for number in self._connection.execute(_SPENT).fetchone()))

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.OperationalError as error:
            if "locked" in str(error):
                raise GenerationError(
                    f"Another process writes into {self.path}. Expected one at a time: wait for its end, or name "
                    "another file."
                ) from error
            raise GenerationError(f"{self.path} cannot be used: {error}. Check the path and the disk.") from error
        except sqlite3.DatabaseError as error:
            raise DataError(
                f"{self.path} is not a store of answers, or is damaged: {error}. Expected a file that generate wrote: "
                "move it away, or name another."
            ) from error
