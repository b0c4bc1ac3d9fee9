import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.transformer.dropout import Dropout

ONES = tf.ones([100, 100])


def _dropped(seed: tuple[int, int], rate: float = 0.3, calls: int = 1) -> np.ndarray:
    dropout = Dropout(tf.constant(seed, tf.int32))
    return [dropout(ONES, rate).numpy() for _ in range(calls)][-1]


@pytest.mark.parametrize("rate", [0.05, 0.1, 0.5, 0.9])
def test_the_share_that_is_dropped_is_the_rate(rate):
    share = np.mean(_dropped((1, 2), rate) == 0)
    # Five standard deviations of 10,000 draws.
    assert share == pytest.approx(rate, abs=5 * np.sqrt(rate * (1 - rate) / 10_000))


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_what_is_kept_is_scaled_so_that_the_mean_stays(rate):
    kept = np.unique(_dropped((3, 4), rate))
    np.testing.assert_allclose(kept, [0.0, 1.0 / (1.0 - rate)], rtol=2e-5)


def test_a_rate_of_one_half_is_exact():
    assert np.unique(_dropped((5, 6), 0.5)).tolist() == [0.0, 2.0]


def test_the_same_seed_drops_the_same_numbers():
    np.testing.assert_array_equal(_dropped((7, 8)), _dropped((7, 8)))


@pytest.mark.parametrize("other", [(7, 9), (8, 8), (-7, 8)])
def test_another_seed_drops_other_numbers(other):
    share = np.mean((_dropped((7, 8)) == 0) & (_dropped(other) == 0))
    assert share == pytest.approx(0.09, abs=0.02), "as of two independent draws"


def test_each_call_under_one_seed_draws_anew():
    first, second = (_dropped((7, 8), calls=calls) == 0 for calls in (1, 2))
    assert np.mean(first & second) == pytest.approx(0.09, abs=0.02)


def test_neighbours_are_dropped_independently():
    flat = _dropped((9, 9), 0.5).ravel() == 0
    assert np.mean(flat[::2] & flat[1::2]) == pytest.approx(0.25, abs=0.03), "both halves of a random word"
    assert np.mean(flat[:-1] & flat[1:]) == pytest.approx(0.25, abs=0.03)


def test_a_rate_of_zero_drops_nothing():
    assert Dropout(tf.constant([1, 1]))(ONES, 0.0) is ONES


def test_without_a_seed_nothing_is_dropped():
    assert Dropout(None)(ONES, 0.5) is ONES


@pytest.mark.parametrize("shape", [[0, 4], [1], [3, 5], [2, 3, 5]])
def test_any_shape_is_taken(shape):
    assert Dropout(tf.constant([1, 2]))(tf.ones(shape), 0.5).shape == shape


def test_gradients_flow_through_what_is_kept():
    values = tf.ones([50])
    with tf.GradientTape() as tape:
        tape.watch(values)
        outputs = Dropout(tf.constant([1, 2]))(values, 0.5)
    np.testing.assert_array_equal(tape.gradient(outputs, values), outputs)


def test_a_compiled_function_drops_what_an_eager_call_drops():
    seed = tf.constant([4, 2])
    compiled = tf.function(lambda values, seed: Dropout(seed)(values, 0.3))
    np.testing.assert_array_equal(compiled(ONES, seed), Dropout(seed)(ONES, 0.3))
