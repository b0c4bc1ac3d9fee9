"""How values and names appear in a message: on one line, and never long."""

from collections.abc import Iterable

__all__ = ["listed", "shown"]

_LONGEST_VALUE = 40
_MOST_NAMES = 10


def shown(value: object) -> str:
    """A value as a message quotes it: texts in quotation marks, long ones cut."""
    if isinstance(value, str):
        return repr(value) if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]!r}…"
    text = " ".join(str(value).split())
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}…"


def listed(names: Iterable[object]) -> str:
    """Names as a message lists them; those after the tenth are only counted."""
    names = list(names)
    more = [f"and {len(names) - _MOST_NAMES} more"] if len(names) > _MOST_NAMES else []
    return ", ".join([shown(str(name)) for name in names[:_MOST_NAMES]] + more)
