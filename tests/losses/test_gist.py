import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.errors import SettingsError
from tfsiamese.losses import GISTEmbedLoss, GISTOptions, gist_embed_loss

PLAIN = GISTOptions(temperature=1.0, contrast_anchors=False, contrast_positives=False)
# Cosines of anchors with positives: 1 and 0.6, 0 and 0.8.
STUDENT = ([[1.0, 0.0], [0.0, 1.0]], [[2.0, 0.0], [0.6, 0.8]])
# The guide's: 0.8 and 0, 0.6 and 1: it finds nothing closer than the pairs.
APPROVING = ([[1.0, 0.0], [0.0, 1.0]], [[0.8, 0.6], [0.0, 1.0]])
# The guide's: 0.6 and 0.8, 0.8 and 0.6: it takes the other positive for the better one.
DOUBTFUL = ([[1.0, 0.0], [0.0, 1.0]], [[0.6, 0.8], [0.8, 0.6]])


def _cross_entropy(*scores: float) -> float:
    """Of the first."""
    return -np.log(np.exp(scores[0]) / np.sum(np.exp(scores)))


def _cosines(left, right) -> np.ndarray:
    left, right = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True) for vectors in (left, right))
    return left @ right.T


def _in_numpy(student, guide, groups, options) -> float:
    """Row by row, candidate by candidate."""
    losses = []
    sides = [(0, 1), (0, 2)] + [(0, 0)] * options.contrast_anchors + [(1, 1)] * options.contrast_positives
    for row in range(len(student[0])):
        positive = _cosines(guide[0], guide[1])[row, row]
        margin = options.margin * (abs(positive) if options.margin_strategy == "relative" else 1.0)
        scores = [_cosines(student[0], student[1])[row, row]]
        for left, right in sides:
            for column in range(len(student[right])):
                in_batch = right != 2
                is_own = in_batch and column == row
                is_group = in_batch and groups[column] == groups[row]
                close = _cosines(guide[left], guide[right])[row, column] > positive - margin
                if not (is_own or is_group or close):
                    scores.append(_cosines(student[left], student[right])[row, column])
        losses.append(_cross_entropy(*(score / options.temperature for score in scores)))
    return float(np.mean(losses))


class TestByHand:
    def test_what_the_guide_approves_of_is_a_candidate(self):
        value = gist_embed_loss(STUDENT, APPROVING, options=PLAIN)
        np.testing.assert_allclose(value, (_cross_entropy(1.0, 0.6) + _cross_entropy(0.8, 0.0)) / 2, rtol=1e-6)

    def test_what_the_guide_finds_closer_than_the_positive_is_left_out(self):
        value, gradients = value_and_gradients(
            lambda *student: gist_embed_loss(student, DOUBTFUL, options=PLAIN),
            [tf.constant(vectors) for vectors in STUDENT],
        )
        assert value == 0.0
        for gradient in gradients:
            np.testing.assert_array_equal(gradient, np.zeros([2, 2]))

    def test_anchors_and_positives_are_contrasted_among_themselves(self):
        value = gist_embed_loss(STUDENT, APPROVING, options=GISTOptions(temperature=1.0))
        # Anchors are orthogonal, positives have the cosine 0.6 for both encoders.
        expected = (_cross_entropy(1.0, 0.6, 0.0, 0.6) + _cross_entropy(0.8, 0.0, 0.0, 0.6)) / 2
        np.testing.assert_allclose(value, expected, rtol=1e-6)

    def test_the_temperature_divides(self):
        options = GISTOptions(temperature=0.5, contrast_anchors=False, contrast_positives=False)
        value = gist_embed_loss(STUDENT, APPROVING, options=options)
        np.testing.assert_allclose(value, (_cross_entropy(2.0, 1.2) + _cross_entropy(1.6, 0.0)) / 2, rtol=1e-6)

    def test_an_absolute_margin_leaves_out_what_is_nearly_as_close(self):
        # Thresholds 0.8 − 0.45 and 1 − 0.45: the second row loses its candidate at 0.6, the first keeps its at 0.
        options = GISTOptions(1.0, margin=0.45, contrast_anchors=False, contrast_positives=False)
        value = gist_embed_loss(STUDENT, APPROVING, options=options)
        np.testing.assert_allclose(value, _cross_entropy(1.0, 0.6) / 2, rtol=1e-6)

    def test_a_relative_margin_is_a_part_of_the_positives_cosine(self):
        assert float(GISTOptions(margin=0.25, margin_strategy="relative").threshold(tf.constant(0.8))) == pytest.approx(
            0.6
        )
        assert float(
            GISTOptions(margin=0.25, margin_strategy="relative").threshold(tf.constant(-0.8))
        ) == pytest.approx(-1)
        assert float(GISTOptions(margin=0.25).threshold(tf.constant(0.8))) == pytest.approx(0.55)


class TestAgainstALoop:
    @pytest.mark.parametrize("groups", [None, [0, 1, 0, 2, 1, 0]], ids=["no groups", "groups"])
    @pytest.mark.parametrize(
        "options",
        [
            GISTOptions(temperature=0.3),
            GISTOptions(temperature=0.3, margin=0.4, contrast_anchors=False),
            GISTOptions(temperature=0.3, margin=-0.3, margin_strategy="relative", contrast_positives=False),
        ],
    )
    def test_value_is_that_of_a_loop_over_rows_and_candidates(self, options, groups):
        lengths = [0, 2, 0, 2, 1, 0]
        student, guide = ([normal(seed + i, n, d) for i, n in enumerate([6, 6, 5])] for seed, d in ((1, 4), (5, 3)))
        ragged = [(*side[:2], tf.RaggedTensor.from_row_lengths(side[2], lengths)) for side in (student, guide)]
        value = gist_embed_loss(*ragged, groups, options)
        arrays = [[vectors.numpy() for vectors in side] for side in (student, guide)]
        expected = _in_numpy(*arrays, groups or list(range(6)), options)
        np.testing.assert_allclose(value, expected, rtol=1e-4)


class TestWhatIsNeverContrasted:
    def test_a_text_with_itself_though_the_guide_finds_nothing_closer(self):
        # The guide puts pairs at the same place, and a negative margin asks for more than cosines can be.
        same = ([[1.0, 0.0], [0.0, 1.0]],) * 2
        value = gist_embed_loss(same, same, options=GISTOptions(temperature=1.0, margin=-1.0))
        np.testing.assert_allclose(value, _cross_entropy(1.0, 0.0, 0.0, 0.0), rtol=1e-6)

    def test_the_texts_of_a_group(self):
        assert float(gist_embed_loss(STUDENT, APPROVING, [5, 5], GISTOptions(temperature=1.0))) == 0.0


class TestLoss:
    def test_the_teacher_is_the_guide(self):
        loss = GISTEmbedLoss(temperature=1.0, contrast_anchors=False, contrast_positives=False)
        assert loss.needs_teacher
        expected = gist_embed_loss(STUDENT, APPROVING, options=PLAIN)
        assert float(loss(None, STUDENT, APPROVING)) == float(expected)

    def test_no_gradient_flows_to_the_guide(self):
        _, gradients = value_and_gradients(
            lambda *guide: gist_embed_loss(STUDENT, guide, options=GISTOptions(0.1)), [normal(1, 2, 2), normal(2, 2, 2)]
        )
        for gradient in gradients:
            np.testing.assert_array_equal(gradient, np.zeros([2, 2]))

    def test_without_a_guide_it_says_what_it_needs(self):
        with pytest.raises(SettingsError, match="'gist' needs the embeddings of a teacher encoder"):
            GISTEmbedLoss()(None, STUDENT)

    @pytest.mark.parametrize(
        ("settings", "message"),
        [
            ({"temperature": 0.0}, r"Expected a positive temperature\. Received: temperature=0\.0\."),
            ({"margin_strategy": "soft"}, r"Unknown margin strategy 'soft'\. Expected one of absolute, relative\."),
            ({"margin": float("nan")}, r"Expected a number as margin\. Received: margin=nan\."),
        ],
    )
    def test_settings_out_of_range_are_refused(self, settings, message):
        with pytest.raises(SettingsError, match=message):
            GISTEmbedLoss(**settings)
