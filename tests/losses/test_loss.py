"""What holds for every loss."""

import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.errors import SettingsError
from tfsiamese.losses import LOSS_NAMES, Loss, get_loss

SHAPES = {"pairs", "triplets", "classes"}
LABELS = {"scores", "groups", "classes", "teacher_scores", "none"}
ROW_LENGTHS = [2, 0, 1, 1]
TOLD = {
    "scores": tf.constant([1.0, 0.0, 1.0, 0.0]),
    "groups": tf.constant([0, 1, 0, 2], tf.int64),
    "classes": tf.constant([0, 1, 0, 1], tf.int64),
    "teacher_scores": tf.ragged.constant([[1.0, 0.5, -1.0], [2.0], [0.0, 1.0], [3.0, 2.0]]),
    "none": None,
}
# Rows that are equal to each other, and rows of zeros.
AWKWARD = tf.constant([[1.0, 2.0], [1.0, 2.0], [0.0, 0.0], [0.0, 0.0]])


def _embeddings(shape: str, vectors: list[tf.Tensor]) -> tuple[tf.Tensor, ...]:
    """Of four rows; triplets have four negatives."""
    if shape == "classes":
        return (vectors[0],)
    if shape == "pairs":
        return tuple(vectors[:2])
    return (*vectors[:2], tf.RaggedTensor.from_row_lengths(vectors[2], ROW_LENGTHS))


class _Recording(Loss):
    name = "recording"

    def call(self, *arguments):
        self.arguments = arguments
        return tf.constant(0.0)


class TestContract:
    def test_a_loss_takes_scored_pairs_and_no_teacher_unless_it_says_otherwise(self):
        loss = _Recording()
        assert (loss.shapes, loss.labels) == (("pairs",), "scores")
        assert not (loss.needs_teacher or loss.accepts_teacher or loss.needs_negatives)
        loss.check_labels(np.array([0.3]))

    def test_a_loss_without_a_teacher_is_not_given_one(self):
        loss = _Recording()
        loss("labels", "embeddings", "teacher")
        assert loss.arguments == ("labels", "embeddings")

    @pytest.mark.parametrize("attribute", ["needs_teacher", "accepts_teacher"])
    def test_a_loss_that_needs_or_accepts_a_teacher_is_given_it(self, attribute):
        loss = _Recording()
        setattr(loss, attribute, True)
        loss("labels", "embeddings", "teacher")
        assert loss.arguments == ("labels", "embeddings", "teacher")

    def test_a_loss_that_accepts_a_teacher_does_without(self):
        loss = _Recording()
        loss.accepts_teacher = True
        loss("labels", "embeddings")
        assert loss.arguments == ("labels", "embeddings", None)

    def test_a_loss_that_needs_a_teacher_says_so(self):
        loss = _Recording()
        loss.needs_teacher = True
        with pytest.raises(SettingsError, match="The loss 'recording' needs the embeddings of a teacher encoder"):
            loss("labels", "embeddings")


@pytest.mark.parametrize("name", LOSS_NAMES)
class TestEveryLoss:
    def test_says_what_it_takes(self, name):
        loss = get_loss(name)
        assert set(loss.shapes) <= SHAPES
        assert loss.shapes
        assert loss.labels in LABELS

    def test_is_built_again_from_its_name_and_settings(self, name):
        loss = get_loss(name)
        again = get_loss(name, **loss.get_config())
        assert type(again) is type(loss)
        assert again.get_config() == loss.get_config()

    def test_has_finite_gradients_at_equal_and_at_zero_vectors(self, name):
        loss = get_loss(name)
        vectors = [AWKWARD, AWKWARD[::-1], AWKWARD]
        for shape in loss.shapes:
            teacher = _embeddings(shape, [normal(seed, 4, 2) for seed in (4, 5, 6)])
            value, gradients = value_and_gradients(
                lambda *parts, shape=shape, teacher=teacher: loss(
                    TOLD[loss.labels], _embeddings(shape, parts), teacher
                ),
                vectors,
            )
            assert np.isfinite(value)
            assert all(np.isfinite(gradient).all() for gradient in gradients)

    def test_is_a_scalar_and_the_same_when_compiled_for_any_batch_size(self, name):
        loss = get_loss(name)
        vectors = [normal(seed, 4, 2) for seed in (1, 2, 3)]
        for shape in loss.shapes:
            teacher = _embeddings(shape, [normal(seed, 4, 2) for seed in (4, 5, 6)])

            def function(*parts, shape=shape, teacher=teacher):
                value = loss(TOLD[loss.labels], _embeddings(shape, parts), teacher)
                assert value.shape == []
                return value

            value, gradients = value_and_gradients(function, vectors)
            compiled, compiled_gradients = value_and_gradients(function, vectors, compiled=True)
            assert compiled == pytest.approx(value, rel=1e-5, abs=1e-6)
            for gradient, expected in zip(compiled_gradients, gradients, strict=True):
                np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-5)
