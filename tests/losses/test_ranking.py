import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses import MultipleNegativesRankingLoss, multiple_negatives_ranking_loss

ANCHORS, POSITIVES = [[1.0, 0.0], [0.0, 2.0]], [[3.0, 0.0], [1.0, 1.0]]
# Cosines: the first anchor 1 and √½, the second 0 and √½; with a negative opposite to the first anchor −1 and 0.
HALF = 0.5**0.5
NEGATIVE = tf.RaggedTensor.from_row_lengths([[-2.0, 0.0]], [1, 0])


def _cross_entropy(scores: list[float], own: int) -> float:
    return -np.log(np.exp(scores[own]) / np.sum(np.exp(scores)))


def _in_numpy(anchors, positives, negatives, groups, scale) -> float:
    """Row by row, candidate by candidate."""

    def cosine(left, right):
        return left @ right / np.linalg.norm(left) / np.linalg.norm(right)

    losses = []
    for row, anchor in enumerate(anchors):
        others = [other for other in range(len(positives)) if other == row or groups[other] != groups[row]]
        scores = [scale * cosine(anchor, positives[other]) for other in others]
        scores += [scale * cosine(anchor, negative) for negative in negatives]
        losses.append(_cross_entropy(scores, others.index(row)))
    return float(np.mean(losses))


class TestByHand:
    def test_each_positive_competes_with_those_of_the_batch(self):
        value = multiple_negatives_ranking_loss((ANCHORS, POSITIVES), scale=2.0)
        expected = (_cross_entropy([2.0, 2 * HALF], 0) + _cross_entropy([0.0, 2 * HALF], 1)) / 2
        np.testing.assert_allclose(value, expected, rtol=1e-6)

    def test_a_rows_negative_competes_in_every_row(self):
        value = multiple_negatives_ranking_loss((ANCHORS, POSITIVES, NEGATIVE), scale=2.0)
        expected = (_cross_entropy([2.0, 2 * HALF, -2.0], 0) + _cross_entropy([0.0, 2 * HALF, 0.0], 1)) / 2
        np.testing.assert_allclose(value, expected, rtol=1e-6)

    def test_the_other_direction_ranks_anchors_and_knows_no_negatives(self):
        value = multiple_negatives_ranking_loss((ANCHORS, POSITIVES, NEGATIVE), scale=2.0, symmetric=True)
        forward = (_cross_entropy([2.0, 2 * HALF, -2.0], 0) + _cross_entropy([0.0, 2 * HALF, 0.0], 1)) / 2
        backward = (_cross_entropy([2.0, 0.0], 0) + _cross_entropy([2 * HALF, 2 * HALF], 1)) / 2
        np.testing.assert_allclose(value, (forward + backward) / 2, rtol=1e-6)

    def test_the_dot_product_counts_lengths(self):
        value = multiple_negatives_ranking_loss((ANCHORS, POSITIVES), scale=1.0, similarity="dot")
        expected = (_cross_entropy([3.0, 1.0], 0) + _cross_entropy([0.0, 2.0], 1)) / 2
        np.testing.assert_allclose(value, expected, rtol=1e-6)

    def test_a_batch_of_one_pair_costs_nothing(self):
        assert float(multiple_negatives_ranking_loss((ANCHORS[:1], POSITIVES[:1]))) == 0.0


class TestGroups:
    @pytest.mark.parametrize("symmetric", [False, True])
    def test_a_positive_of_the_own_group_is_no_candidate(self, symmetric):
        value = multiple_negatives_ranking_loss(
            (ANCHORS, POSITIVES), tf.constant([7, 7], tf.int64), symmetric=symmetric
        )
        assert float(value) == 0.0

    def test_negatives_stay_candidates_of_every_group(self):
        value = multiple_negatives_ranking_loss((ANCHORS, POSITIVES, NEGATIVE), [7, 7], scale=2.0)
        expected = (_cross_entropy([2.0, -2.0], 0) + _cross_entropy([2 * HALF, 0.0], 0)) / 2
        np.testing.assert_allclose(value, expected, rtol=1e-6)

    def test_groups_of_one_row_change_nothing(self):
        embeddings = (normal(1, 6, 4), normal(2, 6, 4))
        np.testing.assert_allclose(
            multiple_negatives_ranking_loss(embeddings, tf.range(6, dtype=tf.int64)),
            multiple_negatives_ranking_loss(embeddings),
            rtol=1e-6,
        )

    def test_value_is_that_of_a_loop_over_rows_and_candidates(self):
        anchors, positives, negatives = normal(1, 6, 4), normal(2, 6, 4), normal(3, 5, 4)
        groups = [0, 1, 0, 2, 1, 0]
        ragged = tf.RaggedTensor.from_row_lengths(negatives, [0, 2, 0, 2, 1, 0])
        value = multiple_negatives_ranking_loss((anchors, positives, ragged), groups, scale=4.0)
        expected = _in_numpy(anchors.numpy(), positives.numpy(), negatives.numpy(), groups, 4.0)
        np.testing.assert_allclose(value, expected, rtol=1e-5)

    def test_what_is_left_out_gets_no_gradient(self):
        _, gradients = value_and_gradients(
            lambda anchors, positives: multiple_negatives_ranking_loss((anchors, positives), [0, 0, 0]),
            [normal(1, 3, 4), normal(2, 3, 4)],
        )
        for gradient in gradients:
            np.testing.assert_array_equal(gradient, np.zeros([3, 4]))


class TestNegatives:
    def test_dense_and_ragged_negatives_give_the_same(self):
        anchors, positives, negatives = normal(1, 3, 4), normal(2, 3, 4), normal(3, 3, 2, 4)
        dense = multiple_negatives_ranking_loss((anchors, positives, negatives))
        ragged = multiple_negatives_ranking_loss((anchors, positives, tf.RaggedTensor.from_tensor(negatives)))
        assert float(dense) == float(ragged)

    def test_a_batch_whose_rows_have_none_is_one_of_pairs(self):
        anchors, positives = normal(1, 3, 4), normal(2, 3, 4)
        none = tf.RaggedTensor.from_row_lengths(tf.zeros([0, 4]), [0, 0, 0])
        expected = multiple_negatives_ranking_loss((anchors, positives))
        assert float(multiple_negatives_ranking_loss((anchors, positives, none))) == float(expected)
        assert float(multiple_negatives_ranking_loss((anchors, positives, tf.zeros([3, 0, 4])))) == float(expected)

    def test_a_nested_list_that_became_ragged_in_all_axes_is_taken(self):
        nested = tf.ragged.constant([[[-2.0, 0.0]], []])
        assert nested.ragged_rank == 1 or nested.shape[-1] is None
        np.testing.assert_allclose(
            multiple_negatives_ranking_loss((ANCHORS, POSITIVES, nested)),
            multiple_negatives_ranking_loss((ANCHORS, POSITIVES, NEGATIVE)),
            rtol=1e-6,
        )

    def test_negatives_without_an_axis_for_their_number_are_refused(self):
        with pytest.raises(DataError, match=r"\[batch, number of negatives, dimension\]\. Received: \(2, 2\)"):
            multiple_negatives_ranking_loss((ANCHORS, POSITIVES, [[1.0, 0.0], [0.0, 1.0]]))

    @pytest.mark.parametrize("count", [1, 4])
    def test_other_numbers_of_tensors_are_refused(self, count):
        with pytest.raises(DataError, match=rf"anchors, positives and, .* Received {count} tensors"):
            multiple_negatives_ranking_loss((ANCHORS,) * count)


class TestLoss:
    def test_the_settings_reach_the_function(self):
        loss = MultipleNegativesRankingLoss(scale=3.0, similarity="dot", symmetric=True)
        expected = multiple_negatives_ranking_loss(
            (ANCHORS, POSITIVES), [1, 2], scale=3.0, similarity="dot", symmetric=True
        )
        assert float(loss(tf.constant([1, 2]), (ANCHORS, POSITIVES))) == float(expected)

    def test_labels_are_groups(self):
        loss = MultipleNegativesRankingLoss()
        assert (loss.shapes, loss.labels) == (("triplets",), "groups")
        assert float(loss(tf.constant([1, 1]), (ANCHORS, POSITIVES))) == 0.0

    @pytest.mark.parametrize("scale", [0, -1.0, float("nan"), float("inf"), "20", True])
    def test_a_scale_that_is_not_positive_is_refused(self, scale):
        with pytest.raises(SettingsError, match=rf"Expected a positive scale\. Received: scale={scale}\."):
            MultipleNegativesRankingLoss(scale=scale)

    def test_an_unknown_similarity_is_answered_with_the_known_ones(self):
        with pytest.raises(SettingsError, match=r"Unknown similarity 'euclid'\. Expected one of cosine, dot\."):
            MultipleNegativesRankingLoss(similarity="euclid")
