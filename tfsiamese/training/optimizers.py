"""Adam that updates only the rows of an embedding table that a batch used."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.training.row_slots import RowSlots

__all__ = ["MeasuredGradients", "RowSparseAdam", "measured", "sum_duplicates"]

# A gradient of so many numbers is worth a branch that spares writing it.
_LARGE = 65_536


class MeasuredGradients(NamedTuple):
    """Gradients with what is known of them.

    Attributes:
        gradients: tensors, `tf.IndexedSlices` with each row once, or None.
        half_squares: half of the squared norm of each, a scalar; None where there is no gradient. It is finite only
            where all numbers of the gradient are.
    """

    gradients: Sequence["tf.Tensor | tf.IndexedSlices | None"]
    half_squares: Sequence[tf.Tensor | None]


class RowSparseAdam(keras.optimizers.Optimizer):
    """Adam and AdamW with row-sparse updates for embedding tables.

    Keras 3's Adam turns the sparse gradient of an embedding table into a dense one and rewrites the whole table and
    two slots of its size at every step. Here a row without a gradient keeps its value and its moments (the "lazy"
    variant), and slots exist for touched rows only. A row that is updated at every step follows Adam exactly.
    Duplicate rows of a gradient are summed first, so that clipping sees the same norm as for the dense gradient.

    Args:
        learning_rate: a number, or a `keras.optimizers.schedules.LearningRateSchedule`.
        beta_1: decay of the mean of the gradients.
        beta_2: decay of the mean of the squared gradients.
        epsilon: added to the root of the latter.
        weight_decay: decoupled decay (AdamW); in an embedding table it reaches the rows of the batch only.
        clipnorm: clips the norm of each variable's gradient to this; `global_clipnorm` and `clipvalue` as in Keras.
        rate_factors: multiply the learning rate of each variable, in the order in which they are given to `apply`.

    References: Kingma and Ba, "Adam", arXiv:1412.6980; Loshchilov and Hutter, "Decoupled Weight Decay
        Regularization", arXiv:1711.05101.
    """

    def __init__(
        self,
        learning_rate: float | keras.optimizers.schedules.LearningRateSchedule = 1e-5,
        beta_1: float = 0.9,
        beta_2: float = 0.9999,
        epsilon: float = 1e-7,
        *,
        weight_decay: float | None = None,
        clipnorm: float | None = 1.0,
        rate_factors: Sequence[float] | None = None,
        name: str = "row_sparse_adam",
        **kwargs: Any,
    ):
        super().__init__(learning_rate=learning_rate, weight_decay=weight_decay, clipnorm=clipnorm, name=name, **kwargs)
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.rate_factors = None if rate_factors is None else [float(factor) for factor in rate_factors]
        self._slots: list[_DenseSlots | RowSlots] = []
        self._half_squares: list[tf.Tensor] = []

    def build_for(self, gradients: Sequence[tf.Tensor | None], variables: Sequence[keras.Variable]) -> None:
        """Creates the slots: row slots for variables whose gradient is sparse. Does nothing when they exist."""
        if not self.built:
            sparse = [isinstance(gradient, tf.IndexedSlices) for gradient in gradients]
            self._build(variables, sparse)

    def build_from_state(self, state: dict[str, np.ndarray], variables: Sequence[keras.Variable]) -> None:
        """Creates the slots as they were when `state()` was taken, and fills them."""
        if not self.built:
            sparse = [f"{index}/rows" in state for index in range(len(variables))]
            self._build(variables, sparse)
        self.load_state(state)

    def build(self, variables: Sequence[keras.Variable]) -> None:
        """Creates full slots for every variable, as Keras does before it knows the gradients."""
        if not self.built:
            self._build(variables, [False] * len(variables))

    def _build(self, variables: Sequence[keras.Variable], sparse: Sequence[bool]) -> None:
        if self.rate_factors is not None and len(self.rate_factors) != len(variables):
            raise SettingsError(
                f"Expected a rate factor for each of {len(variables)} variables. Received: {len(self.rate_factors)}."
            )
        super().build(variables)
        for variable, is_sparse in zip(variables, sparse, strict=True):
            if is_sparse:
                self._slots.append(RowSlots(variable.value))
            else:
                first, second = (self.add_variable_from_reference(variable, name) for name in ("mean", "variance"))
                self._slots.append(_DenseSlots(first.value, second.value))

    def apply(
        self, grads: Sequence[tf.Tensor | None], trainable_variables: Sequence[keras.Variable] | None = None
    ) -> None:
        """Applies one step; sparse gradients stay sparse."""
        self.apply_measured(measured(grads), trainable_variables)

    def apply_measured(
        self, grads: "MeasuredGradients", trainable_variables: Sequence[keras.Variable] | None = None
    ) -> None:
        """As `apply`, for gradients whose norms are known already: each is read once less."""
        if trainable_variables is not None:
            self.build_for(grads.gradients, trainable_variables)
        self._half_squares = [square for square in grads.half_squares if square is not None]
        super().apply(grads.gradients, trainable_variables)
        self._half_squares = []

    def update_step(
        self, gradient: tf.Tensor | tf.IndexedSlices, variable: tf.Variable, learning_rate: tf.Tensor
    ) -> None:
        """One step of Adam on one variable, or on the rows that the gradient names."""
        rate = tf.cast(learning_rate, variable.dtype) * self._rate_factor(variable)
        slots = self._slots[self._get_variable_index(variable)]
        step = tf.cast(self.iterations + 1, variable.dtype)
        powers = tf.pow(self.beta_1, step), tf.pow(self.beta_2, step)
        if not isinstance(gradient, tf.IndexedSlices):
            _fused_adam(variable, slots, powers, rate, self, gradient)
            return
        rows, values = gradient.indices, gradient.values
        places = slots.places(rows)
        first = tf.gather(slots.first_moment, places)
        second = tf.gather(slots.second_moment, places)
        first += (values - first) * (1.0 - self.beta_1)
        second += (tf.square(values) - second) * (1.0 - self.beta_2)
        slots.first_moment.scatter_update(tf.IndexedSlices(first, places))
        slots.second_moment.scatter_update(tf.IndexedSlices(second, places))
        corrected_rate = rate * tf.sqrt(1.0 - powers[1]) / (1.0 - powers[0])
        change = corrected_rate * first / (tf.sqrt(second) + self.epsilon)
        if self.weight_decay is not None and self._use_weight_decay(variable):
            change += rate * self.weight_decay * tf.gather(variable, rows)
        variable.scatter_sub(tf.IndexedSlices(change, rows))

    def row_slots(self, variable: keras.Variable) -> RowSlots | None:
        """The row slots of a variable, or None where it has full ones."""
        slots = self._slots[self._get_variable_index(variable)] if self.built else None
        return slots if isinstance(slots, RowSlots) else None

    def state(self) -> dict[str, np.ndarray]:
        """All that the next step depends on, beside the weights: arrays by "<variable index>/<slot>" and scalars."""
        arrays = {"iterations": self.iterations.numpy(), "learning_rate": np.float32(self.learning_rate)}
        for index, slots in enumerate(self._slots):
            arrays.update({f"{index}/{name}": value for name, value in slots.state().items()})
        return arrays

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Takes up what `state` returned; the slots have to exist."""
        self.iterations.assign(state["iterations"])
        if not isinstance(self._learning_rate, keras.optimizers.schedules.LearningRateSchedule):
            self.learning_rate = float(state["learning_rate"])
        for index, slots in enumerate(self._slots):
            prefix = f"{index}/"
            slots.load_state({key[len(prefix) :]: value for key, value in state.items() if key.startswith(prefix)})

    def get_config(self) -> dict[str, Any]:
        """The settings, enough to build the same optimizer again."""
        factors = {} if self.rate_factors is None else {"rate_factors": self.rate_factors}
        return super().get_config() | {"beta_1": self.beta_1, "beta_2": self.beta_2, "epsilon": self.epsilon} | factors

    def _clip_gradients(self, grads: Sequence[tf.Tensor]) -> list[tf.Tensor]:
        """Clips sparse gradients by their values; without duplicates their norm is that of the dense gradient."""
        values = [grad.values if isinstance(grad, tf.IndexedSlices) else grad for grad in grads]
        if self.clipnorm:
            norms = [tf.sqrt(2.0 * square) for square in self._half_squares]
            clipped = [_clip_norm(value, norm, self.clipnorm) for value, norm in zip(values, norms, strict=True)]
        else:
            clipped = super()._clip_gradients(values)
        return [
            tf.IndexedSlices(value, grad.indices, grad.dense_shape) if isinstance(grad, tf.IndexedSlices) else value
            for grad, value in zip(grads, clipped, strict=True)
        ]

    def _apply_weight_decay(self, variables: Sequence[keras.Variable]) -> None:
        """Leaves the tables with row slots to `update_step`."""
        if self.weight_decay is None:
            return
        for variable in variables:
            if self.row_slots(variable) is None and self._use_weight_decay(variable):
                rate = tf.cast(self.learning_rate, variable.dtype) * self._rate_factor(variable)
                variable.assign_sub(variable * (rate * self.weight_decay))

    def _rate_factor(self, variable: keras.Variable | tf.Variable) -> float:
        return 1.0 if self.rate_factors is None else self.rate_factors[self._get_variable_index(variable)]


class _DenseSlots:
    """Full slots of one variable; a row's place is the row itself."""

    def __init__(self, first_moment: tf.Variable, second_moment: tf.Variable):
        self.first_moment = first_moment
        self.second_moment = second_moment

    def places(self, rows: tf.Tensor) -> tf.Tensor:
        return rows

    def state(self) -> dict[str, np.ndarray]:
        return {"first_moment": self.first_moment.numpy(), "second_moment": self.second_moment.numpy()}

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        self.first_moment.assign(state["first_moment"])
        self.second_moment.assign(state["second_moment"])


def _fused_adam(
    variable: tf.Variable,
    slots: "_DenseSlots | RowSlots",
    powers: tuple[tf.Tensor, tf.Tensor],
    rate: tf.Tensor,
    settings: RowSparseAdam,
    gradient: tf.Tensor,
) -> None:
    """Adam in one pass over the memory instead of a dozen."""
    tf.raw_ops.ResourceApplyAdam(
        var=variable.handle,
        m=slots.first_moment.handle,
        v=slots.second_moment.handle,
        beta1_power=powers[0],
        beta2_power=powers[1],
        lr=rate,
        beta1=tf.cast(settings.beta_1, variable.dtype),
        beta2=tf.cast(settings.beta_2, variable.dtype),
        epsilon=tf.cast(settings.epsilon, variable.dtype),
        grad=gradient,
    )


def _clip_norm(values: tf.Tensor, norm: tf.Tensor, limit: float) -> tf.Tensor:
    """Scales down from a norm to one of `limit`; a large gradient that is short enough is neither read nor written."""
    if values.shape.num_elements() is not None and values.shape.num_elements() < _LARGE:
        return values * (limit / tf.maximum(norm, limit))
    return tf.cond(norm > limit, lambda: values * (limit / norm), lambda: values)


def measured(gradients: Sequence["tf.Tensor | tf.IndexedSlices | None"]) -> MeasuredGradients:
    """Gradients with each row once, and half of their squared norms."""
    merged = [sum_duplicates(one) if isinstance(one, tf.IndexedSlices) else one for one in gradients]
    values = [one.values if isinstance(one, tf.IndexedSlices) else one for one in merged]
    return MeasuredGradients(merged, [None if value is None else tf.nn.l2_loss(value) for value in values])


def sum_duplicates(gradient: tf.IndexedSlices) -> tf.IndexedSlices:
    """The same gradient with each row once."""
    rows, places = tf.unique(gradient.indices)
    values = tf.math.unsorted_segment_sum(gradient.values, places, tf.size(rows))
    return tf.IndexedSlices(values, rows, gradient.dense_shape)
