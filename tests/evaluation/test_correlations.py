import numpy as np
import pytest

from tfsiamese.errors import DataError
from tfsiamese.evaluation.correlations import is_constant, pearson, spearman


def test_pearson_of_four_numbers_worked_by_hand():
    # Σ dx·dy = 4, Σ dx² = Σ dy² = 5
    assert pearson([1, 2, 3, 4], [1, 3, 2, 4]) == pytest.approx(4 / 5, abs=1e-15)


def test_spearman_gives_equal_values_the_mean_of_their_ranks():
    # The ranks are 1, 2.5, 2.5, 4 and 1, 2, 3, 4: Σ dx·dy = 4.5, Σ dx² = 4.5, Σ dy² = 5.
    assert spearman([1, 7, 7, 100], [1, 2, 3, 4]) == pytest.approx(4.5 / np.sqrt(4.5 * 5), abs=1e-15)


def test_both_agree_with_an_independent_implementation():
    values, scores = [1, 2, 2, 4, 5, 7, 7, 9], [2, 1, 3, 3, 5, 4, 8, 7]
    # Pearson by numpy.corrcoef, Spearman by pandas: the Pearson correlation of Series.rank().
    assert pearson(values, scores) == pytest.approx(0.8506749063242047, abs=1e-14)
    assert spearman(values, scores) == pytest.approx(0.8666825838483473, abs=1e-14)


def test_the_scale_of_the_scores_makes_no_difference():
    rng = np.random.default_rng(1)
    values, scores = rng.normal(size=50), rng.uniform(size=50)
    assert pearson(values, scores * 5) == pytest.approx(pearson(values, scores), abs=1e-14)
    assert spearman(values, scores * 5) == spearman(values, scores)
    assert pearson(-values, scores) == pytest.approx(-pearson(values, scores), abs=1e-14)


@pytest.mark.parametrize("correlation", [pearson, spearman])
class TestUndefined:
    def test_constant_scores_are_named(self, correlation):
        with pytest.raises(DataError, match=r"not defined: all 3 scores are the same \(0\.5\)"):
            correlation([1, 2, 3], [0.5, 0.5, 0.5])

    def test_similarities_that_differ_by_rounding_alone_count_as_constant(self, correlation):
        with pytest.raises(DataError, match=r"all 3 similarities are the same .*collapsed"):
            correlation([0.7, 0.7 + 1e-8, 0.7 - 1e-8], [0, 1, 2])

    def test_a_single_pair_is_too_few(self, correlation):
        with pytest.raises(DataError, match=r"at least two pairs\. Received: 1"):
            correlation([1], [1])

    def test_nan_is_refused(self, correlation):
        with pytest.raises(DataError, match="some of the similarities are NaN"):
            correlation([1, np.nan, 2], [1, 2, 3])

    def test_different_lengths_are_refused(self, correlation):
        with pytest.raises(DataError, match=r"shapes \(3,\) and \(2,\)"):
            correlation([1, 2, 3], [1, 2])


def test_small_differences_between_small_numbers_are_not_rounding():
    assert not is_constant([1e-9, 2e-9])
    assert is_constant([0.0, 0.0])
    assert is_constant(np.full(5, 0.3, np.float32))
