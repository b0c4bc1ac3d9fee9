"""Draws what `benchmark_scale.py` measured: memory and time against the number of pairs."""

import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

__all__ = ["plot_scale"]

MEMORY = {"loaded_megabytes": "before", "open_megabytes": "opened", "peak_megabytes": "read and trained"}
TIME = {"open_seconds": "open, first time", "reopen_seconds": "open again", "read_seconds": "read an epoch"}
STYLES = {"csv": "-", "parquet": "--"}
COLORS = ("tab:gray", "tab:blue", "tab:orange")


def plot_scale(figures: Sequence[dict[str, Any]], path: str | Path) -> None:
    """Writes a PNG with two panels; medians where a size was measured several times."""
    figures = [figure | {"read_seconds": figure["rows_read"] / figure["rows_per_second"]} for figure in figures]
    figure, (memory, seconds) = plt.subplots(1, 2, figsize=(12, 4.6), layout="constrained")
    _lines(memory, figures, MEMORY)
    memory.set_ylim(0, memory.get_ylim()[1] * 1.05)
    memory.set_ylabel("peak memory of the process, MB")
    _lines(seconds, figures, TIME)
    seconds.set_yscale("log")
    seconds.set_ylabel("seconds")
    for axes in (memory, seconds):
        axes.set_xscale("log")
        axes.set_xlabel("pairs")
        axes.grid(alpha=0.3)
        axes.legend(fontsize="small", loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=3)
    figure.savefig(path, dpi=150)
    plt.close(figure)


def _lines(axes: Axes, figures: Sequence[dict[str, Any]], keys: dict[str, str]) -> None:
    for (key, label), color in zip(keys.items(), COLORS, strict=True):
        for form in dict.fromkeys(figure["form"] for figure in figures):
            chosen = [figure for figure in figures if figure["form"] == form]
            sizes = sorted({figure["pairs"] for figure in chosen})
            values = [statistics.median(figure[key] for figure in chosen if figure["pairs"] == size) for size in sizes]
            axes.plot(sizes, values, STYLES[form], color=color, marker="o", markersize=4, label=f"{label}, {form}")
