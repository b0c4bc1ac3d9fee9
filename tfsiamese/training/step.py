"""One step of training, and the loss without one."""

from collections.abc import Iterable, Sequence

import keras
import tensorflow as tf

from tfsiamese.errors import TrainingError
from tfsiamese.losses import Loss
from tfsiamese.pairs.batches import Batch
from tfsiamese.siamese import Siamese
from tfsiamese.training.optimizers import RowSparseAdam

__all__ = ["TrainingStep"]

Texts = tuple[tf.Tensor, tf.Tensor]


class TrainingStep:
    """Computes losses and gradients and applies them, compiled once.

    A step whose loss or gradients are not finite changes nothing: neither weights nor optimizer.
    """

    def __init__(self, model: Siamese, loss: Loss, optimizer: keras.optimizers.Optimizer):
        self._model = model
        self._loss = loss
        self._optimizer = optimizer
        self.variables: Sequence[keras.Variable] = model.encoder.trainable_variables
        if not self.variables:
            raise TrainingError(_nothing_to_train(model))
        texts = tf.TensorSpec([None], tf.string)
        signature = [(texts, texts), tf.TensorSpec([None], tf.float32)]
        self._train = tf.function(self._train_eagerly, input_signature=signature)
        self._evaluate = tf.function(self._loss_of, input_signature=signature)

    def train(self, texts: Texts, labels: tf.Tensor) -> tuple[float, bool]:
        """Trains on one batch; returns its loss, and whether the step was finite and so was applied."""
        loss, finite = self._train(texts, labels)
        return float(loss), bool(finite)

    def mean_loss(self, batches: Iterable[Batch]) -> float:
        """The mean loss over batches, each weighted by its pairs."""
        total, count = 0.0, 0
        for texts, labels in batches:
            total += float(self._evaluate(texts, labels)) * len(labels)
            count += len(labels)
        return total / count

    def _train_eagerly(self, texts: Texts, labels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        values = [variable.value for variable in self.variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            loss = self._loss_of(texts, labels, training=True)
        gradients = tape.gradient(loss, values)
        if all(gradient is None for gradient in gradients):
            raise TrainingError(
                f"No variable of {self._model.encoder.source} gets a gradient: the loss does not depend on them. "
                "A SavedModel exported for inference only may cut its gradients; export it with a trainable __call__."
            )
        if isinstance(self._optimizer, RowSparseAdam):
            with tf.init_scope():
                self._optimizer.build_for(gradients, self.variables)
        else:
            self._optimizer.build(self.variables)
        finite = _all_finite([loss, *gradients])
        tf.cond(finite, lambda: self._apply(gradients), lambda: tf.constant(False))
        return loss, finite

    def _apply(self, gradients: list[tf.Tensor]) -> tf.Tensor:
        self._optimizer.apply(gradients, self.variables)
        return tf.constant(True)

    def _loss_of(self, texts: Texts, labels: tf.Tensor, training: bool = False) -> tf.Tensor:
        embeddings = self._model.embed(*texts, training=training)
        loss = self._loss(labels, embeddings)
        regularization = [term() for term in self._model.encoder.regularization_losses] if training else []
        return tf.add_n([loss, *regularization])


def _all_finite(tensors: Sequence[tf.Tensor | tf.IndexedSlices | None]) -> tf.Tensor:
    """Whether all numbers are finite: a sum of squares is finite only if every summand is."""
    sums = [
        tf.nn.l2_loss(tensor.values if isinstance(tensor, tf.IndexedSlices) else tensor)
        for tensor in tensors
        if tensor is not None
    ]
    return tf.reduce_all(tf.math.is_finite(tf.stack([tf.cast(value, tf.float32) for value in sums])))


def _nothing_to_train(model: Siamese) -> str:
    encoder = model.encoder
    if encoder.frozen_names:
        return (
            f"Every variable of {encoder.source} is frozen. Expected at least one to train; narrow the freeze patterns."
        )
    return (
        f"{encoder.source} has no trainable variables: it was exported for inference only. Expected a Reusable "
        "SavedModel with `trainable_variables`, such as 'use-multilingual' or an encoder that tfsiamese exported."
    )
