"""Checked triplets: texts that an encoder can take, and a teacher's scores that are finite numbers."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from tfsiamese.pairs.rows import BadRow, unusable_rows_error
from tfsiamese.pairs.table import Table
from tfsiamese.pairs.values import (
    is_blank,
    name_of,
    name_problem,
    number_problem,
    numbers_of,
    text_problem,
    usable_texts,
)
from tfsiamese.pairs.wording import shown

__all__ = ["triplet_frame"]

Cells = list[tuple[Any, ...] | None]
"""The values of each row, `[rows]`; None where the source has something else than a list."""


def triplet_frame(table: Table) -> pd.DataFrame:
    """The rows as columns anchor, positive, negatives, line, and scores and group where the source has them.

    Raises:
        DataError: a row cannot be used. The message counts such rows and describes the first of them.
    """
    columns: dict[str, Any] = {role: table.values(role) for role in ("anchor", "positive")}
    usable = usable_texts(columns["anchor"]) & usable_texts(columns["positive"])
    negatives = _negatives(table)
    usable &= _usable_tuples(negatives)
    scores, groups = _scores(table, negatives), table.values("group")
    if scores is not None:
        numbers = _numbers(scores)
        usable &= _usable_scores(numbers, negatives)
    if groups is not None:
        names = [name_of(value) for value in groups]
        usable &= np.fromiter((name is not None for name in names), dtype=bool, count=len(names))
    if table.broken or not usable.all():
        raise unusable_rows_error(
            table, np.flatnonzero(~usable), lambda index: _bad_row(table, index, negatives[index])
        )
    frame = pd.DataFrame({**columns, "negatives": pd.Series(negatives, dtype=object), "line": table.lines})
    if scores is not None:
        frame["scores"] = pd.Series(numbers, dtype=object)
    if groups is not None:
        frame["group"] = names
    return frame


def _negatives(table: Table) -> Cells:
    lists = table.values("negatives")
    if lists is not None:
        return [_as_tuple(cell) for cell in lists]
    columns = table.all_values("negative")
    if not columns:
        return [()] * len(table.lines)
    return [tuple(cell for cell in cells if not is_blank(cell)) for cells in zip(*columns, strict=True)]


def _scores(table: Table, negatives: Cells) -> Cells | None:
    """A teacher's scores as found, the positive's first."""
    lists, positives = table.values("scores"), table.values("positive_score")
    if lists is not None:
        return [_as_tuple(cell) for cell in lists]
    if positives is None:
        return None
    of_negatives = table.values("negative_scores")
    if of_negatives is not None:
        rest: Cells = [_as_tuple(cell) for cell in of_negatives]
    else:
        rest = _scores_beside(table.all_values("negative"), table.all_values("negative_score"), len(negatives))
    return [None if more is None else (score, *more) for score, more in zip(positives, rest, strict=True)]


def _scores_beside(negatives: list[list[Any]], scores: list[list[Any]], num_rows: int) -> Cells:
    """The scores of the negatives that are there; a score without a negative is one too many."""
    if not negatives:
        return [()] * num_rows
    return [
        tuple(score for text, score in zip(texts, values, strict=True) if not (is_blank(text) and is_blank(score)))
        for texts, values in zip(zip(*negatives, strict=True), zip(*scores, strict=True), strict=True)
    ]


def _as_tuple(cell: object) -> tuple[Any, ...] | None:
    """A list as a tuple; nothing as an empty one."""
    if isinstance(cell, (list, tuple)):
        return tuple(cell)
    if isinstance(cell, np.ndarray) and cell.ndim == 1:
        return tuple(cell.tolist())
    return () if is_blank(cell) else None


def _usable_tuples(rows: Cells) -> NDArray[np.bool_]:
    lists = [cells for cells in rows if cells]
    if len(lists) and not usable_texts(list(itertools.chain.from_iterable(lists))).all():
        usable = (cells is not None and all(text_problem(text) is None for text in cells) for cells in rows)
    else:
        usable = (cells is not None for cells in rows)
    return np.fromiter(usable, dtype=bool, count=len(rows))


def _numbers(rows: Cells) -> list[tuple[float, ...]]:
    """The values as numbers, nan where one is none."""
    flat = numbers_of(list(itertools.chain.from_iterable(cells or () for cells in rows))) + 0.0  # -0.0 becomes 0.0
    values = iter(flat.tolist())
    return [tuple(itertools.islice(values, len(cells or ()))) for cells in rows]


def _usable_scores(numbers: Sequence[tuple[float, ...]], negatives: Cells) -> NDArray[np.bool_]:
    counts = (len(scores) == 1 + len(texts or ()) for scores, texts in zip(numbers, negatives, strict=True))
    has_all = np.fromiter(counts, dtype=bool, count=len(numbers))
    lengths = np.fromiter(map(len, numbers), dtype=np.int64, count=len(numbers))
    finite = np.isfinite(np.fromiter(itertools.chain.from_iterable(numbers), dtype=np.float64))
    num_bad = np.bincount(np.repeat(np.arange(len(numbers)), lengths)[~finite], minlength=len(numbers))
    return has_all & (num_bad == 0)


def _bad_row(table: Table, index: int, negatives: tuple[Any, ...] | None) -> BadRow:
    """What is wrong with a row, the first problem from left to right."""
    line = int(table.lines[index])
    values = [(column, cells[index]) for column, cells in zip(table.layout.columns, table.columns, strict=True)]
    for column, value in values:
        problem = None
        if column.role in ("anchor", "positive"):
            problem = text_problem(value)
        elif column.role == "negative":
            problem = None if is_blank(value) else text_problem(value)
        elif column.role == "negatives":
            problem = _list_problem(value)
        if problem:
            return BadRow(line, f"{shown(column.name.strip())} {problem}")
    return _bad_score(table, index, line, len(negatives or ())) or _bad_group(table, index, line)


def _list_problem(cell: object) -> str | None:
    texts = _as_tuple(cell)
    if texts is None:
        return f"is {shown(cell)}, not a list of texts"
    return next((f"holds a text that {text_problem(text)}" for text in texts if text_problem(text)), None)


def _bad_score(table: Table, index: int, line: int, num_negatives: int) -> BadRow | None:
    for role in ("scores", "negative_scores"):
        lists = table.values(role)
        if lists is not None:
            problem = _score_list_problem(lists[index], role, num_negatives)
            if problem:
                return BadRow(line, f"'{role}' {problem}")
    texts = [column[index] for column in table.all_values("negative")]
    columns = [*table.all_values("positive_score"), *table.all_values("negative_score")]
    names = table.names("positive_score") + table.names("negative_score")
    for place, (name, column) in enumerate(zip(names, columns, strict=True)):
        value = column[index]
        if place and is_blank(texts[place - 1]):
            if not is_blank(value):
                return BadRow(line, f"{shown(name)} is {shown(value)} for a negative that is missing")
        elif not np.isfinite(numbers_of([value])[0]):
            problem, advice = number_problem(value)
            return BadRow(line, f"{shown(name)} {problem}", advice)
    return None


def _score_list_problem(cell: object, role: str, num_negatives: int) -> str | None:
    values = _as_tuple(cell)
    if values is None:
        return f"is {shown(cell)}, not a list of numbers"
    num_expected = num_negatives + (role == "scores")
    if len(values) != num_expected:
        texts = "the positive and its negatives" if role == "scores" else "the negatives"
        scores = f"{len(values)} score{'' if len(values) == 1 else 's'}"
        return f"holds {scores}, expected {num_expected}, one for each of {texts}"
    bad = [value for value in values if not np.isfinite(numbers_of([value])[0])]
    return f"holds a score that {number_problem(bad[0])[0]}" if bad else None


def _bad_group(table: Table, index: int, line: int) -> BadRow:
    value = (table.values("group") or [])[index]
    advice = "Give each row a group, or none: a row of its own has a group of its own." if is_blank(value) else ""
    return BadRow(line, f"'group' {name_problem(value)}", advice)
