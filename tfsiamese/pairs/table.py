"""What every reader hands on: named columns, as they were found, and the rows that could not be taken apart."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from tfsiamese.pairs.rows import BadRow

__all__ = ["Column", "ColumnFinder", "Layout", "Table", "TableChunks"]


class Column(NamedTuple):
    """A column to read: what it holds, where it stands in the header, from 0, and its name there."""

    role: str
    position: int
    name: str


class Layout(NamedTuple):
    """The columns to read from a source.

    Attributes:
        shape: what the rows are: "pairs", "triplets" or "classes".
        columns: the columns; several may have one role.
        row: what each row holds, in words for a message.
    """

    shape: str
    columns: tuple[Column, ...]
    row: str


class ColumnFinder(Protocol):
    """Knows by which names the columns of a shape go."""

    def find(self, header: Sequence[str], source: str) -> Layout:
        """The columns to read, from the names of all; raises a DataError where they aren't there."""

    def is_header(self, row: Sequence[str]) -> bool:
        """Whether a row holds a known set of column names."""


@dataclass(frozen=True)
class Table:
    """The columns of a source before any check of their values.

    Attributes:
        source: the name of the source in messages.
        layout: what the columns hold.
        columns: values as read, `[rows]` for each of `layout.columns`.
        lines: int64 `[rows]`, where each row starts, 1-based.
        broken: rows that could not be taken apart, and so are not among the others.
        unit: what `lines` counts: "line" in a text file, "row" elsewhere.
    """

    source: str
    layout: Layout
    columns: list[list[Any]]
    lines: NDArray[np.int64]
    broken: list[BadRow] = field(default_factory=list)
    unit: str = "line"

    def values(self, role: str) -> list[Any] | None:
        """The first column of this role; None without one."""
        return next(iter(self.all_values(role)), None)

    def all_values(self, role: str) -> list[list[Any]]:
        """Each column of this role, in the order of the layout."""
        pairs = zip(self.layout.columns, self.columns, strict=True)
        return [values for column, values in pairs if column.role == role]

    def names(self, role: str) -> list[str]:
        """The source's own names of the columns of this role."""
        return [column.name.strip() for column in self.layout.columns if column.role == role]


class TableChunks(NamedTuple):
    """A source as tables of some rows each, which follow one another; they are read as they are asked for."""

    layout: Layout
    tables: Iterator[Table]
