"""The one set of known column names that a header holds."""

from collections.abc import Sequence

from tfsiamese.errors import DataError
from tfsiamese.pairs.columns import column_key
from tfsiamese.pairs.wording import listed

__all__ = ["names_in", "only_names"]


def names_in(header: Sequence[str], known: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """The known sets of names that are in a header, whatever white space or case."""
    keys = {column_key(name) for name in header}
    return [names for names in known if keys.issuperset(map(column_key, names))]


def only_names(header: Sequence[str], known: Sequence[Sequence[str]], source: str, expected: str) -> Sequence[str]:
    """The known set of names that is in a header.

    Args:
        header: the source's column names.
        known: the sets of names to look for.
        source: the name of the source in messages.
        expected: what is expected, in words.

    Raises:
        DataError: there is none, or there are several.
    """
    fitting = names_in(header, known)
    if len(fitting) == 1:
        return fitting[0]
    found = f"{source}: the columns found are {listed(header)}"
    if not fitting:
        raise DataError(f"{found}; expected {expected}. Rename the columns.")
    sets = " and ".join(f"({', '.join(names)})" for names in fitting)
    raise DataError(f"{found}; {sets} are all there. Expected one of {expected}. Remove or rename the others.")
