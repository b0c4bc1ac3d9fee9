"""Checks of single settings."""

import math
import numbers

from tfsiamese.errors import SettingsError

__all__ = ["require_positive", "require_share", "require_whole"]


def require_whole(name: str, value: object, lowest: int) -> None:
    """Refuses what is no whole number of `lowest` or more.

    Raises:
        SettingsError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < lowest:
        raise SettingsError(f"Expected {name} to be a whole number of {lowest} or more. Received: {value!r}.")


def require_share(name: str, value: object) -> None:
    """Refuses what is neither a number above 0 and up to 1 nor None, which stands for off.

    Raises:
        SettingsError: it is neither.
    """
    if value is not None and not 0 < _number(value) <= 1:
        raise SettingsError(
            f"Expected {name} to be a number above 0 and up to 1, or None for off. Received: {value!r}."
        )


def require_positive(name: str, value: object) -> None:
    """Refuses what is no finite number above 0.

    Raises:
        SettingsError: it is none.
    """
    if not 0 < _number(value) < math.inf:
        raise SettingsError(f"Expected {name} to be a number above 0. Received: {value!r}.")


def _number(value: object) -> float:
    """A number as a float, not a number for all else."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf
