"""One step of training, and the loss without one."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.errors import TrainingError
from tfsiamese.pairs.seeding import generator
from tfsiamese.training.objective import Objective, StepInput
from tfsiamese.training.optimizers import RowSparseAdam

__all__ = ["Gradients", "TrainingStep", "add_regularization", "all_finite", "require_gradients"]

Gradients = Sequence["tf.Tensor | tf.IndexedSlices | None"]


class TrainingStep:
    """Computes losses and gradients and applies them, compiled once for each task.

    A step whose loss or gradients are not finite changes nothing: neither weights nor optimizer.

    Args:
        encoder: what is trained.
        objective: what is minimized.
        optimizer: steps of several tasks can share one.
        seed: of the encoder's dropout.

    Raises:
        TrainingError: nothing is trainable.
    """

    def __init__(self, encoder: Encoder, objective: Objective, optimizer: keras.optimizers.Optimizer, seed: int = 0):
        self._encoder = encoder
        self._seed = seed
        self._objective = objective
        self._optimizer = optimizer
        self.variables: Sequence[keras.Variable] = encoder.trainable_variables
        if not self.variables:
            raise TrainingError(_nothing_to_train(encoder))
        signature = [objective.signature]
        self._train = tf.function(self._train_eagerly, autograph=False, input_signature=signature)
        self._evaluate = tf.function(self._evaluate_eagerly, autograph=False, input_signature=signature)

    def train(self, inputs: StepInput, step: int) -> tuple[list[float], bool]:
        """Trains on one batch.

        Args:
            inputs: the batch.
            step: its number in the run, which decides what dropout drops.

        Returns:
            The loss, then the retention term if there is one, and whether the step was finite and so was applied.
        """
        self._seed_dropout(step)
        losses, finite = self._train(inputs)
        return losses.numpy().tolist(), bool(finite)

    def _seed_dropout(self, step: int, part: int = 0) -> None:
        if not self._encoder.is_deterministic:
            self._encoder.seed_dropout(generator(self._seed, "dropout", step, part).integers(0, 2**32, 2).tolist())

    def check(self) -> None:
        """Builds the loss on the encoder's vectors once, so that what does not fit shows before any time is spent.

        Raises:
            SettingsError: the loss and the encoder's or the teacher's dimension don't go together.
        """
        self._evaluate.get_concrete_function()

    def evaluate(self, inputs: StepInput) -> float:
        """The loss of one batch, without a step."""
        return float(self._evaluate(inputs))

    def _train_eagerly(self, inputs: StepInput) -> tuple[tf.Tensor, tf.Tensor]:
        values = [variable.value for variable in self.variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            inputs = self._separate(inputs)
            losses = self._objective.losses(self._encoder(inputs.texts, training=True), inputs)
            losses = add_regularization(losses, self._encoder)
            total = tf.reduce_sum(losses)
        gradients = tape.gradient(total, values)
        require_gradients(gradients, self._encoder)
        self._build_optimizer(gradients)
        finite = all_finite([total, *gradients])
        tf.cond(finite, lambda: self._apply(gradients), lambda: tf.constant(False))
        return losses, finite

    def _evaluate_eagerly(self, inputs: StepInput) -> tf.Tensor:
        return self._objective.loss(self._encoder(inputs.texts, training=False), inputs)

    def _separate(self, inputs: StepInput) -> StepInput:
        """An encoder that draws random numbers encodes each occurrence of a text for itself."""
        if self._encoder.is_deterministic:
            return inputs
        distinct = tf.shape(inputs.texts)[0] - tf.shape(inputs.base)[0]
        placed, general = tf.gather(inputs.texts, inputs.positions), inputs.texts[distinct:]
        has_teacher = tf.shape(inputs.teacher)[0] > 0
        teacher = tf.cond(has_teacher, lambda: tf.gather(inputs.teacher, inputs.positions), lambda: inputs.teacher)
        positions = tf.range(tf.size(placed, tf.int64), dtype=tf.int64)
        return inputs._replace(texts=tf.concat([placed, general], axis=0), positions=positions, teacher=teacher)

    def _build_optimizer(self, gradients: Gradients) -> None:
        if isinstance(self._optimizer, RowSparseAdam):
            with tf.init_scope():
                self._optimizer.build_for(gradients, self.variables)
        else:
            self._optimizer.build(self.variables)

    def _apply(self, gradients: Gradients) -> tf.Tensor:
        self._optimizer.apply(gradients, self.variables)
        return tf.constant(True)


def add_regularization(losses: tf.Tensor, encoder: Encoder) -> tf.Tensor:
    """The losses with the encoder's own terms added to the first: float32, as long as before."""
    terms = [term() for term in encoder.regularization_losses]
    return tf.concat([losses[:1] + tf.add_n(terms), losses[1:]], axis=0) if terms else losses


def require_gradients(gradients: Gradients, encoder: Encoder) -> None:
    """Raises a TrainingError where no variable gets a gradient."""
    if all(gradient is None for gradient in gradients):
        raise TrainingError(
            f"No variable of {encoder.source} gets a gradient: the loss does not depend on them. "
            "A SavedModel exported for inference only may cut its gradients; export it with a trainable __call__."
        )


def all_finite(tensors: Gradients) -> tf.Tensor:
    """Whether all numbers are finite: a sum of squares is finite only if every summand is."""
    sums = [
        tf.nn.l2_loss(tensor.values if isinstance(tensor, tf.IndexedSlices) else tensor)
        for tensor in tensors
        if tensor is not None
    ]
    return tf.reduce_all(tf.math.is_finite(tf.stack([tf.cast(value, tf.float32) for value in sums])))


def _nothing_to_train(encoder: Encoder) -> str:
    if encoder.frozen_names:
        return (
            f"Every variable of {encoder.source} is frozen. Expected at least one to train; narrow the freeze patterns."
        )
    return (
        f"{encoder.source} has no trainable variables: it was exported for inference only. Expected a Reusable "
        "SavedModel with `trainable_variables`, such as 'use-multilingual' or an encoder that tfsiamese exported."
    )
