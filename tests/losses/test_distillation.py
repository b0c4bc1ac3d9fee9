import numpy as np
import pytest
import tensorflow as tf
from scipy.special import softmax
from scipy.stats import entropy

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses import EmbeddingMSELoss, KLDivergenceLoss, MarginMSELoss, embedding_mse_loss

# Dot products: 1 with the positive, −2 and 0 with the negatives; in the second row 4 and 2.
ANCHORS, POSITIVES = tf.constant([[1.0, 0.0], [0.0, 2.0]]), tf.constant([[1.0, 5.0], [1.0, 2.0]])
VECTORS = tf.constant([[-2.0, 0.0], [0.0, 3.0], [4.0, 1.0]])
TRIPLETS = (ANCHORS, POSITIVES, tf.RaggedTensor.from_row_lengths(VECTORS, [2, 1]))
SCORES = tf.ragged.constant([[2.0, 1.0, 0.5], [3.0, 0.0]])
ON_SCORES = [MarginMSELoss, KLDivergenceLoss]


class TestMarginMSE:
    def test_margins_are_compared_with_the_teachers(self):
        # Margins 3, 1, 2; the teacher's 1, 1.5, 3.
        np.testing.assert_allclose(MarginMSELoss()(SCORES, TRIPLETS), (4 + 0.25 + 1) / 3, rtol=1e-6)

    def test_the_size_of_the_teachers_scores_does_not_matter(self):
        shifted = tf.ragged.constant([[102.0, 101.0, 100.5], [-7.0, -10.0]])
        np.testing.assert_allclose(MarginMSELoss()(shifted, TRIPLETS), (4 + 0.25 + 1) / 3, rtol=1e-5)

    def test_a_batch_without_negatives_costs_nothing(self):
        assert float(MarginMSELoss()(tf.constant([[2.0], [3.0]]), (ANCHORS, POSITIVES))) == 0.0


class TestKLDivergence:
    @pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
    def test_value_is_scipys_relative_entropy_of_the_rows(self, temperature):
        rows = [([1.0, -2.0, 0.0], [2.0, 1.0, 0.5]), ([4.0, 2.0], [3.0, 0.0])]
        divergences = [
            entropy(softmax(np.divide(teacher, temperature)), softmax(np.divide(student, temperature)))
            for student, teacher in rows
        ]
        value = KLDivergenceLoss(temperature)(SCORES, TRIPLETS)
        np.testing.assert_allclose(value, temperature**2 * np.mean(divergences), rtol=1e-5)

    def test_a_student_that_scores_as_the_teacher_costs_nothing(self):
        scores = tf.ragged.constant([[1.0, -2.0, 0.0], [14.0, 12.0]])
        value, gradients = value_and_gradients(
            lambda anchors, positives: KLDivergenceLoss()(scores, (anchors, positives, TRIPLETS[2])),
            [ANCHORS, POSITIVES],
        )
        assert value == pytest.approx(0.0, abs=1e-6)
        for gradient in gradients:
            np.testing.assert_allclose(gradient, np.zeros([2, 2]), atol=1e-6)

    def test_a_row_without_negatives_adds_nothing_and_counts_as_a_row(self):
        triplets = (ANCHORS, POSITIVES, tf.RaggedTensor.from_row_lengths(VECTORS[:2], [2, 0]))
        scores = tf.ragged.constant([[2.0, 1.0, 0.5], [3.0]])
        expected = entropy(softmax([2.0, 1.0, 0.5]), softmax([1.0, -2.0, 0.0])) / 2
        np.testing.assert_allclose(KLDivergenceLoss()(scores, triplets), expected, rtol=1e-5)

    def test_a_teachers_score_of_minus_infinity_leaves_a_candidate_out(self):
        scores = tf.ragged.constant([[2.0, -np.inf, 0.5], [3.0, 0.0]])
        student, teacher = softmax([1.0, -2.0, 0.0]), softmax([2.0, -np.inf, 0.5])
        first = sum(t * np.log(t / s) for s, t in zip(student, teacher, strict=True) if t > 0)
        second = entropy(softmax([3.0, 0.0]), softmax([4.0, 2.0]))
        np.testing.assert_allclose(KLDivergenceLoss()(scores, TRIPLETS), (first + second) / 2, rtol=1e-5)

    def test_extreme_scores_stay_finite(self):
        scores = tf.ragged.constant([[1000.0, -1000.0, 0.0], [-500.0, 500.0]])
        value, gradients = value_and_gradients(
            lambda anchors: KLDivergenceLoss()(scores, (anchors, *TRIPLETS[1:])), [ANCHORS * 1000]
        )
        assert np.isfinite(value)
        assert np.isfinite(gradients[0]).all()

    @pytest.mark.parametrize("temperature", [0, -1.0])
    def test_a_temperature_that_is_not_positive_is_refused(self, temperature):
        with pytest.raises(
            SettingsError, match=rf"Expected a positive temperature\. Received: temperature={temperature}"
        ):
            KLDivergenceLoss(temperature)


@pytest.mark.parametrize("loss_class", ON_SCORES)
class TestLossesOnScores:
    def test_dense_and_ragged_scores_give_the_same(self, loss_class):
        triplets = (ANCHORS, POSITIVES, tf.stack([VECTORS[:2], VECTORS[1:]]))
        scores = tf.constant([[2.0, 1.0, 0.5], [3.0, 0.0, 1.0]])
        ragged = loss_class()(tf.RaggedTensor.from_tensor(scores), triplets)
        assert float(loss_class()(scores, triplets)) == float(ragged)

    @pytest.mark.parametrize("similarity", ["dot", "cosine"])
    def test_without_stored_scores_those_of_the_teachers_embeddings_are_taken(self, loss_class, similarity):
        teacher = (normal(1, 2, 3), normal(2, 2, 3), TRIPLETS[2].with_values(normal(3, 3, 3)))
        normed = [
            t.numpy() / (np.linalg.norm(t, axis=1, keepdims=True) if similarity == "cosine" else 1)
            for t in (teacher[0], teacher[1], teacher[2].values)
        ]
        anchors, positives, negatives = normed
        scores = tf.ragged.constant(
            [
                [anchors[0] @ positives[0], anchors[0] @ negatives[0], anchors[0] @ negatives[1]],
                [anchors[1] @ positives[1], anchors[1] @ negatives[2]],
            ],
            tf.float32,
        )
        loss = loss_class(similarity=similarity)
        np.testing.assert_allclose(loss(None, TRIPLETS, teacher), loss(scores, TRIPLETS), rtol=1e-5)

    def test_stored_scores_come_before_a_teacher(self, loss_class):
        teacher = (ANCHORS, POSITIVES, TRIPLETS[2])
        assert float(loss_class()(SCORES, TRIPLETS, teacher)) == float(loss_class()(SCORES, TRIPLETS))

    def test_without_scores_and_without_a_teacher_it_says_what_it_needs(self, loss_class):
        with pytest.raises(SettingsError, match="needs a teacher's scores, and received none"):
            loss_class()(None, TRIPLETS)

    def test_a_row_with_too_few_scores_is_refused(self, loss_class):
        scores = tf.ragged.constant([[2.0, 1.0], [3.0, 0.0]])
        message = r"Expected 1 \+ number of negatives teacher scores a row, so \[3 2\]\. Received \[2 2\]\."
        with pytest.raises(DataError, match=message):
            loss_class()(scores, TRIPLETS)

    def test_a_batch_with_too_few_rows_of_scores_is_refused(self, loss_class):
        with pytest.raises(DataError, match=r"so \[3 2\]\. Received \[3\]\."):
            loss_class()(SCORES[:1], TRIPLETS)

    def test_a_compiled_loss_notices_it_too(self, loss_class):
        specs = [tf.RaggedTensorSpec([None, None]), tf.RaggedTensorSpec([None, None, 2], ragged_rank=1)]

        @tf.function(input_signature=specs)
        def compute(scores, negatives):
            return loss_class()(scores, (ANCHORS, POSITIVES, negatives))

        np.testing.assert_allclose(compute(SCORES, TRIPLETS[2]), loss_class()(SCORES, TRIPLETS), rtol=1e-6)
        with pytest.raises(tf.errors.InvalidArgumentError, match="Expected a teacher score for each candidate"):
            compute(tf.ragged.constant([[2.0, 1.0], [3.0, 0.0]]), TRIPLETS[2])

    def test_no_gradient_flows_to_the_teacher(self, loss_class):
        _, gradients = value_and_gradients(
            lambda *teacher: loss_class()(None, TRIPLETS, (*teacher, TRIPLETS[2])), [ANCHORS + 1, POSITIVES + 1]
        )
        for gradient in gradients:
            np.testing.assert_array_equal(gradient, np.zeros([2, 2]))

    def test_an_unknown_similarity_is_answered_with_the_known_ones(self, loss_class):
        with pytest.raises(SettingsError, match=r"Unknown similarity 'l2'\. Expected one of dot, cosine, angular\."):
            loss_class(similarity="l2")

    def test_it_takes_scores_or_a_teacher(self, loss_class):
        assert (loss_class.labels, loss_class.needs_teacher) == ("teacher_scores", False)
        assert loss_class.accepts_teacher
        assert loss_class.needs_negatives


class TestEmbeddingMSE:
    def test_is_the_mean_of_the_squared_differences_of_all_texts(self):
        # Two rows of two texts, and three negatives: seven vectors, of which one component is off by 3.
        moved = tf.constant([[-2.0, 3.0], [0.0, 3.0], [4.0, 1.0]])
        teacher = (ANCHORS, POSITIVES, TRIPLETS[2].with_values(moved))
        np.testing.assert_allclose(EmbeddingMSELoss()(None, TRIPLETS, teacher), 9 / 14, rtol=1e-6)

    @pytest.mark.parametrize("count", [1, 2])
    def test_takes_classes_and_pairs_too(self, count):
        student, teacher = [ANCHORS, POSITIVES][:count], [ANCHORS + 2.0, POSITIVES][:count]
        np.testing.assert_allclose(embedding_mse_loss(student, teacher), 4.0 / count, rtol=1e-6)

    @pytest.mark.parametrize("compiled", [False, True])
    def test_a_teacher_of_another_dimension_is_refused(self, compiled):
        function = tf.function(embedding_mse_loss) if compiled else embedding_mse_loss
        message = r"The teacher's embeddings have 3 dimensions, the encoder's 2\. Expected the same number"
        with pytest.raises(SettingsError, match=message):
            function((ANCHORS, POSITIVES), (tf.zeros([2, 3]), tf.zeros([2, 3])))

    def test_without_a_teacher_it_says_what_it_needs(self):
        with pytest.raises(SettingsError, match="'embedding-mse' needs the embeddings of a teacher encoder"):
            EmbeddingMSELoss()(None, (ANCHORS, POSITIVES))
