import numpy as np
import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.plots import plot_training_curves

NAN = float("nan")


def _panels(figure):
    """Title to what the legend says of its panel."""
    panels = {}
    for axes in figure.axes:
        legend = axes.get_legend()
        panels[axes.get_title(loc="left")] = [text.get_text() for text in legend.get_texts()] if legend else []
    return panels


def test_losses_come_first_together_and_the_learning_rate_last():
    history = {"learning_rate": [0.1, 0.2], "sts_pearson_cosine": [0.8, 0.9], "val_loss": [3, 2], "loss": [3, 1]}
    panels = _panels(plot_training_curves(history))
    assert list(panels) == ["loss", "sts pearson cosine", "learning rate"]
    assert panels["loss"] == ["validation", "training"]


def test_scores_of_one_evaluator_share_a_panel_named_by_what_they_share():
    history = {"sts_pearson_cosine": [0.8], "melo_map": [0.3], "sts_spearman_cosine": [0.7], "melo_mrr": [0.5]}
    assert _panels(plot_training_curves(history)) == {"sts cosine": ["pearson", "spearman"], "melo": ["map", "mrr"]}


def test_errors_of_an_evaluator_are_kept_apart_from_its_scores():
    history = {"dev_pearson": [0.8, 0.9], "dev_mae": [0.2, 0.1]}
    assert _panels(plot_training_curves(history)) == {"dev pearson": [], "dev mae": []}


def test_a_metric_and_its_validation_twin_share_a_panel():
    panels = _panels(plot_training_curves({"mae": [2, 1], "val_mae": [3, 2], "accuracy": [0.1, 0.2]}))
    assert panels == {"mae": ["training", "validation"], "accuracy": []}


def test_the_column_of_epochs_and_columns_without_a_number_are_left_out():
    panels = _panels(plot_training_curves({"epoch": [0, 1], "loss": [2.0, 1.0], "val_loss": [NAN, None]}))
    assert panels == {"training loss": []}


def test_epochs_are_whole_numbers_from_one():
    for epochs, ticks in ((1, [1]), (3, [1, 2, 3]), (20, [1, 5, 10, 15, 20]), (100, [1, 20, 40, 60, 80, 100])):
        axes = plot_training_curves({"loss": np.linspace(2, 1, epochs)}).axes[0]
        assert axes.get_xticks().tolist() == ticks
        np.testing.assert_array_equal(axes.lines[0].get_xdata(), np.arange(1, epochs + 1))


def test_a_single_epoch_shows_as_a_point():
    axes = plot_training_curves({"loss": [0.5]}).axes[0]
    assert axes.lines[0].get_marker() == "o"
    low, high = axes.get_xlim()
    assert low < 1 < high


def test_a_gap_stays_a_gap_and_a_point_between_gaps_is_marked():
    values = np.linspace(2, 1, 50)
    values[[10, 12, 30]] = NAN
    (line,) = plot_training_curves({"loss": values}).axes[0].lines
    assert np.isnan(line.get_ydata()).sum() == 3
    assert line.get_marker() == "o"
    assert line.get_markevery() == [11]


def test_infinity_is_a_gap():
    (line,) = plot_training_curves({"loss": [3.0, float("inf"), 1.0, 1.0]}).axes[0].lines
    assert np.isnan(line.get_ydata()[1])


def test_a_column_measured_at_every_fifth_epoch_is_one_curve():
    values = [0.8 + index / 100 if index % 5 == 0 else NAN for index in range(20)]
    (line,) = plot_training_curves({"sts_pearson": values}).axes[0].lines
    assert line.get_xdata().tolist() == [1, 6, 11, 16]
    np.testing.assert_allclose(line.get_ydata(), [0.8, 0.85, 0.9, 0.95])


def test_the_best_epoch_is_marked_in_every_panel_and_named_once():
    history = {"loss": [3, 2, 1], "val_loss": [3, 1, 2], "learning_rate": [3, 2, 1]}
    figure = plot_training_curves(history, best_epoch=2)
    assert _panels(figure) == {"loss": ["training", "validation", "best epoch: 2"], "learning rate": []}
    loss, rate = figure.axes
    marks = [line.get_xydata().tolist() for line in loss.lines if len(line.get_xdata()) == 1]
    assert marks == [[[2, 2]], [[2, 1]]]
    assert [[2, 2]] in [line.get_xydata().tolist() for line in rate.lines]
    assert all([2, 2] in [list(line.get_xdata()) for line in axes.lines] for axes in figure.axes)


def test_the_legend_names_each_curve_by_its_own_line():
    history = {"loss": [3, 2], "val_loss": [3, 1], "sts_pearson": [1, 2], "sts_spearman": [2, 3]}
    for axes in plot_training_curves(history, best_epoch=1).axes:
        handles = axes.get_legend().get_lines()
        assert len(handles) >= 2
        assert [handle.get_color() for handle in handles] == [line.get_color() for line in axes.lines][: len(handles)]


def test_no_legend_covers_a_curve_or_a_title():
    history = {
        f"melo_cosine_{name}": np.linspace(0, 1, 30) for name in ("map", "mrr", "ndcg@10", "recall@1", "recall@5")
    }
    figure = plot_training_curves({"loss": np.ones(30), **history}, best_epoch=3, title="Jobs")
    figure.canvas.draw()
    for axes in figure.axes:
        box = axes.get_legend().get_window_extent()
        assert not box.padded(-1).overlaps(axes.bbox)
        assert not box.overlaps(axes._left_title.get_window_extent())
        assert box.x1 < figure.bbox.x1


def test_small_values_are_labelled_in_units_of_a_power_of_ten():
    figure = plot_training_curves({"learning_rate": [5e-4, 2e-4, 1e-4]})
    figure.canvas.draw()
    (axes,) = figure.axes
    assert axes.get_title(loc="left") == "learning rate (×10⁻⁴)"
    texts = [label.get_text() for label in axes.get_yticklabels()]
    np.testing.assert_allclose([float(text) for text in texts], np.array(axes.get_yticks()) * 1e4)
    np.testing.assert_allclose(axes.lines[0].get_ydata(), [5e-4, 2e-4, 1e-4])


def test_figures_grow_with_the_number_of_panels():
    small = plot_training_curves({"loss": [2, 1]})
    large = plot_training_curves({"loss": [2, 1], **{f"{name}_map": [1, 2] for name in "abcdef"}})
    assert large.get_figwidth() > small.get_figwidth()
    assert large.get_figheight() > 2 * small.get_figheight()
    assert len(large.axes) == 7


def test_the_title_stands_above_the_panels():
    assert plot_training_curves({"loss": [1.0]}, title="$run_1$").get_suptitle() == "$run_1$"


@pytest.mark.parametrize(
    ("history", "message"),
    [
        ({}, "no number to plot"),
        ({"loss": []}, "no number to plot"),
        ({"loss": [NAN, NAN]}, "no number to plot"),
        ({"epoch": [1, 2]}, "no number to plot"),
        ({"loss": [1.0, 2.0], "val_loss": [1.0]}, "same number of epochs. Received: loss 2, val_loss 1"),
        ({"loss": ["high"]}, "history column 'loss' is not numbers"),
        ({"loss": [[1.0, 2.0]]}, r"one number for each epoch. Received: shape \[1, 2\]"),
        ({"loss": 1.0}, "one number for each epoch"),
    ],
)
def test_a_history_that_cannot_be_drawn_is_refused(history, message):
    with pytest.raises(SettingsError, match=message):
        plot_training_curves(history)


@pytest.mark.parametrize("best_epoch", [0, 3, -1, 1.5])
def test_a_best_epoch_that_is_not_in_the_history_is_refused(best_epoch):
    with pytest.raises(SettingsError, match="expected a best epoch from 1 to 2"):
        plot_training_curves({"loss": [2, 1]}, best_epoch=best_epoch)
