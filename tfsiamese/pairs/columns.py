"""Which columns hold the left text, the right text and the score: by name, never by position."""

from collections.abc import Sequence
from typing import NamedTuple

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.wording import listed

__all__ = ["KNOWN_NAMES", "ColumnNames", "find_columns", "is_known_header", "looks_like_data"]


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


def find_columns(header: Sequence[str], wanted: ColumnNames, source: str) -> tuple[int, int, int]:
    """The positions of left, right and score in a header.

    A name that `wanted` leaves open is taken from `KNOWN_NAMES`. White space around names and upper or lower case
    make no difference.

    Args:
        header: the source's column names.
        wanted: the names asked for.
        source: the name of the source in messages.

    Raises:
        DataError: a column is missing or there twice, or more than one set of known names is there.
        SettingsError: one column is asked for in two roles.
    """
    given = [_key(name) for name in wanted if name is not None]
    if len(set(given)) < len(given):
        raise SettingsError(
            f"Expected different columns for left, right and score. Received: {_roles(wanted)}. Name others with "
            f"{_NAME_THEM}."
        )
    keys = [_key(name) for name in header]
    matches = {names for names in _candidates(wanted) if all(name in keys for name in names)}
    if not matches:
        raise DataError(_missing(header, wanted, source))
    if len(matches) > 1:
        sets = " and ".join(f"({', '.join(names)})" for names in sorted(matches))
        raise DataError(f"{source}: the columns {sets} are both there. Name those to read with {_NAME_THEM}.")
    left, right, score = (_only_position(keys, name, source) for name in matches.pop())
    return left, right, score


def looks_like_data(row: Sequence[str]) -> bool:
    """Whether a file's first row holds values rather than names: one of its fields is a number."""
    return any(_is_number(field) for field in row)


def is_known_header(row: Sequence[str]) -> bool:
    """Whether a row holds one of the known sets of column names."""
    keys = {_key(field) for field in row}
    return any(keys.issuperset(_key(str(name)) for name in names) for names in KNOWN_NAMES)


def _key(name: object) -> str:
    return str(name).strip().casefold()


def _candidates(wanted: ColumnNames) -> set[tuple[str, str, str]]:
    """The sets of names that would do: each known one, with the names asked for in their places."""
    filled = [
        tuple(_key(known if name is None else name) for name, known in zip(wanted, names, strict=True))
        for names in KNOWN_NAMES
    ]
    return {(left, right, score) for left, right, score in filled if len({left, right, score}) == 3}


def _only_position(keys: Sequence[str], name: str, source: str) -> int:
    positions = [position for position, key in enumerate(keys) if key == name]
    if len(positions) > 1:
        places = " and ".join(str(position + 1) for position in positions)
        raise DataError(
            f"{source}: columns {places} have the same name {name!r}. Rename all but one, or name another column with "
            f"{_NAME_THEM}."
        )
    return positions[0]


def _missing(header: Sequence[str], wanted: ColumnNames, source: str) -> str:
    keys = {_key(name) for name in header}
    absent = [name for name in wanted if name is not None and _key(name) not in keys]
    found = f"the columns found are {listed(header)}"
    if absent:
        return f"{source}: there is no column {listed(absent)}; {found}. Name them with {_NAME_THEM}."
    known = " or ".join(f"({', '.join(map(str, names))})" for names in KNOWN_NAMES)
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
