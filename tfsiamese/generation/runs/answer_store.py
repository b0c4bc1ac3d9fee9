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
_MOST_TOKENS = 2**40
_NOT_THE_FILES_FAULT = ("full", "readonly", "read-only", "unable to open", "I/O error")

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

# Where nobody counted, the estimate stands: the process died, or the service does not tell what an answer cost.
_SPENT = """
SELECT COUNT(*),
       SUM(CASE WHEN outcome IS NULL OR outcome IN ('answered', 'refused') AND input_tokens + output_tokens = 0
           THEN estimated_tokens ELSE input_tokens + output_tokens END),
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
        tokens: as the service counted them; as estimated where it did not, or where the process died.
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
        for_reading: look at a file that is there, and change nothing; where there is none, the store is empty.

    Raises:
        DataError: the file is something else, or damaged.
        GenerationError: another process holds it.
    """

    def __init__(self, path: str | os.PathLike[str], for_reading: bool = False):
        self.path = Path(path)
        self._lock = threading.Lock()
        if not for_reading:
            self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._translated():
            self._connection = self._reading() if for_reading else self._writing()

    def _reading(self) -> sqlite3.Connection:
        if not self.path.exists() or (self.path.is_file() and not self.path.stat().st_size):
            connection = sqlite3.connect(":memory:", check_same_thread=False)
            connection.executescript(_TABLES)
            return connection
        connection = sqlite3.connect(f"{self.path.absolute().as_uri()}?mode=ro", uri=True, check_same_thread=False)
        return self._checked(connection)

    def _writing(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=0, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA locking_mode=EXCLUSIVE")
        self._checked(connection)
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute("BEGIN IMMEDIATE")
            for statement in _TABLES.split(";"):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version={_VERSION}")
            connection.execute("COMMIT")
        except BaseException:
            connection.close()
            raise
        return connection

    def _checked(self, connection: sqlite3.Connection) -> sqlite3.Connection:
        try:
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            tables = connection.execute("SELECT name FROM sqlite_master WHERE type='table'").fetchall()
            if version != _VERSION and (version or tables):
                raise DataError(
                    f"{self.path} is a database of something else, or of another version of tfsiamese. Move it away."
                )
        except BaseException:
            connection.close()
            raise
        return connection

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
                    (key, answer.is_refusal, _storable(answer.text), writer, time.time()),
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
            (_storable(outcome), _counted(usage.input_tokens), _counted(usage.output_tokens), number),
        )

    def spending(self) -> Spending:
        """What was spent so far, by all runs."""
        with self._lock, self._translated():
            return Spending(*(int(number or 0) for number in self._connection.execute(_SPENT).fetchone()))

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise self._translation(error) from error

    def _translation(self, error: sqlite3.DatabaseError) -> DataError | GenerationError:
        reason = str(error)
        if "locked" in reason:
            return GenerationError(
                f"Another process writes into {self.path}. Expected one at a time: wait for its end, or name another "
                "--out (out= in Python)."
            )
        if self.path.is_dir():
            return GenerationError(f"{self.path} is a folder. Expected a file, or nothing there: move it away.")
        if any(word in reason for word in _NOT_THE_FILES_FAULT):
            return GenerationError(
                f"{self.path} cannot be used: {reason}. Check the path, its permissions and the disk."
            )
        return DataError(
            f"{self.path} is not a store of answers, or is damaged: {reason}. Expected a file that generate wrote: "
            "move it away."
        )


def _storable(text: str) -> str:
    """Without halves of surrogate pairs, which no database can hold."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _counted(tokens: int) -> int:
    """Within what a service can mean."""
    return min(max(int(tokens), 0), _MOST_TOKENS)
