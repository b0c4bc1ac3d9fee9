"""What every reader hands on: three columns, as they were found, and the rows that could not be taken apart."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DataError

__all__ = ["MOST_SHOWN", "BadRow", "Rows", "bad_rows_error"]

MOST_SHOWN = 5
"""The number of bad rows that one message describes; the rest is only counted."""


class BadRow(NamedTuple):
    """A row that cannot be used: where it starts, what is wrong, and what to do, if that is not just to correct it."""

    line: int
    problem: str
    advice: str = ""


@dataclass(frozen=True)
class Rows:
    """The columns of a source before any check of their values.

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


def bad_rows_error(source: str, unit: str, first: Sequence[BadRow], num_bad: int, num_rows: int) -> DataError:
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
    if num_bad == 1:
        return DataError(f"{source}: {problems}. {advice}")
    more = f"; and {num_bad - len(first)} more" if num_bad > len(first) else ""
    return DataError(f"{source}: {num_bad} of {num_rows} rows cannot be used: {problems}{more}. {advice}")
