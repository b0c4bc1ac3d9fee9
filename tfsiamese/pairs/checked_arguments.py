"""Arguments of functions on stored rows, checked where they come in."""

import numbers
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tfsiamese.errors import SettingsError

__all__ = ["require_text", "row_positions", "whole_number"]


def whole_number(name: str, value: Any, least: int | None = None) -> int:
    """A whole number, from `least` on where there is one.

    Raises:
        SettingsError: it is none, or below `least`.
    """
    is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if not is_whole or (least is not None and value < least):
        start = "" if least is None else f" from {least}"
        raise SettingsError(f"Expected {name} to be a whole number{start}. Received: {name}={value!r}.")
    return int(value)


def row_positions(rows: ArrayLike, num_rows: int) -> NDArray[np.int64]:
    """Positions of rows, int64 [n], from whole numbers, of which negative ones count from the end, or from a mask.

    Raises:
        IndexError: there is no such position, or the mask has another length.
        SettingsError: they are neither whole numbers [n] nor bool [num_rows].
    """
    try:
        found = np.asarray(rows)
    except ValueError:  # lists of different lengths
        found = np.array(None)
    if found.shape == (0,) and found.dtype != bool:
        return np.empty(0, np.int64)
    if found.ndim != 1 or found.dtype.kind not in "iub":
        raise SettingsError(
            f"Expected the positions of rows as whole numbers [n] or as bool [{num_rows}]. Received: "
            f"{type(rows).__name__}{f' of {found.dtype} {list(found.shape)}' if found.ndim else ''}."
        )
    return np.arange(num_rows)[found]


def require_text(name: str, value: Any, optional: bool = True) -> None:
    """Raises a SettingsError where a setting is no text; None is fine where it is optional."""
    if not isinstance(value, str) and not (optional and value is None):
        raise SettingsError(f"Expected {name} to be a text. Received: {name}={value!r}.")
