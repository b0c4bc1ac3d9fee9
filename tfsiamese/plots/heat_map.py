"""One labelled heat map and its colour bar, as the similarity figures put them together."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Colormap
from matplotlib.image import AxesImage
from matplotlib.ticker import MaxNLocator

from tfsiamese.errors import SettingsError
from tfsiamese.plots.colors import CHANGE_COLORS, SIMILARITY_COLORS, text_color_on
from tfsiamese.plots.labels import display_width

__all__ = [
    "MOST_PRINTED",
    "Scale",
    "change_scale",
    "draw_color_bar",
    "draw_heat_map",
    "label_columns",
    "label_rows",
    "label_size",
    "panel_side",
    "similarity_scale",
]

# Up to so many rows the value of each cell is printed in it.
MOST_PRINTED = 20


@dataclasses.dataclass(frozen=True)
class Scale:
    """From values to colours. Values outside low to high take the colour of the nearer end."""

    colors: Colormap
    low: float
    high: float
    ticks: tuple[float, ...]
    extend: str
    signed: bool = False

    def position(self, value: float) -> float:
        """Where a value lies between low (0) and high (1)."""
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))


def similarity_scale(values: np.ndarray, low: float | None, high: float | None) -> Scale:
    """A scale for similarities: the limits given, else round numbers just outside the values.

    Raises:
        SettingsError: A limit is not a finite number, or the lower one is not below the upper one.
    """
    for name, limit in (("low", low), ("high", high)):
        if limit is not None and not math.isfinite(limit):
            raise SettingsError(f"the colour scale needs finite limits. Received: {name}={limit}.")
    # Float32 cosines of equal vectors end a hair above 1, which must not make the scale end at 1.2.
    smallest, largest = round(float(values.min()), 5), round(float(values.max()), 5)
    if low is None and high is None and smallest == largest:
        smallest, largest = (0.0, 1.0) if 0 <= smallest <= 1 else (smallest - 0.5, smallest + 0.5)
    around = MaxNLocator(nbins=16, steps=[1, 2, 5, 10]).tick_values(smallest, largest)
    bottom = float(around[0]) if low is None else low
    top = float(around[-1]) if high is None else high
    if not bottom < top:
        raise SettingsError(
            f"the colour scale needs low < high. Received: low={low}, high={high}, "
            f"with similarities from {smallest:g} to {largest:g}."
        )
    below, above = smallest < bottom, largest > top
    extend = "both" if below and above else "min" if below else "max" if above else "neither"
    return Scale(SIMILARITY_COLORS, bottom, top, _ticks(bottom, top), extend)


def change_scale(change: np.ndarray) -> Scale:
    """A scale for differences: zero in the middle, both ends equally far from it."""
    largest = round(float(np.abs(change).max()), 5) or 0.1
    end = float(MaxNLocator(nbins=8, steps=[1, 2, 5, 10], symmetric=True).tick_values(-largest, largest)[-1])
    return Scale(CHANGE_COLORS, -end, end, _ticks(-end, end), "neither", signed=True)


def label_size(number: int) -> float:
    """Font size in points of the labels of a matrix with so many rows."""
    return float(np.interp(number, [12, 20, 60, 200], [9, 8, 7, 5]))


def panel_side(number: int, *, compact: bool = False) -> float:
    """Side in inches of a matrix with so many rows; a compact one stands beside others."""
    sides = [0.8, 1.2, 3.3, 4.1, 6.6, 8.2, 17.2] if compact else [0.9, 1.4, 4.1, 5.3, 7.4, 8.6, 17.2]
    return float(np.interp(number, [1, 2, 9, 12, 20, 60, 200], sides))


def draw_heat_map(axes: Axes, values: np.ndarray, scale: Scale) -> AxesImage:
    """Draws `values` [n, n] over the whole of `axes`; each cell with its value where n is small."""
    number = len(values)
    image = axes.imshow(
        values, cmap=scale.colors, vmin=scale.low, vmax=scale.high, interpolation="nearest", aspect="auto"
    )
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0, pad=4)
    axes.set_xticks([])
    axes.set_yticks([])
    decimals = _decimals(values)
    if number <= MOST_PRINTED and decimals is not None:
        texts = [_number(value, decimals, signed=scale.signed) for value in values.flat]
        size = min(8.5, label_size(number) - 0.5, _column_width(axes, number) / (0.75 * max(map(len, texts))))
        for (row, column), text in zip(np.ndindex(values.shape), texts, strict=True):
            color = text_color_on(scale.colors, scale.position(float(values[row, column])))
            axes.text(column, row, text, size=size, color=color, ha="center", va="center")
    if number <= MOST_PRINTED:
        edges = np.arange(number - 1) + 0.5
        axes.hlines(edges, -0.5, number - 0.5, colors="white", linewidth=0.8)
        axes.vlines(edges, -0.5, number - 0.5, colors="white", linewidth=0.8)
    return image


def label_rows(axes: Axes, labels: Sequence[str]) -> None:
    """Writes the labels to the left of the rows."""
    axes.set_yticks(range(len(labels)), labels=labels, size=label_size(len(labels)))


def label_columns(axes: Axes, labels: Sequence[str]) -> None:
    """Writes the labels below the columns: level if they fit, else slanted, or upright where columns are narrow."""
    number, size = len(labels), label_size(len(labels))
    column = _column_width(axes, number)
    if max(map(display_width, labels)) * size * 0.65 < column - 4:
        turn: dict[str, Any] = {}
    elif column > 1.6 * size:
        turn = {"rotation": 45, "ha": "right", "va": "center", "rotation_mode": "anchor"}
    else:
        turn = {"rotation": 90}
    axes.set_xticks(range(number), labels=labels, size=size, **turn)


def draw_color_bar(axes: Axes, image: AxesImage, scale: Scale, title: str) -> None:
    """Fills `axes`, a narrow upright panel, with the colours of `image`."""
    bar = axes.figure.colorbar(image, cax=axes, extend=scale.extend, ticks=scale.ticks)
    bar.outline.set_visible(False)
    decimals = max((len(f"{tick:.6g}".partition(".")[2]) for tick in scale.ticks), default=0)
    axes.set_yticks(scale.ticks, labels=[_number(tick, decimals, signed=scale.signed) for tick in scale.ticks])
    axes.set_ylabel(title)


def _column_width(axes: Axes, number: int) -> float:
    """In points."""
    return axes.bbox.width / axes.figure.dpi * 72 / number


def _ticks(low: float, high: float) -> tuple[float, ...]:
    ticks = MaxNLocator(nbins=7, steps=[1, 2, 5, 10]).tick_values(low, high)
    slack = (high - low) * 1e-6
    return tuple(float(tick) for tick in ticks if low - slack <= tick <= high + slack)


def _decimals(values: np.ndarray) -> int | None:
    """Decimals that leave a value at most five characters; None where no number of them does."""
    largest = float(np.abs(values).max())
    for bound, decimals in ((9.995, 2), (99.95, 1), (9999, 0)):
        if largest < bound:
            return decimals
    return None


def _number(value: float, decimals: int, *, signed: bool) -> str:
    text = f"{value:+.{decimals}f}" if signed else f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("+-")
    return text.replace("-", "−")
