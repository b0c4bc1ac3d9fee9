"""From gradients to new weights, in every replica alike."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.training.optimizers import MeasuredGradients, RowSparseAdam, measured, sum_duplicates
from tfsiamese.training.replicas import Replicas
from tfsiamese.training.weights import Arrays, optimizer_state, restore_optimizer

__all__ = ["Gradients", "Updates", "add_gradients", "all_finite", "scaled"]

Gradients = Sequence["tf.Tensor | tf.IndexedSlices | None"]


class Updates:
    """Applies gradients to the weights of this worker's replicas, each with an optimizer of its own.

    Args:
        optimizer: of the first replica, not built yet; the others get copies.
        replicas: what is trained.
    """

    def __init__(self, optimizer: keras.optimizers.Optimizer, replicas: Replicas):
        self._devices = replicas.devices
        self._optimizers = [optimizer]
        for device in replicas.devices[1:]:
            with tf.device(device):
                self._optimizers.append(_copy(optimizer))
        self._replicas = replicas
        self._is_compared = len(self._optimizers) == 1
        self._variables = [list(encoder.trainable_variables) for encoder in replicas.encoders]
        self._compiled: tf.types.experimental.PolymorphicFunction | None = None

    def prepare_step(self) -> None:
        """Gives the copies the learning rate of the first optimizer, which a callback may have changed."""
        first, *copies = self._optimizers
        if copies and not _has_schedule(first):
            for copy in copies:
                copy.learning_rate = float(first.learning_rate)

    def apply_if_finite(self, gradients: Sequence[Gradients], losses: tf.Tensor | None = None) -> tf.Tensor:
        """Applies the gradients of each replica if those of the first, and the losses, are finite.

        Inside of a `tf.function`. Returns whether they were.
        """
        found = [measured(of_replica) for of_replica in gradients]
        finite = _are_finite(found[0], losses)
        for place, of_replica in enumerate(found):
            with tf.init_scope(), tf.device(self._devices[place] or None):
                self._build(place, of_replica.gradients)
            with tf.device(self._devices[place] or None):
                tf.cond(finite, lambda: self._apply(place, of_replica), lambda: tf.constant(False))  # noqa: B023
        return finite

    def apply(self, gradients: Sequence[Gradients]) -> bool:
        """Applies the gradients of each replica if those of the first are finite, and says whether they were."""
        present = [[place for place, one in enumerate(of_replica) if one is not None] for of_replica in gradients]
        if self._compiled is None:
            for place, of_replica in enumerate(gradients):
                with tf.device(self._devices[place] or None):
                    self._build(place, of_replica)
            self._compiled = self._compile(gradients)
        flat = [[of_replica[index] for index in places] for of_replica, places in zip(gradients, present, strict=True)]
        return bool(self._compiled(flat))

    def restore(self, state: Arrays) -> None:
        """Builds the optimizers and gives all of them a state that `optimizer_state` returned."""
        for place, optimizer in enumerate(self._optimizers):
            with tf.device(self._devices[place] or None):
                restore_optimizer(optimizer, state, self._variables[place])

    def state(self) -> Arrays:
        """All that the next step depends on, beside the weights."""
        return optimizer_state(self._optimizers[0])

    def compare_replicas(self) -> None:
        """Checks once, after a step, that it has changed all replicas alike: a custom optimizer may not copy well.

        Raises:
            SettingsError: it has not.
        """
        if self._is_compared:
            return
        self._is_compared = True
        first, *others = self._replicas.encoders
        for other in others:
            for (name, one), (_, same) in zip(first.named_variables, other.named_variables, strict=True):
                if not np.allclose(one.numpy(), same.numpy(), rtol=1e-4, atol=1e-6):
                    optimizer = type(self._optimizers[0]).__name__
                    raise SettingsError(
                        f"The copies of the optimizer {optimizer} for the other devices do not do what it does: "
                        f"{name} differs after one step. Its get_config() has to hold all of its settings; or train "
                        "on one device (strategy='one')."
                    )

    def _compile(self, gradients: Sequence[Gradients]) -> "tf.types.experimental.PolymorphicFunction":
        masks = [[one is not None for one in of_replica] for of_replica in gradients]
        signature = [[_spec(one) for one in of_replica if one is not None] for of_replica in gradients]

        def apply(flat: list[list[tf.Tensor]]) -> tf.Tensor:
            whole = []
            for mask, of_replica in zip(masks, flat, strict=True):
                rest = iter(of_replica)
                whole.append([next(rest) if is_there else None for is_there in mask])
            return self.apply_if_finite(whole)

        return tf.function(apply, autograph=False, input_signature=[signature])

    def _build(self, place: int, gradients: Gradients) -> None:
        optimizer, variables = self._optimizers[place], self._variables[place]
        if isinstance(optimizer, RowSparseAdam):
            optimizer.build_for(gradients, variables)
        else:
            optimizer.build(variables)

    def _apply(self, place: int, found: MeasuredGradients) -> tf.Tensor:
        optimizer, variables = self._optimizers[place], self._variables[place]
        if isinstance(optimizer, RowSparseAdam):
            optimizer.apply_measured(found, variables)
        else:
            optimizer.apply(found.gradients, variables)
        return tf.constant(True)


def all_finite(gradients: Gradients, losses: tf.Tensor) -> tf.Tensor:
    """Whether all numbers of gradients and losses are finite: a sum of squares is only if every summand is."""
    return _are_finite(measured(gradients), losses)


def _are_finite(found: MeasuredGradients, losses: tf.Tensor | None) -> tf.Tensor:
    sums = [tf.cast(square, tf.float32) for square in found.half_squares if square is not None]
    if losses is not None:
        sums.append(tf.reduce_sum(losses))
    return tf.reduce_all(tf.math.is_finite(tf.stack(sums)))


def add_gradients(one: Gradients, other: Gradients) -> Gradients:
    """The sum of two lists of gradients; sparse ones hold each row once."""
    return [_sum(first, second) for first, second in zip(one, other, strict=True)]


def scaled(gradients: Gradients, factor: "float | tf.Tensor") -> Gradients:
    """The gradients times a factor."""
    return [
        tf.IndexedSlices(one.values * factor, one.indices, one.dense_shape)
        if isinstance(one, tf.IndexedSlices)
        else None
        if one is None
        else one * factor
        for one in gradients
    ]


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
    return sum_duplicates(tf.IndexedSlices(values, indices, one.dense_shape))


def _spec(gradient: "tf.Tensor | tf.IndexedSlices") -> tf.TypeSpec:
    if isinstance(gradient, tf.IndexedSlices):
        whole = None if gradient.dense_shape is None else gradient.dense_shape.dtype
        shape = [None, *gradient.values.shape[1:]]
        return tf.IndexedSlicesSpec(shape, gradient.dtype, gradient.indices.dtype, whole, [None])
    return tf.TensorSpec(gradient.shape, gradient.dtype)


def _has_schedule(optimizer: keras.optimizers.Optimizer) -> bool:
    """Whether the rate is computed, by a schedule or a function, and cannot be set."""
    return not isinstance(getattr(optimizer, "_learning_rate", None), keras.Variable)


def _copy(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    config = optimizer.get_config()
    if _has_schedule(optimizer):
        config["learning_rate"] = optimizer._learning_rate
    copy = type(optimizer).from_config(config)

    def decays(variable: keras.Variable | tf.Variable) -> bool:
        """What `exclude_from_weight_decay` was told is no part of the configuration."""
        return optimizer._use_weight_decay(optimizer._trainable_variables[copy._get_variable_index(variable)])

    copy._use_weight_decay = decays
    return copy
