import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import value_and_gradients
from tfsiamese.errors import SettingsError
from tfsiamese.losses import TripletLoss, triplet_loss

# Distances to the positives: 5 and 1; to the negatives 10, 2 and 5, of the first row two.
ANCHORS, POSITIVES = tf.constant([[0.0, 0.0], [1.0, 1.0]]), tf.constant([[3.0, 4.0], [1.0, 2.0]])
VECTORS = tf.constant([[6.0, 8.0], [0.0, 2.0], [4.0, 5.0]])
NEGATIVES = tf.RaggedTensor.from_row_lengths(VECTORS, [2, 1])


class TestTriplets:
    def test_all_negatives_of_a_row_make_a_triplet(self):
        value = triplet_loss((ANCHORS, POSITIVES, NEGATIVES), margin=4.5)
        np.testing.assert_allclose(value, (0.0 + (5 - 2 + 4.5) + (1 - 5 + 4.5)) / 3, rtol=1e-6)

    def test_the_manhattan_distance_sums_the_differences(self):
        value = triplet_loss((ANCHORS, POSITIVES, NEGATIVES), "manhattan", margin=6.5)
        np.testing.assert_allclose(value, (0.0 + (7 - 2 + 6.5) + (1 - 7 + 6.5)) / 3, rtol=1e-6)

    def test_the_cosine_distance_is_one_less_the_cosine(self):
        anchors, positives = tf.constant([[1.0, 0.0]]), tf.constant([[0.0, 2.0]])
        value = triplet_loss((anchors, positives, tf.constant([[[3.0, 4.0]]])), "cosine", margin=0.5)
        np.testing.assert_allclose(value, 1.0 - 0.4 + 0.5, rtol=1e-6)

    def test_dense_and_ragged_negatives_give_the_same(self):
        dense = tf.stack([VECTORS[:2], VECTORS[1:]])
        ragged = tf.RaggedTensor.from_tensor(dense)
        assert float(triplet_loss((ANCHORS, POSITIVES, dense))) == float(triplet_loss((ANCHORS, POSITIVES, ragged)))

    def test_a_row_without_negatives_does_not_count(self):
        first_only = tf.RaggedTensor.from_row_lengths(VECTORS[:2], [2, 0])
        value, gradients = value_and_gradients(
            lambda anchors, positives: triplet_loss((anchors, positives, first_only)), [ANCHORS, POSITIVES]
        )
        assert value == pytest.approx((0.0 + 8.0) / 2)
        for gradient in gradients:
            assert gradient[0].any()
            assert not gradient[1].any()

    @pytest.mark.parametrize("compiled", [False, True])
    @pytest.mark.parametrize("distance", ["euclidean", "cosine", "manhattan"])
    def test_a_batch_without_negatives_costs_nothing_and_moves_nothing(self, distance, compiled):
        value, gradients = value_and_gradients(
            lambda anchors, positives: triplet_loss((anchors, positives), distance), [ANCHORS, POSITIVES], compiled
        )
        assert value == 0.0
        for gradient in gradients:
            np.testing.assert_array_equal(gradient, np.zeros([2, 2]))


class TestLoss:
    def test_the_settings_reach_the_function(self):
        loss = TripletLoss(distance="manhattan", margin=6.5)
        expected = triplet_loss((ANCHORS, POSITIVES, NEGATIVES), "manhattan", 6.5)
        assert float(loss(None, (ANCHORS, POSITIVES, NEGATIVES))) == float(expected)

    def test_the_distance_is_euclidean_and_the_margin_5_by_default(self):
        assert TripletLoss().get_config() == {"distance": "euclidean", "margin": 5.0}

    def test_it_wants_triplets_with_negatives(self):
        assert (TripletLoss.shapes, TripletLoss.needs_negatives) == (("triplets",), True)

    def test_an_unknown_distance_is_answered_with_the_known_ones(self):
        with pytest.raises(
            SettingsError, match=r"Unknown distance 'dot'\. Expected one of euclidean, cosine, manhattan"
        ):
            TripletLoss(distance="dot")

    @pytest.mark.parametrize("margin", [0, -0.5])
    def test_a_margin_that_is_not_positive_is_refused(self, margin):
        with pytest.raises(SettingsError, match=rf"Expected a positive margin\. Received: margin={margin}\."):
            TripletLoss(margin=margin)
