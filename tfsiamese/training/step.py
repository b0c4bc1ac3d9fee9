"""One step of training, and the loss without one."""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.errors import TrainingError
from tfsiamese.pairs.seeding import generator
from tfsiamese.training.loss_scale import LossScale
from tfsiamese.training.objective import Objective, StepInput
from tfsiamese.training.replicas import Replicas
from tfsiamese.training.sharing import share_of
from tfsiamese.training.updates import Gradients, Updates, all_finite, scaled

__all__ = ["Differentiated", "Moment", "StepParts", "TrainingStep", "penalty_of", "require_gradients", "with_penalty"]


class Moment(NamedTuple):
    """When in a run a batch is trained on: what dropout drops follows from it.

    Attributes:
        step: the number of the optimizer's step.
        batch: the number of the batch among those whose gradients the step takes together.
    """

    step: int
    batch: int = 0


class Differentiated(NamedTuple):
    """What one batch gives.

    Attributes:
        losses: float32 [1] or [2]: the loss, then the retention term if there is one.
        gradients: those of each replica of this worker, summed over all replicas.
        finite: whether the losses and all gradients are finite; bool.
    """

    losses: tf.Tensor
    gradients: Sequence[Gradients]
    finite: tf.Tensor


@dataclass(frozen=True)
class StepParts:
    """What the steps of several tasks share.

    Attributes:
        replicas: what is trained.
        updates: what applies gradients.
        loss_scale: multiplies losses before they are differentiated; None where nothing needs that.
    """

    replicas: Replicas
    updates: Updates
    loss_scale: LossScale | None = None


class TrainingStep:
    """Computes losses and gradients and applies them, compiled once for each task.

    A step whose loss or gradients are not finite changes nothing: neither weights nor optimizer. With several
    replicas each encodes its share of the batch's distinct texts; the loss sees the vectors of all.

    Args:
        parts: replicas and what applies gradients; steps of several tasks can share them.
        objective: what is minimized.
        seed: of the encoder's dropout.

    Raises:
        TrainingError: nothing is trainable.
    """

    def __init__(self, parts: StepParts, objective: Objective, seed: int = 0):
        self._replicas = parts.replicas
        self._encoder = parts.replicas.encoders[0]
        self._updates = parts.updates
        self._loss_scale = parts.loss_scale
        self._seed = seed
        self._objective = objective
        if not self._encoder.trainable_variables:
            raise TrainingError(_nothing_to_train(self._encoder))
        signature = [objective.signature]
        scaled_signature = [objective.signature, tf.TensorSpec([], tf.float32)]
        self._train = tf.function(self._train_eagerly, autograph=False, input_signature=scaled_signature)
        self._differentiate = tf.function(
            self._differentiate_eagerly, autograph=False, input_signature=scaled_signature
        )
        self._evaluate = tf.function(self._evaluate_eagerly, autograph=False, input_signature=signature)

    def train(self, inputs: StepInput, moment: Moment) -> tuple[list[float], bool]:
        """Trains on one batch.

        Args:
            inputs: the batch.
            moment: when in the run it is.

        Returns:
            The loss, then the retention term if there is one, and whether the step was finite and so was applied.
        """
        before = dataclasses.astuple(self._loss_scale) if self._loss_scale is not None else ()
        while True:
            self._seed_dropout(moment)
            losses, finite = self._train(inputs, self._scale())
            if not self._repeats(losses, bool(finite), before):
                return losses.numpy().tolist(), bool(finite)

    def differentiate(self, inputs: StepInput, moment: Moment) -> Differentiated:
        """The losses of one batch and their gradients, without applying them; arguments as in `train`."""
        before = dataclasses.astuple(self._loss_scale) if self._loss_scale is not None else ()
        while True:
            differentiated = self._differentiate_once(inputs, moment)
            if not self._repeats(differentiated.losses, bool(differentiated.finite), before):
                return differentiated

    def check(self) -> None:
        """Builds the loss on the encoder's vectors once, so that what does not fit shows before any time is spent.

        Raises:
            SettingsError: the loss and the encoder's or the teacher's dimension don't go together.
        """
        self._evaluate.get_concrete_function()

    def evaluate(self, inputs: StepInput) -> float:
        """The loss of one batch, without a step."""
        return float(self._evaluate(inputs))

    def _differentiate_once(self, inputs: StepInput, moment: Moment) -> Differentiated:
        self._seed_dropout(moment)
        return self._differentiate(inputs, self._scale())

    def _scale(self) -> tf.Tensor:
        return tf.constant(1.0 if self._loss_scale is None else self._loss_scale.value, tf.float32)

    def _repeats(self, losses: tf.Tensor, finite: bool, before: tuple) -> bool:
        """Whether a batch is to be tried again with a smaller scale; where none helps, it is what it was `before`."""
        scale = self._loss_scale
        if scale is None:
            return False
        if finite:
            scale.succeed()
            return False
        # The scale is no part of the loss itself.
        if bool(tf.reduce_all(tf.math.is_finite(losses))) and scale.shrink():
            return True
        scale.value, scale.good_steps, _ = before
        return False

    def _seed_dropout(self, moment: Moment, part: int = 0) -> None:
        if self._encoder.is_deterministic:
            return
        first = self._replicas.worker * len(self._replicas.encoders)
        for place, encoder in enumerate(self._replicas.encoders, start=first):
            others = (moment.batch, place) if moment.batch or place else ()
            random = generator(self._seed, "dropout", moment.step, part, *others)
            encoder.seed_dropout(random.integers(0, 2**32, 2).tolist())

    def _train_eagerly(self, inputs: StepInput, scale: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        losses, gradients = self._gradients(inputs, scale)
        return losses, self._updates.apply_if_finite(gradients, losses)

    def _differentiate_eagerly(self, inputs: StepInput, scale: tf.Tensor) -> Differentiated:
        losses, gradients = self._gradients(inputs, scale)
        return Differentiated(losses, gradients, all_finite(gradients[0], losses))

    def _gradients(self, inputs: StepInput, scale: tf.Tensor) -> tuple[tf.Tensor, list[Gradients]]:
        inputs = self._separate(inputs)
        if self._replicas.are_many:
            losses, gradients = self._differentiate_shared(inputs, scale)
        else:
            losses, gradients = self._differentiate_alone(inputs, scale)
        require_gradients(gradients[0], self._encoder)
        return losses, gradients

    def _differentiate_alone(self, inputs: StepInput, scale: tf.Tensor) -> tuple[tf.Tensor, list[Gradients]]:
        values = [variable.value for variable in self._encoder.trainable_variables]
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(values)
            losses = self._objective.losses(self._encoder(inputs.texts, training=True), inputs)
            losses = with_penalty(losses, penalty_of(self._encoder))
            total = tf.reduce_sum(losses) if self._loss_scale is None else tf.reduce_sum(losses) * scale
        return losses, [self._unscaled(tape.gradient(total, values), scale)]

    def _differentiate_shared(self, inputs: StepInput, scale: tf.Tensor) -> tuple[tf.Tensor, list[Gradients]]:
        def of_replica(inputs: StepInput, scale: tf.Tensor) -> tuple[tf.Tensor, list[tf.Tensor]]:
            number, encoder = self._replicas.here()
            share = share_of(inputs.texts, number, self._replicas.number)
            values = [variable.value for variable in encoder.trainable_variables]
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(values)
                own = encoder(share.texts, training=True)
                penalty = penalty_of(encoder)
            vectors = self._replicas.sum(share.spread(own))
            losses, of_all = self._objective.differentiate(vectors, inputs, scale)
            vector_gradients = None if of_all is None else share.select(of_all)
            gradients = _pull_back(tape, (own, penalty), values, vector_gradients, scale / share.number)
            return with_penalty(losses, penalty), self._replicas.sum_present(gradients)

        results = self._replicas.run(of_replica, inputs, scale)
        return results[0][0], [self._unscaled(gradients, scale) for _, gradients in results]

    def _unscaled(self, gradients: Gradients, scale: tf.Tensor) -> Gradients:
        return gradients if self._loss_scale is None else scaled(gradients, 1.0 / scale)

    def _evaluate_eagerly(self, inputs: StepInput) -> tf.Tensor:
        def of_replica(inputs: StepInput) -> tf.Tensor:
            number, encoder = self._replicas.here()
            share = share_of(inputs.texts, number, self._replicas.number)
            vectors = self._replicas.sum(share.spread(encoder(share.texts, training=False)))
            return self._objective.loss(vectors, inputs)

        return self._replicas.run(of_replica, inputs)[0]

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


def penalty_of(encoder: Encoder) -> tf.Tensor | None:
    """The sum of the encoder's own terms of the loss; None where it has none."""
    terms = [term() for term in encoder.regularization_losses]
    return tf.add_n(terms) if terms else None


def require_gradients(gradients: Gradients, encoder: Encoder) -> None:
    """Raises a TrainingError where no variable gets a gradient."""
    if all(gradient is None for gradient in gradients):
        raise TrainingError(
            f"No variable of {encoder.source} gets a gradient: the loss does not depend on them. "
            "A SavedModel exported for inference only may cut its gradients; export it with a trainable __call__."
        )


def _pull_back(
    tape: tf.GradientTape,
    targets: tuple[tf.Tensor, tf.Tensor | None],
    values: Sequence[tf.Tensor],
    vector_gradients: tf.Tensor | None,
    penalty_weight: tf.Tensor,
) -> Gradients:
    """From gradients of vectors to those of variables.

    Args:
        tape: has seen how the targets came about.
        targets: the vectors, and the encoder's own penalty if there is one.
        values: of the variables.
        vector_gradients: of the vectors; None where the loss does not depend on them.
        penalty_weight: of the penalty.
    """
    vectors, penalty = targets
    if vector_gradients is None:
        return [None] * len(values)
    if penalty is None:
        return tape.gradient(vectors, values, output_gradients=vector_gradients)
    return tape.gradient([vectors, penalty], values, output_gradients=[vector_gradients, penalty_weight])


def with_penalty(losses: tf.Tensor, penalty: tf.Tensor | None) -> tf.Tensor:
    """The losses with the encoder's own terms added to the first: float32, as long as before."""
    return losses if penalty is None else tf.concat([losses[:1] + penalty, losses[1:]], axis=0)


def _nothing_to_train(encoder: Encoder) -> str:
    if encoder.frozen_names:
        return (
            f"Every variable of {encoder.source} is frozen. Expected at least one to train; narrow the freeze patterns."
        )
    return (
        f"{encoder.source} has no trainable variables: it was exported for inference only. Expected a Reusable "
        "SavedModel with `trainable_variables`, such as 'use-multilingual' or an encoder that tfsiamese exported."
    )
