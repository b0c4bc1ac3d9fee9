"""Similarity matrices as heat maps: one alone, or one before and one after training."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import ArrayLike

from tfsiamese.errors import SettingsError
from tfsiamese.plots.figures import PaperFigure
from tfsiamese.plots.heat_map import (
    change_scale,
    draw_color_bar,
    draw_heat_map,
    label_columns,
    label_rows,
    panel_side,
    similarity_scale,
)
from tfsiamese.plots.labels import shorten_all, wrap

__all__ = ["plot_similarity_matrices", "plot_similarity_matrix"]

MOST_LABELS = 200
_MOST_WITH_CHANGE = 12
_LABEL_COLUMNS = 34
_GAP = 0.22
_BAR_WIDTH = 0.13
_BAR_SPACE = 1.05
_TALLEST_BAR = 5.5


def plot_similarity_matrix(
    similarities: ArrayLike,
    labels: Sequence[Any],
    *,
    title: str | None = None,
    low: float | None = None,
    high: float | None = None,
) -> PaperFigure:
    """A heat map of the similarities of n texts to each other.

    Up to 20 texts the values stand in the cells. Labels that are too long lose their middle.

    Args:
        similarities: [n, n], n from 1 to 200; any scale.
        labels: n texts, in any script.
        title: Stands above the matrix.
        low: Value of the lightest colour; by default a round number just below the smallest value.
        high: Value of the darkest colour; by default a round number just above the largest value.

    Raises:
        SettingsError: The matrix is not square, is empty, has more than 200 rows or a value that is not finite; there
            are not as many labels as rows; or `low` is not below `high`.

    Example:
        >>> figure = plot_similarity_matrix(vectors @ vectors.T, ["data scientist", "data analyst", "baker"])
        >>> save_figure(figure, "similarity.png")
    """
    values = _checked_matrix(similarities, labels, "similarities")
    scale = similarity_scale(values, low, high)
    names = shorten_all(list(labels), _LABEL_COLUMNS)
    side = panel_side(len(names))
    heading = _heading(title, side)
    figure = PaperFigure(10, 10, [*names, heading])
    names = [figure.drawable(name) for name in names]
    with figure.style():
        axes = figure.add_panel(0, 0, side, side)
        image = draw_heat_map(axes, values, scale)
        label_rows(axes, names)
        label_columns(axes, names)
        axes.set_title(figure.drawable(heading), size=11, pad=8)
        bar = figure.add_panel(side + _GAP * 0.7, *_bar_place(side))
        draw_color_bar(bar, image, scale, "similarity")
        figure.fit_to_content()
    return figure


def plot_similarity_matrices(
    before: ArrayLike,
    after: ArrayLike,
    labels: Sequence[Any],
    *,
    title: str | None = None,
    panel_titles: tuple[str, str] = ("before", "after"),
    low: float | None = None,
    high: float | None = None,
) -> PaperFigure:
    """Two heat maps side by side on one colour scale: the similarities of n texts before and after training.

    Up to 12 texts a third panel shows the change, after minus before, on a scale of its own around zero.

    Args:
        before: [n, n], n from 1 to 200.
        after: [n, n].
        labels: n texts, in any script.
        title: Stands above the panels.
        panel_titles: Stand above the two matrices.
        low: Value of the lightest colour; by default a round number just below the smallest value of both.
        high: Value of the darkest colour; by default a round number just above the largest value of both.

    Raises:
        SettingsError: As `plot_similarity_matrix`, for either matrix.
    """
    matrices = [_checked_matrix(before, labels, "before"), _checked_matrix(after, labels, "after")]
    scale = similarity_scale(np.stack(matrices), low, high)
    names = shorten_all(list(labels), _LABEL_COLUMNS)
    side = panel_side(len(names), compact=True)
    headings = [_heading(panel_title, side) for panel_title in panel_titles]
    heading = _heading(title, 2 * side)
    figure = PaperFigure(10, 10, [*names, *headings, heading])
    names = [figure.drawable(name) for name in names]
    with figure.style():
        for index, values in enumerate(matrices):
            axes = figure.add_panel(index * (side + _GAP), 0, side, side)
            image = draw_heat_map(axes, values, scale)
            axes.set_title(figure.drawable(headings[index]), pad=6)
            label_columns(axes, names)
            if index == 0:
                label_rows(axes, names)
                _add_heading(axes, figure.drawable(heading), above=headings)
        right = 2 * side + _GAP
        bar = figure.add_panel(right + _GAP * 0.7, *_bar_place(side))
        draw_color_bar(bar, image, scale, "similarity")
        if len(names) <= _MOST_WITH_CHANGE:
            _add_change(figure, matrices[1] - matrices[0], names, right + _BAR_SPACE)
        figure.fit_to_content()
    return figure


def _add_heading(axes: Axes, heading: str, above: Sequence[str]) -> None:
    """Writes the title of a whole figure above the titles of its panels."""
    lines = max(text.count("\n") + 1 for text in above)
    offset = (0, 8 + 13 * lines)
    axes.annotate(heading, (0, 1), offset, xycoords="axes fraction", textcoords="offset points", size=11, va="bottom")


def _add_change(figure: PaperFigure, change: np.ndarray, names: Sequence[str], left: float) -> None:
    side = panel_side(len(names), compact=True)
    scale = change_scale(change)
    axes = figure.add_panel(left, 0, side, side)
    image = draw_heat_map(axes, change, scale)
    label_columns(axes, names)
    axes.set_title("change", pad=6)
    bar = figure.add_panel(left + side + _GAP * 0.7, *_bar_place(side))
    draw_color_bar(bar, image, scale, "change")


def _bar_place(side: float) -> tuple[float, float, float]:
    """Bottom, width and height of a colour bar that ends level with the top of its matrix."""
    height = min(side, _TALLEST_BAR)
    return side - height, _BAR_WIDTH, height


def _heading(title: str | None, width: float) -> str:
    """A title in lines that are about as wide as the panel, in inches."""
    return "" if title is None else wrap(title, round(max(width, 2.5) * 12))


def _checked_matrix(similarities: ArrayLike, labels: Sequence[Any], name: str) -> np.ndarray:
    try:
        values = np.asarray(similarities, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name} is not a matrix of numbers: {error}.") from error
    if values.size == 0:
        raise SettingsError(f"{name} is empty: expected at least one row.")
    if values.ndim != 2 or values.shape[0] != values.shape[1]:
        shape = list(values.shape)
        raise SettingsError(f"{name} is not a square matrix: expected [n, n]. Received: shape {shape}.")
    number = len(values)
    if isinstance(labels, str) or len(labels) != number:
        found = "one text" if isinstance(labels, str) else f"{len(labels)} labels"
        raise SettingsError(f"{name} needs one label for each of its {number} rows. Received: {found}.")
    if number > MOST_LABELS:
        raise SettingsError(
            f"{name} has {number} rows: a figure stays readable up to {MOST_LABELS}. "
            f"Choose some of the labels, e.g. similarities[:{MOST_LABELS}, :{MOST_LABELS}], or make several figures."
        )
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        first, second = (shorten_all([list(labels)[index]], _LABEL_COLUMNS)[0] for index in (row, column))
        raise SettingsError(
            f"{name} holds {values[row, column]} at row {row}, column {column} ({first!r} and {second!r}): "
            f"expected finite numbers. Look for vectors of zeros or NaN."
        )
    return values
