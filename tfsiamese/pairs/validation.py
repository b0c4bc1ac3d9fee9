"""Checked rows: texts that an encoder can take, and scores from 0 to 1.

Each check first looks at whole columns. Only where something is wrong does it go row by row, to say what and where.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.rows import MOST_SHOWN, BadRow, Rows, bad_rows_error
from tfsiamese.pairs.wording import shown

__all__ = ["UNIT_RANGE", "score_limits", "validated_frame"]

UNIT_RANGE = (0.0, 1.0)

_PLAIN_NUMBERS = ("floating", "integer", "mixed-integer-float")


def score_limits(score_range: Sequence[float] | None) -> tuple[float, float]:
    """The lowest and the highest score that a source may hold.

    Raises:
        SettingsError: `score_range` is not two finite numbers, the lower one first.
    """
    if score_range is None:
        return UNIT_RANGE
    is_pair = isinstance(score_range, Sequence) and not isinstance(score_range, str) and len(score_range) == 2
    numbers = [_number(end) for end in score_range] if is_pair else [math.nan]
    if not all(map(math.isfinite, numbers)) or numbers[0] >= numbers[1]:
        raise SettingsError(
            "Expected two numbers, the lower one first, as --score-range LOW HIGH (score_range=(low, high) in Python). "
            f"Received: {shown(score_range)}."
        )
    return numbers[0], numbers[1]


def validated_frame(rows: Rows, score_range: Sequence[float] | None = None) -> pd.DataFrame:
    """The rows as columns left, right, score (float64, 0 to 1) and line (int64).

    Args:
        rows: what a reader found.
        score_range: the scores' lowest and highest possible value, which become 0 and 1. Without it they must lie
            from 0 to 1 already.

    Raises:
        DataError: a row cannot be used. The message counts such rows and describes the first of them.
        SettingsError: `score_range` is not two finite numbers, the lower one first.
    """
    low, high = score_limits(score_range)
    numbers = _numbers(rows.score)
    usable = _usable_texts(rows.left) & _usable_texts(rows.right) & (low <= numbers) & (numbers <= high)
    if rows.broken or not usable.all():
        raise _error(rows, numbers, np.flatnonzero(~usable), score_range)
    scores = (numbers - low) / (high - low) + 0.0  # -0.0 becomes 0.0
    return pd.DataFrame({"left": rows.left, "right": rows.right, "score": scores, "line": rows.lines})


def _usable_texts(values: list[Any]) -> NDArray[np.bool_]:
    if pd.api.types.infer_dtype(values, skipna=False) == "string" and all(map(str.strip, values)):
        joined = "".join(values)
        if "\0" not in joined and _is_unicode(joined):
            return np.ones(len(values), dtype=bool)
    return np.fromiter((_text_problem(value) is None for value in values), dtype=bool, count=len(values))


def _text_problem(value: object) -> str | None:
    if _is_missing(value):
        return "is missing"
    if not isinstance(value, str):
        return f"is {shown(value)}, not a text"
    if not value.strip():
        return "is blank"
    if "\0" in value:
        return "has a NUL character"
    if not _is_unicode(value):
        return "has half of a surrogate pair, which is no character"
    return None


def _is_missing(value: object) -> bool:
    return value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _numbers(values: list[Any]) -> NDArray[np.float64]:
    """The scores as numbers, nan where a value is none."""
    kind = pd.api.types.infer_dtype(values, skipna=False)
    if kind in _PLAIN_NUMBERS or (kind == "string" and "_" not in "".join(values)):
        try:
            return np.fromiter(map(float, values), dtype=np.float64, count=len(values))
        except (ValueError, OverflowError):
            pass
    return np.fromiter(map(_number, values), dtype=np.float64, count=len(values))


def _number(value: Any) -> float:
    is_python_notation = isinstance(value, str) and "_" in value  # float() reads "1_0" as 10
    if is_python_notation or isinstance(value, (bool, np.bool_)):
        return math.nan
    try:
        return float(value)
    except (TypeError, ValueError, OverflowError):
        return math.nan


def _score_problem(value: object) -> tuple[str, str]:
    """What is wrong with a score that is no finite number, and what to do."""
    if _is_missing(value) or (isinstance(value, str) and not value.strip()):
        return "is missing", ""
    if isinstance(value, (bool, np.bool_)):
        return f"is {shown(bool(value)).lower()}", "Write 1 for true and 0 for false."
    if isinstance(value, str) and math.isfinite(_number(value.replace(",", ".", 1))):
        return f"is {shown(value)}, written with a comma", "Write decimals with a point: 0.5, not 0,5."
    return f"is {shown(value)}, not a finite number", ""


def _error(
    rows: Rows, numbers: NDArray[np.float64], unusable: NDArray[np.intp], score_range: Sequence[float] | None
) -> DataError:
    found = [_bad_row(rows, int(index), numbers, score_range) for index in unusable[:MOST_SHOWN]]
    first = sorted(found + rows.broken[:MOST_SHOWN])
    num_rows = len(rows.lines) + len(rows.broken)
    return bad_rows_error(rows.source, rows.unit, first, len(unusable) + len(rows.broken), num_rows)


def _bad_row(rows: Rows, index: int, numbers: NDArray[np.float64], score_range: Sequence[float] | None) -> BadRow:
    line = int(rows.lines[index])
    for name, value in zip(rows.names, (rows.left[index], rows.right[index]), strict=False):
        problem = _text_problem(value)
        if problem:
            return BadRow(line, f"{shown(name)} {problem}")
    score, name = float(numbers[index]), shown(rows.names[2])
    if math.isfinite(score):
        low, high = score_limits(score_range)
        return BadRow(line, f"{name} is {score:.6g}, not from {low:g} to {high:g}", _scale_advice(numbers, score_range))
    problem, advice = _score_problem(rows.score[index])
    return BadRow(line, f"{name} {problem}", advice)


def _scale_advice(numbers: NDArray[np.float64], score_range: Sequence[float] | None) -> str:
    finite = numbers[np.isfinite(numbers)]
    low, high = float(np.min(finite)), float(np.max(finite))
    example = f"{math.floor(low)} {math.ceil(high)}"
    what = "If these have another scale, give it" if score_range is None else "Correct them, or give their scale"
    return (
        f"{what}: the scores found run from {low:.6g} to {high:.6g}, so e.g. --score-range {example} "
        f"(score_range=({example.replace(' ', ', ')}) in Python)."
    )
