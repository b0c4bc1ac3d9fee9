"""One panel of curves over epochs, as the figure of a training run puts them together."""

import dataclasses
import math
from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.gridspec import SubplotSpec
from matplotlib.lines import Line2D
from matplotlib.ticker import Formatter, MaxNLocator

from tfsiamese.plots.colors import MUTED, SERIES
from tfsiamese.plots.figures import PaperFigure

__all__ = ["PANEL_WIDTH", "CurvePanel", "draw_curve_panel", "panel_height"]

PANEL_WIDTH = 3.2
_HEIGHT = 2.3
_MOST_WITH_MARKERS = 30
_DASHES = ("-", (0, (5, 1.5)), (0, (1.5, 1.5)), (0, (6, 1.5, 1.5, 1.5)))

# Points, at the legend's font size of 8.
_LEGEND_WIDTH = 180
_LEGEND_LINE = 11
_LEGEND_HANDLE = 20
_LEGEND_GAP = 10
_LEGEND_LETTER = 4.4


@dataclasses.dataclass(frozen=True)
class CurvePanel:
    """Curves that share an axis: name to values [epochs], NaN where there is none."""

    title: str
    curves: dict[str, np.ndarray]
    best_epoch: int | None = None
    names_best_epoch: bool = False

    @property
    def legend(self) -> list[str]:
        """The entries of the legend; a curve that is alone is named by the title."""
        names = list(self.curves) if len(self.curves) > 1 else []
        return [*names, f"best epoch: {self.best_epoch}"] if self.names_best_epoch else names


def panel_height(panel: CurvePanel) -> float:
    """Inches that a panel needs with its legend."""
    return _HEIGHT + _legend_lines(panel) * _LEGEND_LINE / 72


def draw_curve_panel(figure: PaperFigure, place: SubplotSpec, panel: CurvePanel) -> None:
    """Draws the curves, the mark of the best epoch, and the legend between the title and the axes."""
    axes = figure.add_subplot(place)
    curves = [_draw_curve(axes, values, index) for index, values in enumerate(panel.curves.values())]
    shown = curves if len(curves) > 1 else []
    epochs = max(len(values) for values in panel.curves.values())
    if panel.best_epoch is not None:
        mark = axes.axvline(panel.best_epoch, color=MUTED, linewidth=0.9, linestyle=(0, (2, 2)), zorder=1)
        shown = [*shown, mark] if panel.names_best_epoch else shown
        for index, values in enumerate(panel.curves.values()):
            value = values[panel.best_epoch - 1]
            axes.plot(panel.best_epoch, value, "o", ms=7.5, mfc=_color(index), mec="white", mew=1.2, zorder=3)
    axes.margins(y=0.1)
    axes.set_xlabel("epoch")
    axes.set_xlim(1 - max(0.5, epochs / 40), epochs + max(0.5, epochs / 40))
    axes.set_xticks(_epoch_ticks(epochs))
    axes.grid(axis="y")
    power = _power_of_ten(panel.curves.values())
    axes.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axes.yaxis.set_major_formatter(_Decimals(power))
    unit = f" (×10{str(power).translate(str.maketrans('-0123456789', '⁻⁰¹²³⁴⁵⁶⁷⁸⁹'))})" if power else ""
    axes.set_title(figure.drawable(panel.title) + unit, pad=6 + _legend_lines(panel) * _LEGEND_LINE)
    if panel.legend:
        axes.legend(
            shown,
            [figure.drawable(name) for name in panel.legend],
            ncols=_legend_columns(panel.legend),
            loc="lower left",
            bbox_to_anchor=(0, 1),
            borderpad=0,
            borderaxespad=0.3,
            handlelength=1.9,
            handletextpad=0.5,
            columnspacing=_LEGEND_GAP / 8,
            labelspacing=0.35,
        )


def _draw_curve(axes: Axes, values: np.ndarray, index: int) -> Line2D:
    axis = np.arange(1, len(values) + 1)
    known = np.isfinite(values)
    alone = _without_neighbours(known)
    if known.sum() == len(alone):
        axis, values = axis[known], values[known]
        alone = np.arange(len(values))
    few = len(axis) <= _MOST_WITH_MARKERS
    (line,) = axes.plot(
        axis,
        values,
        color=_color(index),
        linestyle=_DASHES[index % len(_DASHES)],
        marker="o" if few or len(alone) else None,
        markersize=3.2,
        markevery=None if few else alone.tolist(),
    )
    return line


def _without_neighbours(known: np.ndarray) -> np.ndarray:
    """Indexes of values between two gaps, which a line alone would not show."""
    padded = np.pad(known, 1)
    return np.flatnonzero(known & ~padded[:-2] & ~padded[2:])


def _color(index: int) -> str:
    return SERIES[index % len(SERIES)]


def _epoch_ticks(epochs: int) -> list[int]:
    """Epoch 1 and round numbers."""
    step = next(step for power in range(12) for step in (10**power, 2 * 10**power, 5 * 10**power) if epochs <= 7 * step)
    return [1, *(tick for tick in range(step, epochs + 1, step) if tick > 1 + step / 3)]


def _power_of_ten(curves: Iterable[np.ndarray]) -> int:
    """The power of ten to leave out of the tick labels; 0 where they are short without."""
    largest = max(float(np.nanmax(np.abs(values))) for values in curves)
    return math.floor(math.log10(largest)) if largest and not 1e-2 <= largest < 1e5 else 0


class _Decimals(Formatter):
    """Tick labels in units of a power of ten, all with as many decimals as the longest."""

    def __init__(self, power: int) -> None:
        self._power = power

    def __call__(self, value: float, pos: int | None = None) -> str:
        return self.format_ticks([value])[0]

    def format_ticks(self, values: Sequence[float]) -> list[str]:
        scaled = [value / 10.0**self._power for value in values]
        decimals = max((len(f"{value:.8f}".rstrip("0").partition(".")[2]) for value in scaled), default=0)
        return [f"{value:.{decimals}f}".replace("-", "−") for value in scaled]


def _legend_columns(names: Sequence[str]) -> int:
    """The highest number of columns that fits the width of a panel."""
    for columns in range(len(names), 1, -1):
        longest = [max(map(len, part)) for part in np.array_split(np.array(names, dtype=object), columns)]
        width = sum(_LEGEND_HANDLE + _LEGEND_LETTER * letters for letters in longest) + _LEGEND_GAP * (columns - 1)
        if width <= _LEGEND_WIDTH:
            return columns
    return 1


def _legend_lines(panel: CurvePanel) -> int:
    return -(-len(panel.legend) // _legend_columns(panel.legend)) if panel.legend else 0
