import numpy as np
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import accuracy_at, average_precision_at, ndcg_at, precision_at, recall_at, reciprocal_rank_at

_RANKED = [0, 3, 1, 0, 2]
_JUDGED = [1, 3, 2, 2]  # one document of grade 2 was not found
_NUM_RELEVANT = 4


def test_ndcg_worked_by_hand_has_the_grade_as_gain():
    gain = 3 / np.log2(3) + 1 / np.log2(4) + 2 / np.log2(6)
    ideal = 3 / np.log2(2) + 2 / np.log2(3) + 2 / np.log2(4) + 1 / np.log2(5)
    assert ndcg_at(_RANKED, _JUDGED, 5) == pytest.approx(gain / ideal)
    assert ndcg_at(_RANKED, _JUDGED, 2) == pytest.approx((3 / np.log2(3)) / (3 + 2 / np.log2(3)))
    assert ndcg_at(_RANKED, _JUDGED, 1) == 0.0


def test_the_best_order_has_an_ndcg_of_1():
    assert ndcg_at([3, 2, 2, 1, 0], _JUDGED, 10) == pytest.approx(1.0)


def test_grades_below_0_gain_nothing():
    assert ndcg_at([-2, 1], [1, -2, -1], 2) == pytest.approx(1 / np.log2(3))
    assert (reciprocal_rank_at([-1, 2], 5), precision_at([-1, 2], 2)) == (0.5, 0.5)


def test_reciprocal_rank_counts_to_the_first_relevant_item_within_the_cut():
    assert reciprocal_rank_at(_RANKED, 5) == 1 / 2
    assert reciprocal_rank_at(_RANKED, 1) == 0.0
    assert reciprocal_rank_at([0, 0], 5) == 0.0
    assert reciprocal_rank_at([], 5) == 0.0


def test_average_precision_is_divided_by_all_relevant_items():
    precisions = 1 / 2 + 2 / 3 + 3 / 5
    assert average_precision_at(_RANKED, _NUM_RELEVANT, 5) == pytest.approx(precisions / 4)
    assert average_precision_at([1, 1], _NUM_RELEVANT, 2) == pytest.approx(2 / 4)


def test_average_precision_can_be_divided_by_what_fits_above_the_cut():
    assert average_precision_at([1, 1], _NUM_RELEVANT, 2, divide_by="min") == pytest.approx(1.0)
    assert average_precision_at([1, 1], _NUM_RELEVANT, 9, divide_by="min") == pytest.approx(2 / 4)
    with pytest.raises(SettingsError, match="'relevant' or 'min'. Received: 'k'"):
        average_precision_at([1], 1, 1, divide_by="k")


def test_precision_and_recall_divide_by_the_rank_and_by_all_relevant_items():
    assert precision_at(_RANKED, 3) == pytest.approx(2 / 3)
    assert precision_at(_RANKED, 10) == pytest.approx(3 / 10)
    assert recall_at(_RANKED, _NUM_RELEVANT, 3) == 2 / 4


def test_accuracy_is_whether_anything_relevant_was_found():
    assert [float(accuracy_at(_RANKED, k)) for k in (1, 2, 5)] == [0.0, 1.0, 1.0]


def test_many_lists_at_once_give_what_each_gives_alone():
    random = np.random.default_rng(1)
    ranked, judged = random.integers(0, 4, [6, 9]), np.maximum(random.integers(-3, 4, [6, 12]), 0)
    judged[:, 0] = 2
    counts = (judged > 0).sum(axis=1)
    for k in (1, 4, 20):
        together = [
            ndcg_at(ranked, judged, k),
            reciprocal_rank_at(ranked, k),
            average_precision_at(ranked, counts, k),
            precision_at(ranked, k),
            recall_at(ranked, counts, k),
            accuracy_at(ranked, k),
        ]
        alone = [
            [
                float(ndcg_at(row, grades, k)),
                float(reciprocal_rank_at(row, k)),
                float(average_precision_at(row, count, k)),
                float(precision_at(row, k)),
                float(recall_at(row, count, k)),
                float(accuracy_at(row, k)),
            ]
            for row, grades, count in zip(ranked, judged, counts, strict=True)
        ]
        np.testing.assert_allclose(np.transpose(together), alone, atol=1e-15)


@pytest.mark.parametrize("k", [0, -1, 2.5, True, "3"])
def test_a_rank_that_is_no_positive_integer_is_refused(k):
    for metric in (lambda: ndcg_at([1], [1], k), lambda: precision_at([1], k), lambda: recall_at([1], 1, k)):
        with pytest.raises(SettingsError, match="positive integer as the rank k"):
            metric()


def test_lists_without_a_relevant_item_are_refused():
    for metric in (
        lambda: ndcg_at([[0, 1], [0, 1]], [[0, 1], [0, 0]], 2),
        lambda: recall_at([[0], [0]], [1, 0], 2),
        lambda: average_precision_at([0], 0, 2),
    ):
        with pytest.raises(DataError, match="no relevant item"):
            metric()
