import numpy as np
import pytest
import tensorflow as tf

from tfsiamese import fit
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses import ContrastiveLoss, OnlineContrastiveLoss, contrastive_loss, online_contrastive_loss
from tfsiamese.siamese import Siamese

BOTH = [ContrastiveLoss, OnlineContrastiveLoss]


def _value_and_gradient(function, labels: list, distances: list, **settings) -> tuple[float, np.ndarray]:
    """Computed in a compiled function for batches of any size, as training does."""

    @tf.function(input_signature=[tf.TensorSpec([None]), tf.TensorSpec([None])])
    def compute(labels, distances):
        with tf.GradientTape() as tape:
            tape.watch(distances)
            loss = function(labels, distances, **settings)
        return loss, tape.gradient(loss, distances)

    value, gradient = compute(tf.constant(labels, tf.float32), tf.constant(distances, tf.float32))
    return float(value), gradient.numpy()


class TestContrastive:
    def test_pulls_the_same_together_and_pushes_others_up_to_the_margin(self):
        # Same: 0.2² and 0.7². Different: (0.5 − 0.1)², and nothing beyond the margin. All halved, averaged over 4.
        value, gradient = _value_and_gradient(contrastive_loss, [1, 1, 0, 0], [0.2, 0.7, 0.1, 0.9])
        assert value == pytest.approx((0.04 + 0.49 + 0.16 + 0.0) / 8, rel=1e-6)
        np.testing.assert_allclose(gradient, [0.2 / 4, 0.7 / 4, -0.4 / 4, 0.0], rtol=1e-6)

    def test_the_margin_decides_which_different_pairs_still_cost(self):
        value, _ = _value_and_gradient(contrastive_loss, [0, 0], [0.5, 1.5], margin=2.0)
        assert value == pytest.approx((1.5**2 + 0.5**2) / 4, rel=1e-6)

    def test_the_cosine_distance_is_the_default(self):
        # Distances 1 (orthogonal) and 1 − √½.
        embeddings = ([[1.0, 0.0], [1.0, 0.0]], [[0.0, 3.0], [2.0, 2.0]])
        expected = (1.0 + (0.5 - (1 - 0.5**0.5)) ** 2) / 4
        np.testing.assert_allclose(ContrastiveLoss()([1.0, 0.0], embeddings), expected, rtol=1e-5)

    def test_the_euclidean_distance_can_be_chosen(self):
        embeddings = ([[0.0, 0.0], [0.0, 0.0]], [[3.0, 4.0], [3.0, 4.0]])
        loss = ContrastiveLoss(margin=7.0, distance="euclidean")
        np.testing.assert_allclose(loss([1.0, 0.0], embeddings), (25.0 + 4.0) / 4, rtol=1e-6)


class TestOnlineContrastive:
    def test_only_hard_pairs_count_and_they_are_summed(self):
        # The closest different pair lies at 0.3, the furthest same at 0.6: 0.2 and 0.9 are easy.
        labels, distances = [1, 1, 1, 0, 0, 0], [0.2, 0.6, 0.4, 0.3, 0.9, 0.55]
        value, gradient = _value_and_gradient(online_contrastive_loss, labels, distances)
        assert value == pytest.approx(0.6**2 + 0.4**2 + (0.5 - 0.3) ** 2 + 0.0, rel=1e-5)
        np.testing.assert_allclose(gradient, [0.0, 1.2, 0.8, -0.4, 0.0, 0.0], rtol=1e-5)

    def test_a_batch_without_hard_pairs_costs_nothing_and_moves_nothing(self):
        value, gradient = _value_and_gradient(online_contrastive_loss, [1, 1, 0, 0], [0.1, 0.2, 0.6, 0.7])
        assert value == 0.0
        np.testing.assert_array_equal(gradient, np.zeros(4))

    @pytest.mark.parametrize("label", [0, 1])
    def test_a_batch_of_one_kind_only_measures_against_its_mean(self, label):
        # The mean is 0.3: hard are the different pairs below it, and the same pairs above it.
        value, gradient = _value_and_gradient(online_contrastive_loss, [label] * 3, [0.1, 0.2, 0.6])
        expected = {0: 0.4**2 + 0.3**2, 1: 0.6**2}
        assert value == pytest.approx(expected[label], rel=1e-5)
        assert np.isfinite(gradient).all()

    @pytest.mark.parametrize("label", [0, 1])
    def test_a_single_pair_is_never_hard(self, label):
        value, gradient = _value_and_gradient(online_contrastive_loss, [label], [0.4])
        assert value == 0.0
        assert gradient.tolist() == [0.0]

    def test_the_margin_is_the_one_that_was_set(self):
        embeddings = ([[0.0]] * 4, [[4.0], [3.5], [1.0], [2.0]])
        loss = OnlineContrastiveLoss(margin=3.0, distance="euclidean")
        value = loss(tf.constant([1.0, 1.0, 0.0, 0.0]), embeddings)
        np.testing.assert_allclose(value, 4.0**2 + 3.5**2 + 2.0**2 + 1.0**2, rtol=1e-6)


@pytest.mark.parametrize("loss_class", BOTH)
class TestBoth:
    @pytest.mark.parametrize("distance", ["cosine", "euclidean"])
    def test_gradients_are_finite_at_equal_and_at_zero_vectors(self, loss_class, distance):
        left = tf.constant([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])
        right = tf.constant([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [3.0, 4.0]])
        with tf.GradientTape() as tape:
            tape.watch([left, right])
            loss = loss_class(distance=distance)(tf.constant([1.0, 0.0, 0.0, 1.0]), (left, right))
        assert np.isfinite(loss)
        for gradient in tape.gradient(loss, [left, right]):
            assert np.isfinite(gradient).all()

    @pytest.mark.parametrize("margin", [0, -0.5, float("nan")])
    def test_a_margin_that_is_not_positive_is_refused(self, loss_class, margin):
        with pytest.raises(SettingsError, match=rf"Expected a positive margin\. Received: margin={margin}\."):
            loss_class(margin=margin)

    def test_an_unknown_distance_is_answered_with_the_known_ones(self, loss_class):
        with pytest.raises(SettingsError, match=r"Unknown distance 'dot'\. Expected one of cosine, euclidean\."):
            loss_class(distance="dot")

    def test_the_settings_build_the_same_loss_again(self, loss_class):
        loss = loss_class(margin=0.7, distance="euclidean")
        assert loss.get_config() == {"margin": 0.7, "distance": "euclidean"}
        assert repr(loss) == f"{loss_class.__name__}(margin=0.7, distance='euclidean')"
        assert repr(loss_class(**loss.get_config())) == repr(loss)

    def test_0_and_1_are_the_labels_it_takes(self, loss_class):
        loss_class().check_labels(np.array([0, 1, 1.0, 0.0], np.float32))

    def test_grades_are_reported_with_the_first_pair_that_has_one(self, loss_class):
        message = (
            rf"The {loss_class.name} loss needs labels 0 \(different\) and 1 \(same\), and 2 of 4 pairs have others, "
            r"0\.5 the first\. Use 0/1 labels, or the loss 'mse' for graded scores\."
        )
        with pytest.raises(DataError, match=message):
            loss_class().check_labels(np.array([1.0, 0.5, 0.0, np.nan], np.float32))

    def test_training_on_grades_stops_before_it_starts(self, loss_class, tiny_encoder, tiny_pairs):
        before = tiny_encoder.encode(["red apple"])
        with pytest.raises(DataError, match=f"The {loss_class.name} loss needs labels 0"):
            fit(Siamese(tiny_encoder), tiny_pairs, loss=loss_class(), epochs=1)
        np.testing.assert_array_equal(tiny_encoder.encode(["red apple"]), before)
