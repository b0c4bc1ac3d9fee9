import time

import numpy as np
import pytest
from matplotlib.collections import PathCollection, PolyCollection
from scipy import stats

from tfsiamese.errors import SettingsError
from tfsiamese.plots import plot_score_scatter


@pytest.fixture
def pairs():
    random = np.random.default_rng(0)
    labels = random.uniform(0, 5, 300)
    return labels, 0.15 * labels + random.normal(scale=0.1, size=300)


def _note(axes):
    return next(text for text in axes.texts if "Pearson" in text.get_text())


def _points(axes):
    return np.concatenate([dots.get_offsets() for dots in axes.collections if type(dots) is PathCollection])


def test_every_pair_is_a_point(pairs):
    axes = plot_score_scatter(*pairs).axes[0]
    np.testing.assert_allclose(_points(axes), np.column_stack(pairs))


def test_both_correlations_and_the_number_of_pairs_stand_in_a_corner(pairs):
    pearson, spearman = stats.pearsonr(*pairs).statistic, stats.spearmanr(*pairs).statistic
    note = _note(plot_score_scatter(*pairs).axes[0]).get_text()
    assert note == f"Pearson r = {pearson:.3f}\nSpearman ρ = {spearman:.3f}\nn = 300"


def test_the_line_is_that_of_least_squares(pairs):
    labels, scores = pairs
    slope, intercept = np.polyfit(labels, scores, 1)
    x, y = plot_score_scatter(labels, scores).axes[0].lines[0].get_data()
    np.testing.assert_allclose(y, intercept + slope * np.asarray(x))


@pytest.mark.parametrize("slope", [1, -1, 0])
def test_no_point_lies_under_the_note(slope):
    random = np.random.default_rng(1)
    labels = random.uniform(size=2000)
    figure = plot_score_scatter(labels, slope * labels + random.uniform(size=2000), before=random.uniform(size=2000))
    figure.canvas.draw()
    for axes in figure.axes:
        box = _note(axes).get_window_extent()
        points = axes.transData.transform(_points(axes))
        inside = (points > [box.x0, box.y0]).all(axis=1) & (points < [box.x1, box.y1]).all(axis=1)
        assert not inside.any()


def test_points_get_smaller_and_fainter_with_their_number():
    def look(number):
        values = np.linspace(0, 1, number)
        (dots,) = [
            dots for dots in plot_score_scatter(values, values).axes[0].collections if type(dots) is PathCollection
        ]
        return dots.get_sizes()[0], dots.get_alpha()

    sizes, alphas = zip(*map(look, (50, 500, 4000)), strict=True)
    assert sizes[0] > sizes[1] > sizes[2]
    assert alphas[0] > alphas[1] > alphas[2]


def test_a_hundred_thousand_pairs_are_drawn_as_densities_on_one_scale_within_seconds():
    random = np.random.default_rng(0)
    labels = random.uniform(size=100_000)
    start = time.perf_counter()
    figure = plot_score_scatter(labels, labels + random.normal(size=100_000), before=random.normal(size=100_000))
    figure.canvas.draw()
    assert time.perf_counter() - start < 10
    grids = [dots for axes in figure.axes[:2] for dots in axes.collections if type(dots) is PolyCollection]
    assert len(grids) == 2
    assert grids[0].norm is grids[1].norm
    assert [grid.get_array().sum() for grid in grids] == [100_000, 100_000]
    assert figure.axes[2].get_ylabel() == "pairs"


def test_labels_of_few_values_are_drawn_side_by_side_with_their_numbers():
    labels = np.repeat([0.5, 0.7468, 1.0], [60, 22, 16])
    scores = np.random.default_rng(0).uniform(size=98)
    axes = plot_score_scatter(labels, scores).axes[0]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.5\nn = 60", "0.7468\nn = 22", "1\nn = 16"]
    points = _points(axes)
    np.testing.assert_allclose(np.sort(points[:, 1]), np.sort(scores))
    for place, level in enumerate((0.5, 0.7468, 1.0)):
        column = points[np.abs(points[:, 0] - place) < 0.4]
        np.testing.assert_allclose(np.sort(column[:, 1]), np.sort(scores[labels == level]))
        assert len(np.unique(column[:, 0])) == len(column)
    assert f"Pearson r = {stats.pearsonr(labels, scores).statistic:.3f}".replace("-", "−") in _note(axes).get_text()


def test_the_median_of_each_label_is_marked():
    labels = np.repeat([0, 1], 20)
    scores = np.random.default_rng(0).uniform(size=40)
    axes = plot_score_scatter(labels, scores).axes[0]
    marks = [line.get_xydata()[0].tolist() for line in axes.lines]
    np.testing.assert_allclose(marks, [[0, np.median(scores[:20])], [1, np.median(scores[20:])]])


def test_a_hundred_thousand_pairs_of_two_labels_are_drawn_as_a_few_hundred_points_each():
    labels = np.arange(100_000) % 2
    scores = labels + np.random.default_rng(0).normal(size=100_000)
    axes = plot_score_scatter(labels, scores).axes[0]
    assert len(_points(axes)) <= 1200
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0\nn = 50,000", "1\nn = 50,000"]


def test_before_and_after_stand_on_the_same_axes(pairs):
    labels, scores = pairs
    figure = plot_score_scatter(labels, scores, before=scores / 2 - 3, title="STS-B")
    before, after = figure.axes
    assert before.get_ylim() == after.get_ylim()
    assert before.get_xlim() == after.get_xlim()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["before", "after"]
    np.testing.assert_allclose(_points(before)[:, 1], scores / 2 - 3)
    np.testing.assert_allclose(_points(after)[:, 1], scores)
    assert figure.get_suptitle() == "STS-B"


def test_axes_and_panels_are_named_as_asked(pairs):
    labels, scores = pairs
    names = {"label_name": "human $score$", "score_name": "cosine_similarity", "panel_titles": ("USE", "tuned")}
    before, after = plot_score_scatter(labels, scores, before=scores, **names).axes
    assert before.get_xlabel() == after.get_xlabel() == "human $score$"
    assert before.get_ylabel() == "cosine_similarity"
    assert [axes.get_title(loc="left") for axes in (before, after)] == ["USE", "tuned"]


@pytest.mark.parametrize(
    ("labels", "scores"),
    [([1, 1], [0.1, 0.8]), ([0, 1], [0.5, 0.5]), ([1] * 30, [0.5] * 30), ([0, 1] * 15, [0.1] * 30)],
)
def test_equal_labels_or_scores_have_no_correlation(labels, scores):
    figure = plot_score_scatter(labels, scores)
    figure.canvas.draw()
    assert _note(figure.axes[0]).get_text().startswith("Pearson r = –\nSpearman ρ = –\n")


@pytest.mark.parametrize(
    ("labels", "scores", "before", "message"),
    [
        ([0, 1, 1], [0.5, 0.5], None, "scores and labels need the same length. Received: 2 and 3"),
        ([0, 1], [0.5, 0.5], [0.5], "before and labels need the same length. Received: 1 and 2"),
        ([], [], None, "at least two pairs. Received: 0"),
        ([1], [1], None, "at least two pairs. Received: 1"),
        ([0, 1], [0.5, float("nan")], None, "scores hold nan at index 1"),
        ([float("inf"), 1], [0.5, 0.5], None, "labels hold inf at index 0"),
        ([[0, 1]], [[1, 1]], None, r"labels need one number for each pair. Received: shape \[1, 2\]"),
        (["low", "high"], [0, 1], None, "labels are not numbers"),
    ],
)
def test_scores_that_cannot_be_drawn_are_refused(labels, scores, before, message):
    with pytest.raises(SettingsError, match=message):
        plot_score_scatter(labels, scores, before=before)
