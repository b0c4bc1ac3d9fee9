import numpy as np

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.losses import retention_loss


def test_is_the_mean_over_all_entries_of_how_far_the_cosines_moved():
    # The base's cosine is 0, now it is 0.6: two of four entries moved.
    value = retention_loss([[1.0, 0.0], [3.0, 4.0]], [[1.0, 0.0, 0.0], [0.0, 2.0, 0.0]])
    np.testing.assert_allclose(value, 2 * 0.36 / 4, rtol=1e-6)


def test_embeddings_may_turn_and_grow_as_long_as_their_angles_stay():
    base = normal(1, 5, 3)
    turn, _ = np.linalg.qr(normal(2, 3, 3))
    value, (gradient,) = value_and_gradients(lambda embeddings: retention_loss(embeddings, base), [3.0 * base @ turn])
    np.testing.assert_allclose(value, 0.0, atol=1e-10)
    np.testing.assert_allclose(gradient, np.zeros([5, 3]), atol=1e-6)


def test_no_gradient_flows_to_the_base():
    _, gradients = value_and_gradients(retention_loss, [normal(1, 5, 3), normal(2, 5, 4)])
    assert gradients[0].any()
    np.testing.assert_array_equal(gradients[1], np.zeros([5, 4]))


def test_a_zero_vector_has_a_finite_gradient():
    value, (gradient,) = value_and_gradients(
        lambda embeddings: retention_loss(embeddings, normal(2, 5, 4)),
        [normal(1, 5, 3) * [[0.0], [1.0], [1.0], [1.0], [1.0]]],
    )
    assert np.isfinite(value)
    assert np.isfinite(gradient).all()
