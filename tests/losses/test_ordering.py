import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.errors import SettingsError
from tfsiamese.losses import AnglELoss, CoSENTLoss, angle_similarity, cosent_loss


def _naive(labels, similarities, scale) -> tf.Tensor:
    """All pairs of pairs, as the formula has it."""
    labels = tf.constant(labels)
    differences = scale * (similarities[tf.newaxis, :] - similarities[:, tf.newaxis])
    wrong = tf.boolean_mask(differences, labels[:, tf.newaxis] > labels)
    return tf.reduce_logsumexp(tf.concat([[0.0], wrong], axis=0))


class TestCoSENT:
    def test_each_two_pairs_of_different_grade_are_compared(self):
        value = cosent_loss([1.0, 0.0, 0.5], [0.9, 0.3, 0.4], scale=2.0)
        expected = np.log(1 + np.exp(2 * (0.3 - 0.9)) + np.exp(2 * (0.4 - 0.9)) + np.exp(2 * (0.3 - 0.4)))
        np.testing.assert_allclose(value, expected, rtol=1e-6)

    def test_pairs_of_the_same_grade_are_not_compared(self):
        value = cosent_loss([0.5, 0.5, 1.0], [0.9, 0.1, 0.5], scale=1.0)
        np.testing.assert_allclose(value, np.log(1 + np.exp(0.9 - 0.5) + np.exp(0.1 - 0.5)), rtol=1e-6)

    @pytest.mark.parametrize("labels", [[0.5, 0.5, 0.5], [0.3]])
    def test_a_batch_of_one_grade_costs_nothing_and_moves_nothing(self, labels):
        value, (gradient,) = value_and_gradients(
            lambda similarities: cosent_loss(labels, similarities), [normal(1, len(labels))]
        )
        assert value == 0.0
        np.testing.assert_array_equal(gradient, np.zeros(len(labels)))

    @pytest.mark.parametrize("compiled", [False, True])
    @pytest.mark.parametrize("scale", [1.0, 20.0, 100.0])
    def test_the_cumulative_sum_gives_what_all_comparisons_give(self, scale, compiled):
        labels = np.random.default_rng(5).integers(0, 6, 40).astype(np.float32) / 5
        similarities = tf.tanh(normal(6, 40))
        value, (gradient,) = value_and_gradients(lambda s: cosent_loss(labels, s, scale), [similarities], compiled)
        expected, (expected_gradient,) = value_and_gradients(lambda s: _naive(labels, s, scale), [similarities])
        assert value == pytest.approx(expected, rel=1e-5)
        np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-4, atol=1e-5)

    def test_whole_numbers_are_grades_too(self):
        np.testing.assert_allclose(
            cosent_loss(tf.constant([2, 0, 1]), [0.1, 0.2, 0.3]),
            cosent_loss([1.0, 0.0, 0.5], [0.1, 0.2, 0.3]),
            rtol=1e-6,
        )

    @pytest.mark.parametrize(
        ("similarity", "expected"),
        [("cosine", [0.6, 0.0]), ("dot", [3.0, 0.0]), ("angular", [1 - np.arccos(0.6) / np.pi, 0.5])],
    )
    def test_the_similarity_is_the_one_that_was_set(self, similarity, expected):
        embeddings = ([[1.0, 0.0], [1.0, 0.0]], [[3.0, 4.0], [0.0, 2.0]])
        value = CoSENTLoss(scale=2.0, similarity=similarity)([0.0, 1.0], embeddings)
        np.testing.assert_allclose(value, np.log(1 + np.exp(2 * (expected[0] - expected[1]))), rtol=1e-5)


class TestAngle:
    def test_similarity_is_that_of_complex_numbers(self):
        # 1 and i: their product with the conjugate is −i. Then 0.6 + 0.8i with itself: 1.
        np.testing.assert_allclose(angle_similarity([[1.0, 0.0]], [[0.0, 1.0]]), [1.0], rtol=1e-6)
        np.testing.assert_allclose(angle_similarity([[3.0, 4.0]], [[3.0, 4.0]]), [1.0], rtol=1e-6)
        np.testing.assert_allclose(angle_similarity([[1.0, 1.0]], [[1.0, -1.0]]), [1.0], rtol=1e-6)

    def test_similarity_is_that_of_numpys_complex_arithmetic(self):
        left, right = normal(1, 5, 6), normal(2, 5, 6)
        x, y = (v.numpy() / np.linalg.norm(v.numpy(), axis=1, keepdims=True) for v in (left, right))
        product = ((x[:, :3] + 1j * x[:, 3:]) * np.conj(y[:, :3] + 1j * y[:, 3:])).sum(axis=1)
        np.testing.assert_allclose(angle_similarity(left, right), abs(product.real + product.imag), rtol=1e-5)

    def test_an_odd_dimension_gets_a_zero(self):
        left, right = normal(1, 5, 3), normal(2, 5, 3)
        padded = [tf.pad(vectors, [[0, 0], [0, 1]]) for vectors in (left, right)]
        np.testing.assert_allclose(angle_similarity(left, right), angle_similarity(*padded), rtol=1e-6)

    def test_the_loss_is_that_of_the_order_of_these_similarities(self):
        left, right, labels = normal(1, 5, 4), normal(2, 5, 4), [0.1, 0.9, 0.5, 0.5, 0.0]
        expected = cosent_loss(labels, angle_similarity(left, right), scale=7.0)
        assert float(AnglELoss(scale=7.0)(labels, (left, right))) == float(expected)


@pytest.mark.parametrize("loss_class", [CoSENTLoss, AnglELoss])
def test_a_scale_that_is_not_positive_is_refused(loss_class):
    with pytest.raises(SettingsError, match=r"Expected a positive scale\. Received: scale=0\."):
        loss_class(scale=0)


def test_an_unknown_similarity_is_answered_with_the_known_ones():
    with pytest.raises(SettingsError, match=r"Unknown similarity 'cos'\. Expected one of cosine, dot, angular\."):
        CoSENTLoss(similarity="cos")
