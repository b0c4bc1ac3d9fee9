"""One panel of scores against labels: distributions, points or densities, and the correlations in a corner."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.ticker import FuncFormatter, LogLocator
from scipy import stats

from tfsiamese.plots.colors import ACCENT, INK, MAIN, SIMILARITY_COLORS

__all__ = ["draw_density", "draw_levels", "draw_line", "draw_points", "write_correlations"]

_MOST_POINTS_A_LEVEL = 600
_FEWEST_FOR_SHAPE = 8
_HALF_WIDTH = 0.36
_GOLDEN_RATIO = (5**0.5 - 1) / 2

# The similarity colours without their lightest fifth, so that a single pair is seen on white.
_DENSITY_COLORS = LinearSegmentedColormap.from_list("tfsiamese_density", SIMILARITY_COLORS(np.linspace(0.2, 1, 9)))


def draw_levels(axes: Axes, levels: np.ndarray, places: np.ndarray, scores: np.ndarray) -> None:
    """A column for each level: the shape of its distribution, its pairs inside that, its quartiles.

    Args:
        axes: The panel.
        levels: [levels], the different labels, ascending.
        places: [pairs], the index of each pair's level.
        scores: [pairs].
    """
    for place in range(len(levels)):
        group = np.sort(scores[places == place])
        density = _relative_density(group)
        shown = np.unique(np.linspace(0, len(group) - 1, _MOST_POINTS_A_LEVEL).astype(int))
        # Multiples of the golden ratio spread evenly, however many there are.
        spread = 2 * ((np.arange(len(shown)) * _GOLDEN_RATIO) % 1) - 1
        size, alpha = _marker(len(scores))
        edge = _HALF_WIDTH * density[shown]
        if len(group) >= _FEWEST_FOR_SHAPE:
            axes.fill_betweenx(group[shown], place - edge, place + edge, color=MAIN, alpha=0.15, linewidth=0)
        axes.scatter(place + 0.85 * spread * edge, group[shown], s=size, color=MAIN, alpha=alpha, linewidths=0)
        lower, median, upper = np.percentile(group, [25, 50, 75])
        axes.vlines(place, lower, upper, color=INK, linewidth=2.2)
        axes.plot(place, median, "o", markersize=5, mfc="white", mec=INK, mew=1.1)
    counts = np.bincount(places)
    ticks = [f"{level:.4g}\nn = {count:,}" for level, count in zip(levels, counts, strict=True)]
    axes.set_xticks(range(len(levels)), ticks)
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y")


def _relative_density(group: np.ndarray) -> np.ndarray:
    """Estimated density at each of the sorted values, 1 at the highest; 1 throughout where there is no spread."""
    if len(group) < _FEWEST_FOR_SHAPE or np.isclose(group[0], group[-1]):
        return np.ones(len(group))
    sample = group[np.linspace(0, len(group) - 1, min(len(group), 2000)).astype(int)]
    grid = np.linspace(group[0], group[-1], 200)
    density = np.interp(group, grid, stats.gaussian_kde(sample)(grid))
    return density / density.max()


def draw_points(axes: Axes, labels: np.ndarray, scores: np.ndarray) -> None:
    """A point for each pair, smaller and fainter the more there are."""
    size, alpha = _marker(len(labels))
    axes.scatter(labels, scores, s=size, color=MAIN, alpha=alpha, linewidths=0, rasterized=len(labels) > 1000)
    axes.grid()


def draw_density(
    row: Sequence[Axes], labels: np.ndarray, panels: Sequence[np.ndarray], extent: tuple[float, float, float, float]
) -> None:
    """The number of pairs in each hexagon, on one logarithmic colour scale for the whole row of panels."""
    grids = [
        axes.hexbin(labels, scores, gridsize=(42, 24), extent=extent, mincnt=1, cmap=_DENSITY_COLORS, linewidths=0.2)
        for axes, scores in zip(row, panels, strict=True)
    ]
    highest = max(float(counts.max()) for grid in grids if (counts := grid.get_array()) is not None)
    scale = LogNorm(1, max(2, highest))
    for grid in grids:
        grid.set_norm(scale)
    bar = row[0].figure.colorbar(
        grids[-1], ax=list(row), aspect=30, pad=0.02, ticks=LogLocator(10), format=FuncFormatter(_whole)
    )
    bar.outline.set_visible(False)
    bar.minorticks_off()
    bar.set_label("pairs")


def _whole(value: float, _: int) -> str:
    return f"{value:,.0f}"


def draw_line(axes: Axes, labels: np.ndarray, scores: np.ndarray) -> None:
    """The least-squares line, where labels differ."""
    if np.ptp(labels) > 0:
        fit = stats.linregress(labels, scores)
        ends = np.array([labels.min(), labels.max()])
        axes.plot(ends, fit.intercept + fit.slope * ends, color=ACCENT, linewidth=1.4)


def _marker(number: int) -> tuple[float, float]:
    """Area in square points and opacity of one of so many points."""
    order = np.log10(number)
    return float(np.interp(order, [1.5, 3, 3.6], [22, 9, 5])), float(np.interp(order, [1.5, 3, 3.6], [0.8, 0.45, 0.3]))


def write_correlations(axes: Axes, labels: np.ndarray, scores: np.ndarray, corner: tuple[int, int]) -> None:
    """Writes Pearson's and Spearman's correlation and the number of pairs into a corner, (right, top)."""
    right, top = corner
    lines = [
        f"Pearson r = {_correlation(stats.pearsonr, labels, scores)}",
        f"Spearman ρ = {_correlation(stats.spearmanr, labels, scores)}",
        f"n = {len(labels):,}",
    ]
    axes.annotate(
        "\n".join(lines),
        (right, top),
        (-6 if right else 6, -6 if top else 6),
        xycoords="axes fraction",
        textcoords="offset points",
        ha="right" if right else "left",
        va="top" if top else "bottom",
        size=8,
        linespacing=1.35,
    )


def _correlation(measure: Callable[[np.ndarray, np.ndarray], Any], labels: np.ndarray, scores: np.ndarray) -> str:
    """Three decimals; a dash where all labels or all scores are equal, and there is none."""
    if any(np.isclose(values.min(), values.max()) for values in (labels, scores)):
        return "–"
    return f"{measure(labels, scores).statistic:.3f}".replace("-", "−")
