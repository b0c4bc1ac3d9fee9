"""A step on a large batch in the memory of a small one.

The vectors of the whole batch are computed part by part without keeping what their gradient needs; the loss gives
their gradient; then each part is computed again and passes its share of it on to the variables. The gradients are those
of the plain step.

Reference: Gao et al., "Scaling Deep Contrastive Learning Batch Size under Memory Limited Setup", arXiv:2101.06983.
"""

from collections.abc import Sequence

import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.training.objective import Objective, StepInput
from tfsiamese.training.optimizers import sum_duplicates
from tfsiamese.training.sharing import Share, share_of
from tfsiamese.training.step import (
    Differentiated,
    Moment,
    StepParts,
    TrainingStep,
    penalty_of,
    require_gradients,
    with_penalty,
)
from tfsiamese.training.updates import Gradients, add_gradients, all_finite

__all__ = ["CachedStep"]


class CachedStep(TrainingStep):
    """`TrainingStep` in which a replica encodes at most `mini_batch_size` texts at once.

    Args:
        parts: replicas of an encoder whose dropout follows from seeds, since each vector is computed twice.
        objective: what is minimized.
        mini_batch_size: texts that a replica encodes at once.
        seed: of the encoder's dropout.

    Raises:
        TrainingError: nothing is trainable.
    """

    def __init__(self, parts: StepParts, objective: Objective, mini_batch_size: int, seed: int = 0):
        super().__init__(parts, objective, seed)
        self._texts_at_once = mini_batch_size * self._replicas.number
        texts = tf.TensorSpec([None], tf.string)
        vectors = tf.TensorSpec([None, self._encoder.dimension], tf.float32)
        number = tf.TensorSpec([], tf.float32)
        self._embed = tf.function(self._embed_eagerly, autograph=False, input_signature=[texts])
        self._differentiate_loss = tf.function(
            objective.differentiate, autograph=False, input_signature=[vectors, objective.signature, number]
        )
        self._differentiate_part = tf.function(
            self._differentiate_part_eagerly, autograph=False, input_signature=[texts, vectors]
        )
        self._finish = tf.function(self._finish_eagerly, autograph=False, reduce_retracing=True)

    def train(self, inputs: StepInput, moment: Moment) -> tuple[list[float], bool]:
        """See `TrainingStep.train`."""
        differentiated = self.differentiate(inputs, moment)
        finite = bool(differentiated.finite) and self._updates.apply(differentiated.gradients)
        return differentiated.losses.numpy().tolist(), finite

    def _differentiate_once(self, inputs: StepInput, moment: Moment) -> Differentiated:
        inputs = self._separate(inputs)
        parts = self._parts(inputs.texts)
        embedded = []
        for part, texts in enumerate(parts):
            self._seed_dropout(moment, part)
            embedded.append(self._embed(texts))
        scale = self._scale()
        losses, vector_gradients = self._differentiate_loss(tf.concat(embedded, axis=0), inputs, scale)
        if vector_gradients is None:
            require_gradients([None], self._encoder)
        sizes = [int(texts.shape[0]) for texts in parts]
        sums: Sequence[Gradients] = []
        for part, (texts, part_gradients) in enumerate(zip(parts, tf.split(vector_gradients, sizes), strict=True)):
            self._seed_dropout(moment, part)
            found = self._differentiate_part(texts, part_gradients)
            sums = [add_gradients(*pair) for pair in zip(sums, found, strict=True)] if sums else found
        losses, gradients, finite = self._finish(sums, losses, scale)
        require_gradients(gradients[0], self._encoder)
        return Differentiated(losses, gradients, finite)

    def _parts(self, texts: tf.Tensor) -> list[tf.Tensor]:
        starts = range(0, int(texts.shape[0]), self._texts_at_once)
        return [texts[start : start + self._texts_at_once] for start in starts]

    def _embed_eagerly(self, texts: tf.Tensor) -> tf.Tensor:
        def of_replica(texts: tf.Tensor) -> tf.Tensor:
            share, encoder = self._share(texts)
            return self._replicas.sum(share.spread(encoder(share.texts, training=True)))

        return self._replicas.run(of_replica, texts)[0]

    def _differentiate_part_eagerly(self, texts: tf.Tensor, vector_gradients: tf.Tensor) -> list[Gradients]:
        """Each replica's own share of the gradients."""

        def of_replica(texts: tf.Tensor, vector_gradients: tf.Tensor) -> Gradients:
            share, encoder = self._share(texts)
            values = [variable.value for variable in encoder.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                vectors = encoder(share.texts, training=True)
            selected = share.select(vector_gradients)
            return [_summed(gradient) for gradient in tape.gradient(vectors, values, output_gradients=selected)]

        return self._replicas.run(of_replica, texts, vector_gradients)

    def _share(self, texts: tf.Tensor) -> tuple[Share, Encoder]:
        number, encoder = self._replicas.here()
        return share_of(texts, number, self._replicas.number), encoder

    def _finish_eagerly(self, sums: list[Gradients], losses: tf.Tensor, scale: tf.Tensor) -> Differentiated:
        """Adds the encoder's own terms, and sums over replicas."""

        def of_replica(gradients: Gradients, losses: tf.Tensor) -> tuple[tf.Tensor, Gradients]:
            encoder = self._replicas.here()[1]
            values = [variable.value for variable in encoder.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                penalty = penalty_of(encoder)
            if penalty is not None:
                weight = scale / float(self._replicas.number)
                gradients = add_gradients(gradients, tape.gradient(penalty, values, output_gradients=weight))
            return with_penalty(losses, penalty), self._replicas.sum_present(gradients)

        results = self._replicas.run_each(of_replica, sums, losses)
        gradients = [self._unscaled(of_one, scale) for _, of_one in results]
        losses = results[0][0]
        return Differentiated(losses, gradients, all_finite(gradients[0], losses))


def _summed(gradient: "tf.Tensor | tf.IndexedSlices | None") -> "tf.Tensor | tf.IndexedSlices | None":
    return sum_duplicates(gradient) if isinstance(gradient, tf.IndexedSlices) else gradient
