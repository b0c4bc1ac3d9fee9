"""What the settings of losses may be."""

import math
import numbers
from collections.abc import Iterable
from typing import Any

from tfsiamese.errors import SettingsError

__all__ = ["require_one_of", "require_positive"]


def require_positive(name: str, value: Any) -> None:
    """Raises a SettingsError unless the value is a positive, finite number."""
    is_number = isinstance(value, numbers.Real) and not isinstance(value, bool)
    if not (is_number and float(value) > 0 and math.isfinite(value)):
        raise SettingsError(f"Expected a positive {name}. Received: {name}={value}.")


def require_one_of(name: str, value: Any, known: Iterable[str]) -> None:
    """Raises a SettingsError that lists what is known unless the value is one of them."""
    known = tuple(known)
    if value not in known:
        raise SettingsError(f"Unknown {name.replace('_', ' ')} {value!r}. Expected one of {', '.join(known)}.")
