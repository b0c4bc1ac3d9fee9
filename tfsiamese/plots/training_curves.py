"""Loss, scores and learning rate over the epochs of one training run."""

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.layout_engine import ConstrainedLayoutEngine

from tfsiamese.errors import SettingsError
from tfsiamese.plots.curve_panel import PANEL_WIDTH, CurvePanel, draw_curve_panel, panel_height
from tfsiamese.plots.figures import PaperFigure
from tfsiamese.plots.labels import clean_text, shorten, wrap

__all__ = ["plot_training_curves"]

_MOST_ACROSS = 3
_TITLE_COLUMNS = 30
_LEARNING_RATES = ("learning_rate", "lr")
_ERRORS = {"mae", "mse", "rmse", "error", "distance"}


def plot_training_curves(
    history: Mapping[str, Sequence[float]], *, best_epoch: int | None = None, title: str | None = None
) -> PaperFigure:
    """Curves of what was measured at each epoch, in panels: the losses, each evaluator's scores, the learning rate.

    Columns share a panel if they are losses (`loss`, `val_loss`, `…_loss`), a metric and its `val_` twin, or if their
    names begin with the same word (`sts_pearson_cosine`, `sts_spearman_cosine`); errors such as `…_mae` are kept apart
    from scores. A gap in a curve is an epoch at which it was not measured; a column that never has two epochs in a row,
    as from an evaluator that runs at every fifth, is drawn without gaps.

    Args:
        history: Column name to one number for each epoch, as Keras' `History.history`; None, NaN or infinity where
            there is none. A column `epoch` is left out.
        best_epoch: Marked in every panel; counted from 1.
        title: Stands above the panels.

    Raises:
        SettingsError: There is nothing to plot, a column is not one number an epoch, or `best_epoch` is not among them.

    Example:
        >>> history = model.fit(pairs, epochs=20).history
        >>> figure = plot_training_curves(history, best_epoch=7)
    """
    columns = _checked_columns(history)
    epochs = len(next(iter(columns.values())))
    if best_epoch is not None and best_epoch not in range(1, epochs + 1):
        raise SettingsError(f"expected a best epoch from 1 to {epochs}. Received: best_epoch={best_epoch!r}.")
    panels = [dataclasses.replace(panel, best_epoch=best_epoch) for panel in _panels(columns)]
    panels[0] = dataclasses.replace(panels[0], names_best_epoch=best_epoch is not None)
    across = min(len(panels), 2 if len(panels) == 4 else _MOST_ACROSS)
    rows = [panels[start : start + across] for start in range(0, len(panels), across)]
    heights = [max(map(panel_height, row)) for row in rows]
    heading = "" if title is None else wrap(title, across * 36)
    texts = [heading, *(text for panel in panels for text in (panel.title, *panel.curves))]
    height = sum(heights) + 0.25 * bool(heading)
    figure = PaperFigure(across * PANEL_WIDTH, height, texts, layout=ConstrainedLayoutEngine(w_pad=0.1, h_pad=0.1))
    with figure.style():
        if heading:
            figure.suptitle(figure.drawable(heading), x=0.02, ha="left", size=11)
        grid = figure.add_gridspec(len(rows), across, height_ratios=heights)
        for place, panel in zip(np.ndindex(len(rows), across), panels, strict=False):
            draw_curve_panel(figure, grid[place], panel)
    return figure


def _checked_columns(history: Mapping[str, Sequence[float]]) -> dict[str, np.ndarray]:
    """The columns that hold a number, infinity replaced by NaN."""
    columns = {}
    for name, values in history.items():
        try:
            column = np.asarray(values, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise SettingsError(f"history column {name!r} is not numbers: {error}.") from error
        if column.ndim != 1:
            shape = list(column.shape)
            raise SettingsError(f"history column {name!r} needs one number for each epoch. Received: shape {shape}.")
        columns[str(name)] = np.where(np.isfinite(column), column, np.nan)
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{name} {length}" for name, length in lengths.items())
        raise SettingsError(f"history columns need the same number of epochs. Received: {found}.")
    columns = {name: column for name, column in columns.items() if name != "epoch" and np.isfinite(column).any()}
    if not columns:
        raise SettingsError("the history holds no number to plot: expected at least one column with one epoch.")
    return columns


def _panels(columns: Mapping[str, np.ndarray]) -> list[CurvePanel]:
    """Columns put together; losses first, the learning rate last."""
    groups: dict[tuple[int, str, bool], list[str]] = {}
    for name in columns:
        groups.setdefault(_group(name, columns), []).append(name)
    panels = []
    for _, names in sorted(groups.items(), key=lambda group: group[0][0]):
        panel_title, curves = _common_words([_words(name, columns) for name in names])
        values = (columns[name] for name in names)
        panels.append(CurvePanel(panel_title, dict(zip(curves, values, strict=True))))
    return panels


def _group(name: str, columns: Mapping[str, np.ndarray]) -> tuple[int, str, bool]:
    """Rank of the panel that a column belongs to, what its columns have in common, and whether they are errors."""
    base = name.removeprefix("val_")
    if name in _LEARNING_RATES:
        return 2, "", False
    if _is_loss(base):
        return 0, "", False
    if _is_fitted(name, columns):
        return 1, base, False
    evaluator, separator, _ = name.partition("_")
    return 1, evaluator + separator, not _ERRORS.isdisjoint(name.split("_"))


def _words(name: str, columns: Mapping[str, np.ndarray]) -> list[str]:
    """The words of a column's name; what Keras measures on both parts of the data says which part it is."""
    base = name.removeprefix("val_")
    words = clean_text(base.replace("_", " ")).split()
    if _is_loss(base) or _is_fitted(name, columns):
        return ["training" if base == name else "validation", *words]
    return words


def _is_loss(base: str) -> bool:
    return base == "loss" or base.endswith("_loss")


def _is_fitted(name: str, columns: Mapping[str, np.ndarray]) -> bool:
    """Whether a column is a metric that Keras computes while it fits, or its twin on the validation data."""
    return name.startswith("val_") or f"val_{name}" in columns


def _common_words(names: list[list[str]]) -> tuple[str, list[str]]:
    """What names begin or end with in common, and what is left of each; the whole name and nothing if it is alone."""
    first = names[0]
    if len(names) == 1:
        return shorten(" ".join(first), _TITLE_COLUMNS), [""]
    most = min(map(len, names)) - 1
    head = next((index for index in range(most) if len({name[index] for name in names}) > 1), most)
    tail = next((index for index in range(most - head) if len({name[-1 - index] for name in names}) > 1), most - head)
    common = [*first[:head], *first[len(first) - tail :]]
    rest = [" ".join(name[head : len(name) - tail]) for name in names]
    return shorten(" ".join(common or first), _TITLE_COLUMNS), [shorten(curve, _TITLE_COLUMNS) for curve in rest]
