import itertools

import numpy as np
import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.plots import plot_similarity_matrices, plot_similarity_matrix

JOBS = [
    "data scientist",
    "machine learning engineer",
    "data analyst",
    "software developer",
    "nurse",
    "midwife",
    "pastry chef",
    "baker",
    "equine dental technician",
]


def _similarities(number, seed=0):
    vectors = np.random.default_rng(seed).normal(size=(number, 8))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return (vectors @ vectors.T).astype(np.float32)


def _tick_texts(axis):
    return [label.get_text() for label in axis.get_ticklabels()]


def _boxes(axes):
    """Places in pixels of everything written beside the axes and in its cells."""
    figure = axes.figure
    figure.canvas.draw()
    texts = [*axes.get_xticklabels(), *axes.get_yticklabels(), axes._left_title, *axes.texts]
    return [text.get_window_extent() for text in texts if text.get_text()]


def test_every_label_stands_on_both_axes():
    axes = plot_similarity_matrix(_similarities(9), JOBS).axes[0]
    assert _tick_texts(axes.xaxis) == JOBS
    assert _tick_texts(axes.yaxis) == JOBS


def test_values_stand_in_the_cells_with_two_decimals_and_a_real_minus():
    axes = plot_similarity_matrix([[1.0, -0.256], [-0.001, 1.0]], ["a", "b"]).axes[0]
    assert [text.get_text() for text in axes.texts] == ["1.00", "−0.26", "0.00", "1.00"]
    assert [text.get_position() for text in axes.texts] == [(0, 0), (1, 0), (0, 1), (1, 1)]


@pytest.mark.parametrize(("largest", "expected"), [(12.34, "12.3"), (123.4, "123")])
def test_large_values_lose_decimals(largest, expected):
    axes = plot_similarity_matrix([[largest]], ["a"]).axes[0]
    assert [text.get_text() for text in axes.texts] == [expected]


def test_values_are_printed_up_to_twenty_labels():
    assert len(plot_similarity_matrix(_similarities(20), range(20)).axes[0].texts) == 400
    assert not plot_similarity_matrix(_similarities(21), range(21)).axes[0].texts


def test_the_image_holds_the_values_as_they_are():
    similarities = _similarities(30)
    image = plot_similarity_matrix(similarities, range(30)).axes[0].images[0]
    np.testing.assert_array_equal(image.get_array(), similarities)


def test_figures_grow_and_labels_shrink_with_the_number_of_labels():
    figures = [plot_similarity_matrix(_similarities(number), range(number)) for number in (2, 9, 20, 60, 120)]
    widths = [figure.get_figwidth() for figure in figures]
    sizes = [figure.axes[0].get_yticklabels()[0].get_size() for figure in figures]
    assert all(earlier < later for earlier, later in itertools.pairwise(widths))
    assert all(earlier >= later for earlier, later in itertools.pairwise(sizes))
    assert sizes[-1] >= 5


@pytest.mark.parametrize("number", [1, 2, 9, 20, 60, 200])
def test_nothing_is_clipped_and_row_labels_do_not_overlap(number):
    labels = [f"{JOBS[index % 9]} {index}" for index in range(number)]
    figure = plot_similarity_matrix(_similarities(number), labels, title="Job titles")
    axes = figure.axes[0]
    across, up = figure.bbox.width, figure.bbox.height
    for box in _boxes(axes):
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= across
        assert box.y1 <= up
    rows = [label.get_window_extent() for label in axes.get_yticklabels()]
    pitch = axes.bbox.height / number
    assert max(row.height for row in rows) < 1.25 * pitch
    assert all(row.x1 <= axes.bbox.x0 for row in rows)


def test_printed_values_fit_their_cells():
    for number in (12, 20):
        axes = plot_similarity_matrix(-_similarities(number), range(number)).axes[0]
        assert max(text.get_window_extent().width for text in axes.texts) < 0.95 * axes.bbox.width / number


@pytest.mark.parametrize(("labels", "rotation"), [(list("abcdefghi"), 0), (JOBS, 45), (JOBS * 8, 90)])
def test_column_labels_turn_as_far_as_they_must(labels, rotation):
    axes = plot_similarity_matrix(_similarities(len(labels)), labels).axes[0]
    assert {label.get_rotation() for label in axes.get_xticklabels()} == {rotation}


def test_long_labels_lose_their_middle():
    label = "head of the department of long and elaborate job titles"
    (text,) = _tick_texts(plot_similarity_matrix([[1.0]], [label]).axes[0].yaxis)
    assert text.startswith("head")
    assert text.endswith("titles")
    assert "…" in text
    assert len(text) <= 34


@pytest.mark.parametrize("label", ["$x_1$ & $y$", r"50% \off \frac{1}{2}", "snake_case ^ {braces}", "$unclosed"])
def test_signs_of_mathematics_are_drawn_as_they_are(label):
    figure = plot_similarity_matrix([[1.0]], [label], title=label)
    (tick,) = figure.axes[0].get_yticklabels()
    assert tick.get_text() == label
    assert tick.get_parse_math() is False
    assert not figure.axes[0]._left_title.get_parse_math()
    figure.canvas.draw()


def test_line_breaks_in_a_label_become_spaces():
    assert _tick_texts(plot_similarity_matrix([[1.0]], ["data\nscientist"]).axes[0].yaxis) == ["data scientist"]


def test_the_scale_ends_at_round_numbers_around_the_values():
    image = plot_similarity_matrix([[1.0000001, 0.37], [0.37, 1.0]], ["a", "b"]).axes[0].images[0]
    assert image.get_clim() == pytest.approx((0.35, 1.0))


def test_given_limits_are_kept_and_values_beyond_them_are_pointed_out():
    figure = plot_similarity_matrix([[1.0, 0.3], [0.3, 1.0]], ["a", "b"], low=0.5, high=1)
    image = figure.axes[0].images[0]
    assert image.get_clim() == (0.5, 1)
    assert image.colorbar.extend == "min"


def test_a_constant_matrix_has_a_scale():
    assert plot_similarity_matrix([[1.0]], ["a"]).axes[0].images[0].get_clim() == (0, 1)
    low, high = plot_similarity_matrix([[7.0]], ["a"]).axes[0].images[0].get_clim()
    assert low < 7 < high


def test_before_and_after_share_one_scale_and_one_colour_bar():
    figure = plot_similarity_matrices([[1.0, 0.2], [0.2, 1.0]], [[1.0, 0.9], [0.9, 1.0]], ["a", "b"])
    before, after, bar, *_ = figure.axes
    assert before.images[0].get_clim() == after.images[0].get_clim() == (0.2, 1.0)
    assert bar.get_ylabel() == "similarity"
    assert before.images[0].colorbar is None
    assert after.images[0].colorbar is not None


def test_panels_of_before_and_after_are_of_one_size_and_level():
    figure = plot_similarity_matrices(_similarities(9), _similarities(9, seed=1), JOBS, title="Job titles")
    places = [axes.get_position() for axes in figure.axes if axes.images]
    assert len({round(place.width, 6) for place in places}) == 1
    assert len({round(place.y0, 6) for place in places}) == 1


def test_the_panels_are_titled_before_after_and_change():
    figure = plot_similarity_matrices(np.eye(2), np.eye(2), ["a", "b"])
    assert [axes.get_title(loc="left") for axes in figure.axes if axes.images] == ["before", "after", "change"]
    figure = plot_similarity_matrices(np.eye(2), np.eye(2), ["a", "b"], panel_titles=("USE", "tuned"), title="Jobs")
    assert [axes.get_title(loc="left") for axes in figure.axes if axes.images] == ["USE", "tuned", "change"]
    assert "Jobs" in [text.get_text() for text in figure.axes[0].texts]


def test_the_change_is_after_minus_before_around_zero():
    figure = plot_similarity_matrices([[1.0, 0.2], [0.2, 1.0]], [[1.0, 0.5], [0.1, 1.0]], ["a", "b"])
    change = [axes for axes in figure.axes if axes.images][2]
    np.testing.assert_allclose(change.images[0].get_array(), [[0, 0.3], [-0.1, 0]], atol=1e-12)
    low, high = change.images[0].get_clim()
    assert low == -high
    assert [text.get_text() for text in change.texts] == ["0.00", "+0.30", "−0.10", "0.00"]


def test_equal_matrices_have_a_change_of_zero():
    figure = plot_similarity_matrices(np.eye(2), np.eye(2), ["a", "b"])
    assert not [axes for axes in figure.axes if axes.images][2].images[0].get_array().any()


@pytest.mark.parametrize(("number", "panels"), [(12, 3), (13, 2)])
def test_the_change_is_shown_while_it_stays_readable(number, panels):
    figure = plot_similarity_matrices(_similarities(number), _similarities(number), range(number))
    assert len([axes for axes in figure.axes if axes.images]) == panels


def test_no_text_of_before_and_after_runs_into_another_panel():
    figure = plot_similarity_matrices(_similarities(9), _similarities(9, seed=1), JOBS)
    figure.canvas.draw()
    panels = [axes.bbox for axes in figure.axes if axes.images]
    for axes in figure.axes:
        for text in (*axes.get_yticklabels(), axes.yaxis.label):
            if text.get_text():
                assert not any(text.get_window_extent().overlaps(panel) for panel in panels)


@pytest.mark.parametrize(
    ("similarities", "labels", "message"),
    [
        ([[1.0, 0.5]], ["a"], r"not a square matrix: expected \[n, n\]. Received: shape \[1, 2\]"),
        ([1.0, 0.5], ["a", "b"], "not a square matrix"),
        (np.eye(3), ["a", "b"], "one label for each of its 3 rows. Received: 2 labels"),
        (np.eye(3), "abc", "Received: one text"),
        ([], [], "similarities is empty"),
        (np.zeros((0, 0)), [], "similarities is empty"),
        ([["x"]], ["a"], "not a matrix of numbers"),
        ([[1.0], [1.0, 2.0]], ["a", "b"], "not a matrix of numbers"),
        (np.eye(201), range(201), "201 rows: a figure stays readable up to 200. Choose some of the labels"),
        ([[1.0, np.nan], [0.5, 1.0]], ["baker", "nurse"], "nan at row 0, column 1 .'baker' and 'nurse'."),
        ([[1.0, 0.5], [0.5, np.inf]], ["baker", "nurse"], "inf at row 1, column 1 .'nurse' and 'nurse'."),
    ],
)
def test_a_matrix_that_cannot_be_drawn_is_refused_in_one_line(similarities, labels, message):
    with pytest.raises(SettingsError, match=message) as caught:
        plot_similarity_matrix(similarities, labels)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("low", "high"), [(1.0, 0.0), (0.5, 0.5), (float("nan"), None), (2.0, None)])
def test_limits_that_make_no_scale_are_refused(low, high):
    with pytest.raises(SettingsError, match="colour scale"):
        plot_similarity_matrix(np.eye(2), ["a", "b"], low=low, high=high)


def test_the_matrix_that_does_not_fit_is_named():
    with pytest.raises(SettingsError, match="after needs one label for each of its 3 rows"):
        plot_similarity_matrices(np.eye(2), np.eye(3), ["a", "b"])
