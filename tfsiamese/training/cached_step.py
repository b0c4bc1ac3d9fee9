"""A step on a large batch in the memory of a small one.

The vectors of the whole batch are computed part by part without keeping what their gradient needs; the loss gives
their gradient; then each part is computed again and passes its share of it on to the variables. The gradients are those
of the plain step.

Reference: Gao et al., "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", arXiv:2101.06983.
"""

import keras
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.training.objective import Objective, StepInput
from tfsiamese.training.step import Gradients, TrainingStep, add_regularization, all_finite, require_gradients

__all__ = ["CachedStep"]


class CachedStep(TrainingStep):
    """`TrainingStep` that encodes at most `mini_batch_size` texts at once.

    Args:
        encoder: what is trained; its dropout must follow from seeds, since it computes each vector twice.
        objective: what is minimized.
        optimizer: steps of several tasks can share one.
        mini_batch_size: texts that are encoded at once.
        seed: of the encoder's dropout.

    Raises:
        TrainingError: nothing is trainable.
    """

    def __init__(
        self,
        encoder: Encoder,
        objective: Objective,
        optimizer: keras.optimizers.Optimizer,
        mini_batch_size: int,
        seed: int = 0,
    ):
        super().__init__(encoder, objective, optimizer, seed)
        self._mini_batch_size = mini_batch_size
        texts = tf.TensorSpec([None], tf.string)
        vectors = tf.TensorSpec([None, encoder.dimension], tf.float32)
        self._embed = tf.function(self._embed_eagerly, autograph=False, input_signature=[texts])
        self._differentiate_loss = tf.function(
            self._differentiate_loss_eagerly, autograph=False, input_signature=[vectors, objective.signature]
        )
        self._differentiate_part = tf.function(
            self._differentiate_part_eagerly, autograph=False, input_signature=[texts, vectors]
        )
        self._regularize = tf.function(self._regularize_eagerly, autograph=False)

    def train(self, inputs: StepInput, step: int) -> tuple[list[float], bool]:
        """See `TrainingStep.train`."""
        inputs = self._separate(inputs)
        parts = self._parts(inputs.texts)
        embedded = []
        for part, texts in enumerate(parts):
            self._seed_dropout(step, part)
            embedded.append(self._embed(texts))
        vectors = tf.concat(embedded, axis=0)
        losses, vector_gradients = self._differentiate_loss(vectors, inputs)
        gradients, losses = self._regularize(losses)
        sizes = [int(texts.shape[0]) for texts in parts]
        for part, (texts, part_gradients) in enumerate(zip(parts, tf.split(vector_gradients, sizes), strict=True)):
            self._seed_dropout(step, part)
            found = self._differentiate_part(texts, part_gradients)
            gradients = [_sum(one, other) for one, other in zip(gradients, found, strict=True)]
        require_gradients(gradients, self._encoder)
        self._build_optimizer(gradients)
        finite = bool(all_finite([losses, *gradients]))
        if finite:
            self._apply(gradients)
        return losses.numpy().tolist(), finite

    def _parts(self, texts: tf.Tensor) -> list[tf.Tensor]:
        starts = range(0, int(texts.shape[0]), self._mini_batch_size)
        return [texts[start : start + self._mini_batch_size] for start in starts]

    def _embed_eagerly(self, texts: tf.Tensor) -> tf.Tensor:
        return self._encoder(texts, training=True)

    def _differentiate_loss_eagerly(self, vectors: tf.Tensor, inputs: StepInput) -> tuple[tf.Tensor, tf.Tensor]:
        with tf.GradientTape() as tape:
            tape.watch(vectors)
            losses = self._objective.losses(vectors, inputs)
            total = tf.reduce_sum(losses)
        return losses, tape.gradient(total, vectors)

    def _differentiate_part_eagerly(self, texts: tf.Tensor, vector_gradients: tf.Tensor) -> Gradients:
        values = [variable.value for variable in self.variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            vectors = self._encoder(texts, training=True)
        gradients = tape.gradient(vectors, values, output_gradients=vector_gradients)
        return [_summed(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient for gradient in gradients]

    def _regularize_eagerly(self, losses: tf.Tensor) -> tuple[Gradients, tf.Tensor]:
        values = [variable.value for variable in self.variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            regularized = add_regularization(losses, self._encoder)
        return tape.gradient(regularized, values), regularized


def _sum(
    one: "tf.Tensor | tf.IndexedSlices | None", other: "tf.Tensor | tf.IndexedSlices | None"
) -> "tf.Tensor | tf.IndexedSlices | None":
    if one is None or other is None:
        return one if other is None else other
    if isinstance(one, tf.IndexedSlices) and isinstance(other, tf.IndexedSlices):
        return _add_slices(one, other)
    return tf.convert_to_tensor(one) + tf.convert_to_tensor(other)


def _add_slices(one: tf.IndexedSlices, other: tf.IndexedSlices) -> tf.IndexedSlices:
    """Their sum, with each row once: it grows with the rows that are used, not with the number of parts."""
    indices = tf.concat([one.indices, other.indices], axis=0)
    values = tf.concat([one.values, other.values], axis=0)
    return _summed(tf.IndexedSlices(values, indices, one.dense_shape))


def _summed(slices: tf.IndexedSlices) -> tf.IndexedSlices:
    rows, places = tf.unique(slices.indices)
    values = tf.math.unsorted_segment_sum(slices.values, places, tf.size(rows))
    return tf.IndexedSlices(values, rows, slices.dense_shape)
