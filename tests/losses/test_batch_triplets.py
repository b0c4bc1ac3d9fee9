import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.errors import SettingsError
from tfsiamese.losses import (
    BatchAllTripletLoss,
    BatchHardSoftMarginTripletLoss,
    BatchHardTripletLoss,
    BatchSemiHardTripletLoss,
    batch_all_triplet_loss,
    batch_hard_triplet_loss,
    batch_semi_hard_triplet_loss,
)
from tfsiamese.losses.batch_triplets import all_distances

ALL = [BatchHardTripletLoss, BatchHardSoftMarginTripletLoss, BatchSemiHardTripletLoss, BatchAllTripletLoss]
FUNCTIONS = [batch_hard_triplet_loss, batch_semi_hard_triplet_loss, batch_all_triplet_loss]
# Four texts on a line, at 0, 2 | 3, 7.
LABELS = tf.constant([0, 0, 1, 1], tf.int64)
LINE = np.abs(np.subtract.outer([0, 2, 3, 7], [0, 2, 3, 7])).astype(np.float32)


def _triplets(labels, distances):
    """Of each anchor: the distances of its positives and of its negatives."""
    for anchor, label in enumerate(labels):
        others = [other for other in range(len(labels)) if other != anchor]
        positives = [distances[anchor, other] for other in others if labels[other] == label]
        yield positives, [distances[anchor, other] for other in others if labels[other] != label]


def _hard(labels, distances, margin):
    return np.mean(
        [
            max(0.0, max([0.0, *positives]) - min(negatives) + margin)
            for positives, negatives in _triplets(labels, distances)
        ]
    )


def _semi_hard(labels, distances, margin):
    losses = []
    for positives, negatives in _triplets(labels, distances):
        for positive in positives:
            further = [negative for negative in negatives if negative > positive]
            losses.append(max(0.0, positive - (min(further) if further else max(negatives)) + margin))
    return np.mean(losses)


def _all(labels, distances, margin):
    losses = [p - n + margin for ps, ns in _triplets(labels, distances) for p in ps for n in ns]
    costly = [loss for loss in losses if loss > 0]
    return np.mean(costly) if costly else 0.0


class TestByHand:
    def test_hard_takes_the_furthest_positive_and_the_closest_negative(self):
        # 2 − 3, 2 − 1, 4 − 1, 4 − 5, each plus 1.
        np.testing.assert_allclose(batch_hard_triplet_loss(LABELS, LINE, margin=1.0), (0 + 2 + 4 + 0) / 4, rtol=1e-6)

    def test_the_soft_margin_is_softplus_of_the_difference(self):
        expected = np.mean(np.log1p(np.exp([-1.0, 1.0, 3.0, -1.0])))
        np.testing.assert_allclose(batch_hard_triplet_loss(LABELS, LINE, margin=None), expected, rtol=1e-6)

    def test_semi_hard_takes_the_next_negative_beyond_the_positive_or_the_furthest(self):
        # 2 to 3; 2 to 5; 4 to none, so 3; 4 to 5.
        value = batch_semi_hard_triplet_loss(LABELS, LINE, margin=2.0)
        np.testing.assert_allclose(value, (1 + 0 + 3 + 1) / 4, rtol=1e-6)

    def test_all_triplets_that_cost_something_are_averaged(self):
        # With margin 2: 2 against 3, 7; 2 against 1, 5; 4 against 3, 1; 4 against 7, 5.
        value = batch_all_triplet_loss(LABELS, LINE, margin=2.0)
        np.testing.assert_allclose(value, (1 + 3 + 3 + 5 + 1) / 5, rtol=1e-6)

    def test_euclidean_distances_are_those_of_the_line(self):
        np.testing.assert_allclose(all_distances(tf.constant([[0.0], [2.0], [3.0], [7.0]])), LINE, atol=1e-5)

    def test_cosine_distances_are_one_less_the_cosine(self):
        value = all_distances(tf.constant([[1.0, 0.0], [3.0, 4.0], [-2.0, 0.0]]), "cosine")
        np.testing.assert_allclose(value, [[0, 0.4, 2], [0.4, 0, 1.6], [2, 1.6, 0]], atol=1e-6)


@pytest.mark.parametrize("margin", [0.2, 1.0, 5.0])
@pytest.mark.parametrize(
    ("function", "loop"), list(zip(FUNCTIONS, [_hard, _semi_hard, _all], strict=True)), ids=["hard", "semi-hard", "all"]
)
class TestAgainstALoop:
    def test_value_is_that_of_a_loop_over_anchors(self, function, loop, margin):
        labels = np.random.default_rng(1).integers(0, 4, 12)
        distances = all_distances(normal(2, 12, 3))
        np.testing.assert_allclose(
            function(labels, distances, margin), loop(labels, distances.numpy(), margin), rtol=1e-5
        )


@pytest.mark.parametrize("loss_class", ALL)
class TestLosses:
    def test_a_batch_of_one_class_costs_nothing_and_moves_nothing(self, loss_class):
        value, (gradient,) = value_and_gradients(
            lambda v: loss_class()(tf.constant([3, 3, 3]), (v,)), [normal(1, 3, 4)]
        )
        assert value == 0.0
        np.testing.assert_array_equal(gradient, np.zeros([3, 4]))

    def test_a_batch_without_two_of_a_class_has_a_finite_loss(self, loss_class):
        value, (gradient,) = value_and_gradients(
            lambda v: loss_class()(tf.constant([1, 2, 3]), (v,)), [normal(1, 3, 4)]
        )
        assert np.isfinite(value)
        assert np.isfinite(gradient).all()

    def test_a_compiled_loss_for_any_batch_size_is_the_same(self, loss_class):
        labels, vectors = tf.constant([0, 1, 0, 1, 2, 2]), normal(2, 6, 4)
        value, (gradient,) = value_and_gradients(lambda v: loss_class()(labels, (v,)), [vectors])
        compiled, (compiled_gradient,) = value_and_gradients(
            lambda v: loss_class()(labels, (v,)), [vectors], compiled=True
        )
        assert compiled == pytest.approx(value, rel=1e-5)
        np.testing.assert_allclose(compiled_gradient, gradient, atol=1e-5)

    def test_a_step_against_the_gradient_lowers_the_loss(self, loss_class):
        labels, vectors = tf.constant([0, 1, 0, 1, 2, 2]), normal(3, 6, 4)
        value, (gradient,) = value_and_gradients(lambda v: loss_class()(labels, (v,)), [vectors])
        assert float(loss_class()(labels, (vectors - 0.01 * gradient,))) < value

    def test_it_takes_classes(self, loss_class):
        assert (loss_class.shapes, loss_class.labels) == (("classes",), "classes")

    def test_an_unknown_distance_is_answered_with_the_known_ones(self, loss_class):
        with pytest.raises(SettingsError, match=r"Unknown distance 'dot'\. Expected one of euclidean, cosine\."):
            loss_class(distance="dot")


def test_only_the_soft_margin_has_no_margin():
    for loss_class in set(ALL) - {BatchHardSoftMarginTripletLoss}:
        with pytest.raises(SettingsError, match="Expected a positive margin"):
            loss_class(margin=0)
    with pytest.raises(TypeError):
        BatchHardSoftMarginTripletLoss(margin=1.0)
