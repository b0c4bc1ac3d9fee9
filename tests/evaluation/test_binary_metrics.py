import numpy as np
import pytest

from tfsiamese.errors import DataError
from tfsiamese.evaluation.binary_metrics import average_precision, best_accuracy, best_f1, best_mcc

# Expected numbers of these two: scikit-learn 1.9.1 (average_precision_score) and sentence-transformers 6.2.0
# (BinaryClassificationEvaluator.find_best_acc_and_threshold, find_best_f1_and_threshold) in a separate environment.
_TIED = [0.9, 0.9, 0.8, 0.7, 0.7, 0.7, 0.6, 0.5, 0.4, 0.4, 0.2, 0.1]
_TIED_LABELS = [1, 0, 1, 1, 0, 1, 0, 1, 0, 0, 1, 0]


def _random_pairs() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(7)
    labels = (rng.random(200) < 0.4).astype(int)
    return np.round(rng.normal(0.45 + 0.2 * labels, 0.2), 2), labels


def test_four_pairs_worked_by_hand():
    similarities, labels = [0.9, 0.8, 0.7, 0.6], [1, 0, 1, 0]
    accuracy, f1 = best_accuracy(similarities, labels), best_f1(similarities, labels)
    # Down to 0.9: 1 true positive, 2 true negatives. Down to 0.7: 2 of 3 are positive, and both positives are found.
    assert accuracy.accuracy == 3 / 4
    assert accuracy.threshold == pytest.approx(0.85)
    assert (f1.f1, f1.precision, f1.recall) == (pytest.approx(4 / 5), pytest.approx(2 / 3), 1.0)
    assert f1.threshold == pytest.approx(0.65)
    # Recall grows by a half at precision 1 and by a half at precision 2/3.
    assert average_precision(similarities, labels) == pytest.approx(1 / 2 + 1 / 3)


def test_ties_agree_with_scikit_learn_and_sentence_transformers():
    accuracy, f1 = best_accuracy(_TIED, _TIED_LABELS), best_f1(_TIED, _TIED_LABELS)
    assert (accuracy.accuracy, accuracy.threshold) == (pytest.approx(0.6666666666666666), pytest.approx(0.65))
    assert (f1.f1, f1.precision, f1.recall) == (pytest.approx(0.7142857142857143), 0.625, pytest.approx(5 / 6))
    assert f1.threshold == pytest.approx(0.45)
    assert average_precision(_TIED, _TIED_LABELS) == pytest.approx(0.6117424242424242, abs=1e-15)


def test_two_hundred_random_pairs_agree_with_scikit_learn_and_sentence_transformers():
    similarities, labels = _random_pairs()
    assert similarities[:5].tolist() == [0.63, 0.36, 0.75, 0.4, 0.82]  # the numbers below are those of this very list
    accuracy, f1 = best_accuracy(similarities, labels), best_f1(similarities, labels)
    assert (accuracy.accuracy, accuracy.threshold) == (pytest.approx(0.755), pytest.approx(0.585))
    assert f1.f1 == pytest.approx(0.6878980891719745, abs=1e-15)
    assert (f1.precision, f1.recall) == (pytest.approx(0.675), pytest.approx(0.7012987012987013))
    assert f1.threshold == pytest.approx(0.575)
    assert average_precision(similarities, labels) == pytest.approx(0.6991615241190066, abs=1e-14)


def test_the_thresholds_give_the_scores_that_they_are_said_to_give():
    similarities, labels = _random_pairs()
    accuracy, f1 = best_accuracy(similarities, labels), best_f1(similarities, labels)
    assert np.mean((similarities >= accuracy.threshold) == labels) == pytest.approx(accuracy.accuracy)
    positive = similarities >= f1.threshold
    assert np.sum(positive & (labels == 1)) / np.sum(positive) == pytest.approx(f1.precision)
    assert np.sum(positive & (labels == 1)) / np.sum(labels) == pytest.approx(f1.recall)


def test_no_other_threshold_is_better():
    similarities, labels = _random_pairs()
    tried = [*np.unique(similarities), 9.0]
    accuracies = [np.mean((similarities >= threshold) == labels) for threshold in tried]
    f1s = [
        2 * np.sum(labels[similarities >= threshold]) / (np.sum(similarities >= threshold) + np.sum(labels))
        for threshold in tried
    ]
    assert best_accuracy(similarities, labels).accuracy == pytest.approx(max(accuracies))
    assert best_f1(similarities, labels).f1 == pytest.approx(max(f1s))


def test_the_order_of_the_pairs_makes_no_difference():
    order = np.random.default_rng(3).permutation(len(_TIED))
    similarities, labels = np.array(_TIED)[order], np.array(_TIED_LABELS)[order]
    assert best_accuracy(similarities, labels) == best_accuracy(_TIED, _TIED_LABELS)
    assert best_f1(similarities, labels) == best_f1(_TIED, _TIED_LABELS)
    assert average_precision(similarities, labels) == average_precision(_TIED, _TIED_LABELS)


def test_all_similarities_equal_leave_the_share_of_positives():
    similarities, labels = [0.5] * 4, [1, 1, 1, 0]
    assert average_precision(similarities, labels) == 3 / 4
    assert best_accuracy(similarities, labels).accuracy == 3 / 4
    assert best_f1(similarities, labels).threshold == 0.5


def test_where_calling_all_negative_is_best_the_threshold_lies_above_all():
    accuracy = best_accuracy([0.9, 0.5, 0.4, 0.3], [0, 0, 1, 0])
    assert accuracy.accuracy == 3 / 4
    assert 0.9 < accuracy.threshold < 0.9 + 1e-12


def test_a_midpoint_that_rounds_down_does_not_take_the_lower_similarity_in():
    lower = 0.5
    higher = np.nextafter(lower, 1.0)
    assert best_accuracy([higher, lower], [1, 0]).threshold == higher


def test_mcc_is_the_correlation_of_prediction_and_label_at_its_threshold():
    similarities, labels = _random_pairs()
    found = best_mcc(similarities, labels)
    correlation = np.corrcoef(similarities >= found.threshold, labels)[0, 1]
    assert found.mcc == pytest.approx(correlation, abs=1e-12)
    tried = [np.corrcoef(similarities >= threshold, labels)[0, 1] for threshold in np.unique(similarities)[1:]]
    assert found.mcc == pytest.approx(max(tried), abs=1e-12)


def test_mcc_does_not_split_equal_similarities():
    # With 0.8 go one positive and one negative, with 0.9 a positive: TP 1, FP 0, TN 2, FN 1, or TP 2, FP 1, TN 1, FN 0.
    found = best_mcc([0.9, 0.8, 0.8, 0.1], [1, 1, 0, 0])
    assert (found.mcc, found.threshold) == (pytest.approx(2 / 12**0.5), pytest.approx(0.85))
    assert best_mcc([0.8, 0.8, 0.1, 0.9], [0, 1, 0, 1]) == found


def test_mcc_of_similarities_that_tell_nothing_or_the_opposite_is_0_above_all():
    for similarities, labels in (([0.5, 0.5, 0.5], [1, 0, 1]), ([0.9, 0.8, 0.2, 0.1], [0, 0, 1, 1])):
        found = best_mcc(similarities, labels)
        assert found.mcc == 0.0
        assert similarities[0] < found.threshold < similarities[0] + 1e-12


def test_mcc_of_similarities_that_tell_all_is_1():
    assert best_mcc([0.9, 0.7, 0.3], [1, 1, 0]).mcc == pytest.approx(1.0)


@pytest.mark.parametrize("labels", [[1, 1], [0, 0], [0, 0.5]])
def test_labels_other_than_both_0_and_1_are_refused(labels):
    for metric in (best_accuracy, best_f1, best_mcc, average_precision):
        with pytest.raises(DataError, match=r"labels 0 and 1, and both of them\. Received: "):
            metric([0.1, 0.2], labels)


def test_nan_and_missing_labels_are_refused():
    with pytest.raises(DataError, match="NaN"):
        average_precision([0.1, np.nan], [0, 1])
    with pytest.raises(DataError, match=r"shapes \(2,\) and \(1,\)"):
        average_precision([0.1, 0.2], [0])
    with pytest.raises(DataError, match="no labels"):
        best_f1([], [])
