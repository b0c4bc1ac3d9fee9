"""Scores that people gave to pairs against the similarities that a model predicts for them."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.layout_engine import ConstrainedLayoutEngine
from numpy.typing import ArrayLike

from tfsiamese.errors import SettingsError
from tfsiamese.plots.figures import PaperFigure
from tfsiamese.plots.labels import clean_text, shorten, wrap
from tfsiamese.plots.score_panel import draw_density, draw_levels, draw_line, draw_points, write_correlations

__all__ = ["plot_score_scatter"]

_PANEL_WIDTH = 3.3
_PANEL_HEIGHT = 3.1
_MOST_LEVELS = 10
_MOST_POINTS = 4000
_NOTE_SIZE = (0.46, 0.24)  # of a panel, as wide and high as the note on the correlations


def plot_score_scatter(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    before: ArrayLike | None = None,
    title: str | None = None,
    label_name: str = "label",
    score_name: str = "similarity",
    panel_titles: tuple[str, str] = ("before", "after"),
) -> PaperFigure:
    """Given scores (across) against predicted similarities (up), with Pearson's and Spearman's correlation.

    Labels of at most ten different values are drawn as one distribution each, with its quartiles; others as points with
    the least-squares line, and from 4,000 pairs on as the number of pairs in each cell of a grid.

    Args:
        labels: [pairs], on any scale.
        scores: [pairs], on any scale.
        before: [pairs]; the scores before training, drawn in a panel of their own on the same axes.
        title: Stands above the panels.
        label_name: What the labels are.
        score_name: What the scores are.
        panel_titles: Stand above the two panels, if `before` is given.

    Raises:
        SettingsError: The arrays are of different lengths, hold fewer than two pairs, or a value that is not finite.
    """
    given = _checked(labels, "labels", None)
    panels = [_checked(scores, "scores", len(given))]
    heading = "" if title is None else wrap(title, 36 * (1 if before is None else 2))
    headings = [heading]
    if before is not None:
        panels.insert(0, _checked(before, "before", len(given)))
        headings = [wrap(panel_title, 40) for panel_title in panel_titles]
    names = [shorten(clean_text(name), 48) for name in (label_name, score_name)]
    layout = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.08)
    texts = [heading, *headings, *names]
    figure = PaperFigure(_PANEL_WIDTH * len(panels) + 0.6, _PANEL_HEIGHT, texts, layout=layout)
    with figure.style():
        if heading and before is not None:
            figure.suptitle(figure.drawable(heading), x=0.02, ha="left", size=11)
        row = figure.subplots(1, len(panels), sharex=True, sharey=True, squeeze=False)[0]
        _draw_panels(list(row), given, panels)
        for axes, panel_heading in zip(row, headings, strict=True):
            axes.set_title(figure.drawable(panel_heading))
            axes.set_xlabel(figure.drawable(names[0]))
        row[0].set_ylabel(figure.drawable(names[1]))
    return figure


def _checked(values: ArrayLike, name: str, number: int | None) -> np.ndarray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise SettingsError(f"{name} are not numbers: {error}.") from error
    if array.ndim != 1:
        raise SettingsError(f"{name} need one number for each pair. Received: shape {list(array.shape)}.")
    if number is not None and len(array) != number:
        raise SettingsError(f"{name} and labels need the same length. Received: {len(array)} and {number}.")
    if len(array) < 2:
        raise SettingsError(f"a scatter plot needs at least two pairs. Received: {len(array)}.")
    if not np.isfinite(array).all():
        index = int(np.flatnonzero(~np.isfinite(array))[0])
        raise SettingsError(f"{name} hold {array[index]} at index {index}: expected finite numbers.")
    return array


def _draw_panels(row: list[Axes], labels: np.ndarray, panels: list[np.ndarray]) -> None:
    """Draws every panel in the same manner and on the same limits."""
    levels, places = np.unique(labels, return_inverse=True)
    every = np.concatenate(panels)
    low, high = _with_margin(every.min(), every.max())
    if len(levels) <= _MOST_LEVELS and len(labels) >= 3 * len(levels):
        across = places.astype(np.float64)
        left, right = -0.6, len(levels) - 0.4
        for axes, scores in zip(row, panels, strict=True):
            draw_levels(axes, levels, places, scores)
    else:
        across = labels
        left, right = _with_margin(labels.min(), labels.max())
        if len(labels) > _MOST_POINTS:
            draw_density(row, labels, panels, (left, right, low, high))
        else:
            for axes, scores in zip(row, panels, strict=True):
                draw_points(axes, labels, scores)
        for axes, scores in zip(row, panels, strict=True):
            draw_line(axes, labels, scores)
    corner = _free_corner((np.tile(across, len(panels)) - left) / (right - left), (every - low) / (high - low))
    top = high
    if corner is None:
        corner = (0, 1)
        top += (high - low) * _NOTE_SIZE[1] / (1 - _NOTE_SIZE[1])
    row[0].set(xlim=(left, right), ylim=(low, top))
    row[0].set_yticks([tick for tick in row[0].get_yticks() if low <= tick <= high])
    for axes, scores in zip(row, panels, strict=True):
        write_correlations(axes, labels, scores, corner)


def _with_margin(low: float, high: float) -> tuple[float, float]:
    margin = 0.05 * (high - low) or 0.5
    return low - margin, high + margin


def _free_corner(across: np.ndarray, up: np.ndarray) -> tuple[int, int] | None:
    """A corner, (right, top), which no point of the unit square comes near."""
    width, height = _NOTE_SIZE
    for corner in ((0, 1), (1, 0), (1, 1), (0, 0)):
        if not ((np.abs(across - corner[0]) < width) & (np.abs(up - corner[1]) < height)).any():
            return corner
    return None
