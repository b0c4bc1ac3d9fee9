import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses import (
    BatchHardTripletLoss,
    ContrastiveLoss,
    EmbeddingMSELoss,
    GISTEmbedLoss,
    MarginMSELoss,
    MatryoshkaLoss,
    MeanSquaredErrorLoss,
    MultipleNegativesRankingLoss,
    TripletLoss,
)
from tfsiamese.losses.matryoshka import first_dimensions


class TestFirstDimensions:
    def test_what_is_kept_is_normalized_again(self):
        np.testing.assert_allclose(first_dimensions([[3.0, 4.0, 12.0]], 2), [[0.6, 0.8]], rtol=1e-6)

    def test_ragged_vectors_keep_their_rows(self):
        ragged = tf.RaggedTensor.from_row_lengths([[3.0, 4.0, 1.0], [0.0, 2.0, 9.0]], [0, 2, 0])
        cut = first_dimensions(ragged, 2)
        assert cut.row_lengths().numpy().tolist() == [0, 2, 0]
        np.testing.assert_allclose(cut.values, [[0.6, 0.8], [0.0, 1.0]], rtol=1e-6)

    @pytest.mark.parametrize("compiled", [False, True])
    def test_more_dimensions_than_there_are_are_refused(self, compiled):
        function = tf.function(first_dimensions) if compiled else first_dimensions
        with pytest.raises(SettingsError, match=r"first 4 dimensions are to be trained, and the embeddings have 3\."):
            function(tf.zeros([2, 3]), 4)


class TestMatryoshka:
    def test_is_the_weighted_sum_of_the_loss_at_each_dimension(self):
        # The cosines of the whole vectors 0.5, of the first two 0, of the first 0 / 0, which is 0.
        embeddings = ([[0.0, 1.0, 1.0]], [[1.0, 0.0, 1.0]])
        loss = MatryoshkaLoss(MeanSquaredErrorLoss("cosine"), dims=[3, 2, 1], weights=[1.0, 0.5, 0.1])
        np.testing.assert_allclose(loss([1.0], embeddings), 0.25 + 0.5 * 1.0 + 0.1 * 1.0, rtol=1e-6)

    def test_weights_are_1_where_none_are_given(self):
        embeddings = ([[0.0, 1.0, 1.0]], [[1.0, 0.0, 1.0]])
        np.testing.assert_allclose(MatryoshkaLoss(MeanSquaredErrorLoss("cosine"), [3, 2])([1.0], embeddings), 1.25)

    def test_ragged_negatives_are_cut_too(self):
        anchors, positives = normal(1, 3, 4), normal(2, 3, 4)
        negatives = tf.RaggedTensor.from_row_lengths(normal(3, 3, 4), [2, 0, 1])
        inner = MultipleNegativesRankingLoss(scale=5.0)
        cut = (anchors[:, :2], positives[:, :2], negatives.with_values(negatives.values[:, :2]))
        expected = inner(None, (anchors, positives, negatives)) + inner(None, cut)
        value = MatryoshkaLoss(inner, [4, 2])(None, (anchors, positives, negatives))
        np.testing.assert_allclose(value, expected, rtol=1e-6)

    def test_dimensions_beyond_the_largest_get_no_gradient(self):
        loss = MatryoshkaLoss(MultipleNegativesRankingLoss(), [2])
        _, gradients = value_and_gradients(lambda *pairs: loss(None, pairs), [normal(1, 3, 4), normal(2, 3, 4)])
        for gradient in gradients:
            assert gradient[:, :2].any()
            np.testing.assert_array_equal(gradient[:, 2:], np.zeros([3, 2]))

    def test_the_teacher_is_not_cut(self):
        embeddings, guide = (normal(1, 3, 4), normal(2, 3, 4)), (normal(3, 3, 5), normal(4, 3, 5))
        inner = GISTEmbedLoss(temperature=0.5)
        expected = inner(None, [vectors[:, :2] for vectors in embeddings], guide)
        np.testing.assert_allclose(MatryoshkaLoss(inner, [2])(None, embeddings, guide), expected, rtol=1e-6)

    def test_a_dim_above_the_dimension_is_refused_at_the_first_call(self):
        loss = MatryoshkaLoss(MultipleNegativesRankingLoss(), [4, 2])
        with pytest.raises(SettingsError, match="first 4 dimensions are to be trained, and the embeddings have 3"):
            loss(None, (normal(1, 2, 3), normal(2, 2, 3)))


class TestWhatItTakes:
    @pytest.mark.parametrize(
        "inner", [MeanSquaredErrorLoss(), TripletLoss(), GISTEmbedLoss(), MarginMSELoss(), BatchHardTripletLoss()]
    )
    def test_is_what_the_inner_loss_takes(self, inner):
        loss = MatryoshkaLoss(inner, [2])
        for attribute in ("shapes", "labels", "needs_teacher", "accepts_teacher", "needs_negatives"):
            assert getattr(loss, attribute) == getattr(inner, attribute)

    def test_labels_that_the_inner_loss_refuses_are_refused(self):
        with pytest.raises(DataError, match="The contrastive loss needs labels 0"):
            MatryoshkaLoss(ContrastiveLoss(), [2]).check_labels(np.array([0.5]))

    def test_a_teacher_is_handed_on_to_a_loss_that_accepts_one(self):
        triplets, teacher = [(normal(s, 2, 3), normal(s + 1, 2, 3), normal(s + 2, 2, 1, 3)) for s in (1, 5)]
        inner = MarginMSELoss("cosine")
        np.testing.assert_allclose(
            MatryoshkaLoss(inner, [3])(None, triplets, teacher), inner(None, triplets, teacher), rtol=1e-5
        )


class TestSettings:
    def test_the_settings_name_the_inner_loss_and_its_own(self):
        loss = MatryoshkaLoss(MultipleNegativesRankingLoss(scale=5.0), [4, 2], weights=[1, 0.5])
        inner = {"name": "ranking", "config": {"scale": 5.0, "similarity": "cosine", "symmetric": False}}
        assert loss.get_config() == {"loss": inner, "dims": [4, 2], "weights": [1.0, 0.5]}

    @pytest.mark.parametrize("dims", [[], [0], [4, -1], [2.5], [True], ["2"]])
    def test_dims_that_are_not_positive_whole_numbers_are_refused(self, dims):
        with pytest.raises(SettingsError, match="Expected one or more positive whole numbers as matryoshka dims"):
            MatryoshkaLoss(MultipleNegativesRankingLoss(), dims)

    def test_weights_of_another_number_are_refused(self):
        with pytest.raises(
            SettingsError, match=r"a weight for each of the 2 matryoshka dims\. Received: weights=\[1\.0\]"
        ):
            MatryoshkaLoss(MultipleNegativesRankingLoss(), [4, 2], [1.0])

    def test_weights_that_are_not_positive_are_refused(self):
        with pytest.raises(SettingsError, match=r"Expected a positive weight\. Received: weight=0\."):
            MatryoshkaLoss(MultipleNegativesRankingLoss(), [4, 2], [1.0, 0])

    def test_a_loss_on_whole_embeddings_is_refused(self):
        with pytest.raises(SettingsError, match="'embedding-mse' needs whole embeddings"):
            MatryoshkaLoss(EmbeddingMSELoss(), [2])
