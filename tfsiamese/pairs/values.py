"""What a single value must be: a text that an encoder can take, a finite number, a name.

Each check first looks at a whole column. Only where something is wrong does it go value by value.
"""

import math
import numbers
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.pairs.wording import shown

__all__ = [
    "is_blank",
    "is_missing",
    "is_unicode",
    "name_of",
    "name_problem",
    "number_of",
    "number_problem",
    "numbers_of",
    "text_problem",
    "usable_texts",
]

_PLAIN_NUMBERS = ("floating", "integer", "mixed-integer-float")


def is_missing(value: object) -> bool:
    """Whether a value stands for none: None, pandas.NA or nan."""
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def is_blank(value: object) -> bool:
    """Whether a value is missing or a text of white space only."""
    return not value.strip() if isinstance(value, str) else is_missing(value)


def usable_texts(values: list[Any]) -> NDArray[np.bool_]:
    """Which values are texts that an encoder can take: bool `[values]`."""
    if pd.api.types.infer_dtype(values, skipna=False) == "string" and all(map(str.strip, values)):
        joined = "".join(values)
        if "\0" not in joined and is_unicode(joined):
            return np.ones(len(values), dtype=bool)
    return np.fromiter((text_problem(value) is None for value in values), dtype=bool, count=len(values))


def text_problem(value: object) -> str | None:
    """What is wrong with a text, as a message continues after the column's name; None where nothing is."""
    if is_missing(value):
        return "is missing"
    if not isinstance(value, str):
        return f"is {shown(value)}, not a text"
    if not value.strip():
        return "is blank"
    if "\0" in value:
        return "has a NUL character"
    if not is_unicode(value):
        return "has half of a surrogate pair, which is no character"
    return None


def numbers_of(values: list[Any]) -> NDArray[np.float64]:
    """The values as numbers, nan where a value is none: float64 `[values]`."""
    kind = pd.api.types.infer_dtype(values, skipna=False)
    if kind in _PLAIN_NUMBERS or (kind == "string" and "_" not in "".join(values)):
        try:
            return np.fromiter(map(float, values), dtype=np.float64, count=len(values))
        except (ValueError, OverflowError):
            pass
    return np.fromiter(map(number_of, values), dtype=np.float64, count=len(values))


def number_of(value: Any) -> float:
    """A value as a number; nan where it is none, as a bool is none."""
    is_python_notation = isinstance(value, str) and "_" in value  # float() reads "1_0" as 10
    if is_python_notation or isinstance(value, (bool, np.bool_)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def number_problem(value: object) -> tuple[str, str]:
    """What is wrong with a value that is no finite number, and what to do."""
    if is_blank(value):
        return "is missing", ""
    if isinstance(value, (bool, np.bool_)):
        return f"is {shown(bool(value)).lower()}", "Write 1 for true and 0 for false."
    if isinstance(value, str) and math.isfinite(number_of(value.replace(",", ".", 1))):
        return f"is {shown(value)}, written with a comma", "Write decimals with a point: 0.5, not 0,5."
    return f"is {shown(value)}, not a finite number", ""


def name_of(value: object) -> str | None:
    """A class or a group as a name; None where it cannot be one.

    White space around a name makes no difference, and a number is the name that it is written as: 7 and 7.0 are "7",
    since a column of whole numbers with a gap is read as one of floats.
    """
    if isinstance(value, str):
        return value.strip() if text_problem(value) is None else None
    if isinstance(value, (bool, np.bool_)):
        return str(bool(value)).lower()
    if isinstance(value, numbers.Integral):
        return str(int(value))
    if isinstance(value, numbers.Real) and math.isfinite(value):
        number = float(value)
        return str(int(number)) if number.is_integer() else repr(number)
    return None


def name_problem(value: object) -> str:
    """What is wrong with a value that is no name."""
    problem = text_problem(value) if is_missing(value) or isinstance(value, str) else None
    return problem or f"is {shown(value)}, not a name"


def is_unicode(text: str) -> bool:
    """Whether a text can be written as UTF-8: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
