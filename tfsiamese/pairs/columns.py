"""Which columns hold the left text, the right text and the score of pairs: by name, never by position."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.table import Column, Layout
from tfsiamese.pairs.wording import listed

__all__ = [
    "KNOWN_NAMES",
    "ColumnNames",
    "PairColumns",
    "column_key",
    "find_columns",
    "is_known_header",
    "looks_like_data",
    "only_position",
]


class ColumnNames(NamedTuple):
    """The names of the three columns; None where one of the known names is to be found."""

    left: str | None = None
    right: str | None = None
    score: str | None = None


KNOWN_NAMES = (
    ColumnNames("base", "ref", "similarity"),
    ColumnNames("sentence1", "sentence2", "score"),
    ColumnNames("text1", "text2", "label"),
    ColumnNames("left", "right", "score"),
)

_NAME_THEM = "--left, --right and --score (left=, right=, score= in Python)"
_ANY_NAMES = ColumnNames()
_NAME_ANOTHER = f", or name another column with {_NAME_THEM}"


def find_columns(
    header: Sequence[str], wanted: ColumnNames, source: str, known: Sequence[ColumnNames] = KNOWN_NAMES
) -> tuple[int, int, int]:
    """The positions of left, right and score in a header.

    A name that `wanted` leaves open is taken from those known. White space around names and upper or lower case
    make no difference.

    Args:
        header: the source's column names.
        wanted: the names asked for.
        source: the name of the source in messages.
        known: the known sets of names.

    Raises:
        DataError: a column is missing or there twice, or more than one set of known names is there.
        SettingsError: one column is asked for in two roles.
    """
    given = [column_key(name) for name in wanted if name is not None]
    if len(set(given)) < len(given):
        raise SettingsError(
            f"Expected different columns for left, right and score. Received: {_roles(wanted)}. Name others with "
            f"{_NAME_THEM}."
        )
    keys = [column_key(name) for name in header]
    matches = {names for names in _candidates(wanted, known) if all(name in keys for name in names)}
    if not matches:
        raise DataError(_missing(header, wanted, source, known))
    if len(matches) > 1:
        sets = " and ".join(f"({', '.join(names)})" for names in sorted(matches))
        raise DataError(f"{source}: the columns {sets} are both there. Name those to read with {_NAME_THEM}.")
    left, right, score = (only_position(keys, name, source, _NAME_ANOTHER) for name in matches.pop())
    return left, right, score


def looks_like_data(row: Sequence[str]) -> bool:
    """Whether a file's first row holds values rather than names: one of its fields is a number."""
    return any(_is_number(field) for field in row)


def is_known_header(row: Sequence[str], known: Sequence[Sequence[str | None]] = KNOWN_NAMES) -> bool:
    """Whether a row holds one of the known sets of column names."""
    keys = {column_key(field) for field in row}
    return any(keys.issuperset(map(column_key, names)) for names in known)


@dataclass(frozen=True)
class PairColumns:
    """Finds the columns of scored pairs.

    Attributes:
        wanted: the names asked for.
        known: the names that may stand for those left open.
    """

    wanted: ColumnNames = _ANY_NAMES
    known: tuple[ColumnNames, ...] = KNOWN_NAMES

    def find(self, header: Sequence[str], source: str) -> Layout:
        """The three columns; raises as `find_columns` does."""
        positions = find_columns(header, self.wanted, source, self.known)
        columns = zip(ColumnNames._fields, positions, strict=True)
        return Layout(
            "pairs", tuple(Column(role, position, header[position]) for role, position in columns), "one pair of texts"
        )

    def is_header(self, row: Sequence[str]) -> bool:
        """Whether a row holds one of the known sets of column names."""
        return is_known_header(row, self.known)


def column_key(name: object) -> str:
    """A column's name without what makes no difference: white space around it, upper or lower case."""
    return str(name).strip().casefold()


def _candidates(wanted: ColumnNames, known_names: Sequence[ColumnNames]) -> set[tuple[str, str, str]]:
    """The sets of names that would do: each known one, with the names asked for in their places."""
    filled = [
        tuple(column_key(known if name is None else name) for name, known in zip(wanted, names, strict=True))
        for names in known_names
    ]
    return {(left, right, score) for left, right, score in filled if len({left, right, score}) == 3}


def only_position(keys: Sequence[str], name: str, source: str, advice: str = "") -> int:
    """The position of the one key that is `name`; raises a DataError, which ends with the advice, if there are more."""
    positions = [position for position, key in enumerate(keys) if key == name]
    if len(positions) > 1:
        places = " and ".join(str(position + 1) for position in positions)
        raise DataError(f"{source}: columns {places} have the same name {name!r}. Rename all but one{advice}.")
    return positions[0]


def _missing(header: Sequence[str], wanted: ColumnNames, source: str, known_names: Sequence[ColumnNames]) -> str:
    keys = {column_key(name) for name in header}
    absent = [name for name in wanted if name is not None and column_key(name) not in keys]
    found = f"the columns found are {listed(header)}"
    if absent:
        return f"{source}: there is no column {listed(absent)}; {found}. Name them with {_NAME_THEM}."
    known = " or ".join(f"({', '.join(map(str, names))})" for names in known_names)
    asked = f" beside {_roles(wanted)}" if any(wanted) else ""
    return f"{source}: {found}; expected {known}{asked}. Name others with {_NAME_THEM}."


def _roles(wanted: ColumnNames) -> str:
    return ", ".join(f"{role}={name!r}" for role, name in wanted._asdict().items() if name is not None)


def _is_number(field: str) -> bool:
    try:
        float(field.replace(",", "."))
    except ValueError:
        return False
    # float() also reads "nan" and "infinity", which may well be names.
    return any(character.isdigit() for character in field)
