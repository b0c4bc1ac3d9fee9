import math

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.errors import SettingsError

NAMES = ["angular", "cosine", "dot"]


def _gradients(function, left: list, right: list) -> list[np.ndarray]:
    left, right = tf.constant(left, tf.float32), tf.constant(right, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch([left, right])
        total = tf.reduce_sum(function(left, right))
    return [gradient.numpy() for gradient in tape.gradient(total, [left, right])]


class TestValues:
    def test_the_cosine_divides_the_dot_product_by_both_lengths(self):
        # (3·4 + 4·3) / (5 · 5), then opposite, orthogonal, and unequal lengths at 45°.
        left = tf.constant([[3.0, 4.0], [1.0, 2.0], [1.0, 0.0], [2.0, 0.0]])
        right = tf.constant([[4.0, 3.0], [-2.0, -4.0], [0.0, 7.0], [3.0, 3.0]])
        np.testing.assert_allclose(similarity.cosine(left, right), [0.96, -1.0, 0.0, math.sqrt(0.5)], atol=1e-6)

    def test_the_angular_similarity_is_one_minus_the_angle_over_pi(self):
        # 0.5 at 90°, 3/4 at 45°, 2/3 at 60°, 1/4 at 135°.
        left = tf.constant([[1.0, 0.0], [2.0, 0.0], [1.0, 0.0], [1.0, 0.0]])
        right = tf.constant([[0.0, 5.0], [1.0, 1.0], [0.5, math.sqrt(0.75)], [-3.0, 3.0]])
        np.testing.assert_allclose(similarity.angular(left, right), [0.5, 0.75, 2 / 3, 0.25], atol=1e-6)

    def test_the_angular_similarity_is_clipped_at_a_cosine_of_099999(self):
        # arccos(0.99999) = 0.00447214, over π 0.00142353.
        left = tf.constant([[1.0, 2.0, 3.0], [1.0, 2.0, 3.0]])
        right = tf.constant([[1.0, 2.0, 3.0], [-1.0, -2.0, -3.0]])
        np.testing.assert_allclose(similarity.angular(left, right), [0.99857647, 0.00142353], atol=2e-6)

    def test_the_dot_product_keeps_the_lengths(self):
        left, right = tf.constant([[1.0, 2.0], [0.5, -4.0]]), tf.constant([[3.0, 4.0], [2.0, 0.25]])
        np.testing.assert_allclose(similarity.dot(left, right), [11.0, 0.0])

    def test_the_distances_are_one_minus_the_cosine_and_the_length_of_the_difference(self):
        left, right = tf.constant([[3.0, 4.0], [1.0, 1.0]]), tf.constant([[0.0, 0.0], [1.0, 1.0]])
        np.testing.assert_allclose(similarity.euclidean_distance(left, right), [5.0, 0.0])
        np.testing.assert_allclose(similarity.cosine_distance(left, right), [1.0, 0.0], atol=1e-6)

    @pytest.mark.parametrize("scale", [1e-3, 1e3])
    def test_cosine_and_angle_do_not_depend_on_the_lengths(self, scale):
        left, right = tf.constant([[3.0, 4.0]]), tf.constant([[4.0, 3.0]])
        np.testing.assert_allclose(similarity.cosine(scale * left, right / scale), [0.96], atol=1e-6)
        np.testing.assert_allclose(similarity.angular(scale * left, right / scale), [0.9096655], atol=1e-6)

    def test_a_zero_vector_is_orthogonal_to_everything(self):
        zero, other = tf.zeros([1, 3]), tf.ones([1, 3])
        assert similarity.cosine(zero, other).numpy() == [0.0]
        assert similarity.cosine(zero, zero).numpy() == [0.0]
        np.testing.assert_allclose(similarity.angular(zero, other), [0.5], atol=1e-6)

    def test_plain_lists_are_taken(self):
        for name in NAMES:
            assert similarity.get(name)([[1.0, 0.0]], [[0.0, 1.0]]).shape == [1]


class TestGradients:
    def test_the_cosine_has_its_analytic_gradient(self):
        # d cos / d left = (right/|right| − cos · left/|left|) / |left|, worked for (3, 4) and (4, 3).
        (left, right) = _gradients(similarity.cosine, [[3.0, 4.0]], [[4.0, 3.0]])
        np.testing.assert_allclose(left, [[(0.8 - 0.96 * 0.6) / 5, (0.6 - 0.96 * 0.8) / 5]], atol=1e-6)
        np.testing.assert_allclose(right, [[(0.6 - 0.96 * 0.8) / 5, (0.8 - 0.96 * 0.6) / 5]], atol=1e-6)

    def test_the_angle_has_its_analytic_gradient(self):
        # d/dx (1 − arccos(x)/π) is 1/π at x = 0, times d cos / d left.
        (left, right) = _gradients(similarity.angular, [[2.0, 0.0]], [[0.0, 5.0]])
        np.testing.assert_allclose(left, [[0.0, 1 / (2 * math.pi)]], atol=1e-6)
        np.testing.assert_allclose(right, [[1 / (5 * math.pi), 0.0]], atol=1e-6)

    @pytest.mark.parametrize(
        ("left", "right"),
        [
            pytest.param([[1.0, 2.0, 3.0]], [[1.0, 2.0, 3.0]], id="equal"),
            pytest.param([[1.0, 2.0, 3.0]], [[-1.0, -2.0, -3.0]], id="opposite"),
            pytest.param([[0.0, 0.0, 0.0]], [[1.0, 2.0, 3.0]], id="one zero"),
            pytest.param([[0.0, 0.0, 0.0]], [[0.0, 0.0, 0.0]], id="both zero"),
        ],
    )
    @pytest.mark.parametrize("name", ["angular", "cosine", "dot", "cosine_distance", "euclidean_distance"])
    def test_gradients_are_finite_everywhere(self, name, left, right):
        for gradient in _gradients(getattr(similarity, name), left, right):
            assert np.isfinite(gradient).all()

    def test_the_euclidean_distance_of_equal_vectors_has_the_gradient_zero(self):
        # A row that differs stands beside them: it must keep its own gradient.
        left, right = _gradients(similarity.euclidean_distance, [[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [0.0, 0.0]])
        np.testing.assert_allclose(left, [[0.0, 0.0], [0.6, 0.8]], atol=1e-6)
        np.testing.assert_allclose(right, [[0.0, 0.0], [-0.6, -0.8]], atol=1e-6)


class TestAllPairs:
    @pytest.mark.parametrize("name", NAMES)
    def test_each_entry_is_the_similarity_of_its_row_and_column(self, name):
        random = np.random.default_rng(3)
        left, right = random.normal(size=[4, 5]).astype("f"), random.normal(size=[3, 5]).astype("f")
        matrix = similarity.all_pairs(left, right, name).numpy()
        assert matrix.shape == (4, 3)
        for row in range(4):
            for column in range(3):
                expected = similarity.get(name)(left[row : row + 1], right[column : column + 1])
                np.testing.assert_allclose(matrix[row, column], expected.numpy()[0], atol=1e-6)

    def test_the_cosine_is_the_default(self):
        vectors = tf.constant([[3.0, 4.0], [4.0, 3.0]])
        np.testing.assert_allclose(similarity.all_pairs(vectors, vectors), [[1.0, 0.96], [0.96, 1.0]], atol=1e-6)


class TestNames:
    def test_an_unknown_name_is_answered_with_the_known_ones(self):
        message = r"Unknown similarity 'euclid'\. Expected one of angular, cosine, dot\."
        with pytest.raises(SettingsError, match=message):
            similarity.get("euclid")
        with pytest.raises(SettingsError, match=message):
            similarity.all_pairs(tf.zeros([1, 2]), tf.zeros([1, 2]), "euclid")
