"""Rows of scored pairs before any check, and the message that tells which rows of a source cannot be used."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DataError

__all__ = ["MOST_SHOWN", "BadRow", "Rows", "Source", "UnusableRowsError", "bad_rows_error", "unusable_rows_error"]

MOST_SHOWN = 5
"""The number of bad rows that one message describes; the rest is only counted."""


class BadRow(NamedTuple):
    """A row that cannot be used: where it starts, what is wrong, and what to do, if that is not just to correct it."""

    line: int
    problem: str
    advice: str = ""


class Source(Protocol):
    """Where rows come from, as far as a message needs it; the attributes are those of `Rows`."""

    @property
    def source(self) -> str:
        """The name of the source in messages."""

    @property
    def lines(self) -> NDArray[np.int64]:
        """Where each row starts."""

    @property
    def broken(self) -> list[BadRow]:
        """Rows that could not be taken apart."""

    @property
    def unit(self) -> str:
        """What `lines` counts."""


@dataclass(frozen=True)
class Rows:
    """The columns of scored pairs before any check of their values.

    Attributes:
        source: the name of the source in messages.
        names: the source's own names for left, right and score.
        left: `[rows]`, as read; so are `right` and `score`.
        lines: int64 `[rows]`, where each row starts, 1-based.
        broken: rows that could not be taken apart, and so are not among the others.
        unit: what `lines` counts: "line" in a text file, "row" elsewhere.
    """

    source: str
    names: tuple[str, str, str]
    left: list[Any]
    right: list[Any]
    score: list[Any]
    lines: NDArray[np.int64]
    broken: list[BadRow] = field(default_factory=list)
    unit: str = "line"


class UnusableRowsError(DataError):
    """Rows of a source cannot be used; keeps what its message says, so that one for more rows can be made of it.

    Attributes:
        first: the first bad rows, in order; up to `MOST_SHOWN`.
        num_bad: how many there are in all.
        num_rows: how many rows were looked at, good or bad.
    """

    def __init__(self, message: str, first: Sequence[BadRow], num_bad: int, num_rows: int):
        super().__init__(message)
        self.first = tuple(first)
        self.num_bad = num_bad
        self.num_rows = num_rows


def bad_rows_error(source: str, unit: str, first: Sequence[BadRow], num_bad: int, num_rows: int) -> UnusableRowsError:
    """One line for all bad rows.

    Args:
        source: the name of the source.
        unit: "line" or "row".
        first: the first bad rows, in order; `MOST_SHOWN` of them are described.
        num_bad: how many there are in all.
        num_rows: how many rows the source has, good or bad.
    """
    first = first[:MOST_SHOWN]
    problems = "; ".join(f"{unit} {row.line}: {row.problem}" for row in first)
    default = "Correct or remove this row." if num_bad == 1 else "Correct or remove these rows."
    advice = " ".join(dict.fromkeys(row.advice or default for row in first))
    more = f"; and {num_bad - len(first)} more" if num_bad > len(first) else ""
    count = "" if num_bad == 1 else f"{num_bad} of {num_rows} rows cannot be used: "
    return UnusableRowsError(f"{source}: {count}{problems}{more}. {advice}", first, num_bad, num_rows)


def unusable_rows_error(
    source: Source, unusable: NDArray[np.intp], describe: Callable[[int], BadRow]
) -> UnusableRowsError:
    """One line for the rows that could not be taken apart and those whose values cannot be used.

    Args:
        source: where the rows come from.
        unusable: the positions, in order, of rows whose values cannot be used.
        describe: tells what is wrong with the row at a position; called for the first few only.
    """
    found = [describe(int(index)) for index in unusable[:MOST_SHOWN]]
    first = sorted(found + source.broken[:MOST_SHOWN])
    num_bad, num_rows = len(unusable) + len(source.broken), len(source.lines) + len(source.broken)
    return bad_rows_error(source.source, source.unit, first, num_bad, num_rows)
