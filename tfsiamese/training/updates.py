"""From gradients to new weights, in every replica alike."""

from collections.abc import Sequence

import keras
import tensorflow as tf

from tfsiamese.training.optimizers import RowSparseAdam, sum_duplicates
from tfsiamese.training.replicas import Replicas
from tfsiamese.training.weights import Arrays, optimizer_state, restore_optimizer

__all__ = ["Gradients", "Updates", "add_gradients", "all_finite", "scaled", "sum_duplicates"]

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
        self._variables = [list(encoder.trainable_variables) for encoder in replicas.encoders]
        self._compiled: tf.types.experimental.PolymorphicFunction | None = None

    def prepare_step(self) -> None:
        """Gives the copies the learning rate of the first optimizer, which a callback may have changed."""
        first, *copies = self._optimizers
        if copies and not _has_schedule(first):
            for copy in copies:
                copy.learning_rate = float(first.learning_rate)

    def apply_if(self, finite: tf.Tensor, gradients: Sequence[Gradients]) -> None:
        """Applies the gradients of each replica where `finite` holds, inside of a `tf.function`."""
        for place, of_replica in enumerate(gradients):
            with tf.init_scope(), tf.device(self._devices[place] or None):
                self._build(place, of_replica)
            with tf.device(self._devices[place] or None):
                tf.cond(finite, lambda: self._apply(place, of_replica), lambda: tf.constant(False))  # noqa: B023

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

    def _compile(self, gradients: Sequence[Gradients]) -> "tf.types.experimental.PolymorphicFunction":
        masks = [[one is not None for one in of_replica] for of_replica in gradients]
        signature = [[_spec(one) for one in of_replica if one is not None] for of_replica in gradients]

        def apply(flat: list[list[tf.Tensor]]) -> tf.Tensor:
            finite = all_finite(flat[0])
            whole = []
            for mask, of_replica in zip(masks, flat, strict=True):
                rest = iter(of_replica)
                whole.append([next(rest) if is_there else None for is_there in mask])
            self.apply_if(finite, whole)
            return finite

        return tf.function(apply, autograph=False, input_signature=[signature])

    def _build(self, place: int, gradients: Gradients) -> None:
        optimizer, variables = self._optimizers[place], self._variables[place]
        if isinstance(optimizer, RowSparseAdam):
            optimizer.build_for(gradients, variables)
        else:
            optimizer.build(variables)

    def _apply(self, place: int, gradients: Gradients) -> tf.Tensor:
        self._optimizers[place].apply(gradients, self._variables[place])
        return tf.constant(True)


def all_finite(tensors: Gradients) -> tf.Tensor:
    """Whether all numbers are finite: a sum of squares is finite only if every summand is."""
    sums = [
        tf.nn.l2_loss(tensor.values if isinstance(tensor, tf.IndexedSlices) else tensor)
        for tensor in tensors
        if tensor is not None
    ]
    return tf.reduce_all(tf.math.is_finite(tf.stack([tf.cast(value, tf.float32) for value in sums])))


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
    return isinstance(getattr(optimizer, "_learning_rate", None), keras.optimizers.schedules.LearningRateSchedule)


def _copy(optimizer: keras.optimizers.Optimizer) -> keras.optimizers.Optimizer:
    config = optimizer.get_config()
    if _has_schedule(optimizer):
        config["learning_rate"] = optimizer._learning_rate
    return type(optimizer).from_config(config)
