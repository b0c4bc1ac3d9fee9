"""Checked pairs: texts that an encoder can take, and scores from 0 to 1."""

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.errors import SettingsError
from tfsiamese.pairs.rows import BadRow, Rows, unusable_rows_error
from tfsiamese.pairs.values import number_of, number_problem, numbers_of, text_problem, usable_texts
from tfsiamese.pairs.wording import shown

__all__ = ["UNIT_RANGE", "score_limits", "validated_frame"]

UNIT_RANGE = (0.0, 1.0)


def score_limits(score_range: Sequence[float] | None) -> tuple[float, float]:
    """The lowest and the highest score that a source may hold.

    Raises:
        SettingsError: `score_range` is not two finite numbers, the lower one first.
    """
    if score_range is None:
        return UNIT_RANGE
    is_pair = isinstance(score_range, Sequence) and not isinstance(score_range, str) and len(score_range) == 2
    numbers = [number_of(end) for end in score_range] if is_pair else [math.nan]
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
    numbers = numbers_of(rows.score)
    usable = usable_texts(rows.left) & usable_texts(rows.right) & (low <= numbers) & (numbers <= high)
    if rows.broken or not usable.all():
        unusable = np.flatnonzero(~usable)
        raise unusable_rows_error(rows, unusable, lambda index: _bad_row(rows, index, numbers, score_range))
    scores = (numbers - low) / (high - low) + 0.0  # -0.0 becomes 0.0
    return pd.DataFrame({"left": rows.left, "right": rows.right, "score": scores, "line": rows.lines})


def _bad_row(rows: Rows, index: int, numbers: NDArray[np.float64], score_range: Sequence[float] | None) -> BadRow:
    line = int(rows.lines[index])
    for name, value in zip(rows.names, (rows.left[index], rows.right[index]), strict=False):
        problem = text_problem(value)
        if problem:
            return BadRow(line, f"{shown(name)} {problem}")
    score, name = float(numbers[index]), shown(rows.names[2])
    if math.isfinite(score):
        low, high = score_limits(score_range)
        return BadRow(line, f"{name} is {score:.6g}, not from {low:g} to {high:g}", _scale_advice(numbers, score_range))
    problem, advice = number_problem(rows.score[index])
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
