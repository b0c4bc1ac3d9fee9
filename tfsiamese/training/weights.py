"""The weights of a model as arrays, no larger than what training can have changed."""

import hashlib
from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.training.optimizers import RowSparseAdam
from tfsiamese.training.row_slots import RowSlots

__all__ = ["Arrays", "WeightStore", "optimizer_state", "restore_optimizer"]

Arrays = dict[str, np.ndarray]


class WeightStore:
    """Takes and restores snapshots of an encoder's weights.

    Frozen variables are left out, and of an embedding table with row slots only the touched rows are kept: for the
    default encoder 13 MB instead of 270.
    """

    def __init__(self, encoder: Encoder, optimizer: keras.optimizers.Optimizer):
        self._encoder = encoder
        self._optimizer = optimizer

    def snapshot(self) -> Arrays:
        """The weights as they are now, by "<variable index>" or "<variable index>/rows" and "/values"."""
        arrays: Arrays = {}
        for index, variable in self._changing():
            slots = self._row_slots(variable)
            if slots is None:
                arrays[str(index)] = variable.numpy()
            else:
                arrays[f"{index}/rows"], arrays[f"{index}/values"] = slots.touched()
        return arrays

    def restore(self, arrays: Arrays) -> None:
        """Gives the encoder the weights of a snapshot; rows that it does not hold get their initial values."""
        for index, variable in self._changing():
            slots = self._row_slots(variable)
            if slots is None:
                variable.assign(arrays[str(index)])
            else:
                slots.reset_table()
                values = tf.constant(arrays[f"{index}/values"], variable.dtype)
                slots.table.scatter_update(tf.IndexedSlices(values, tf.constant(arrays[f"{index}/rows"])))

    def fingerprint(self, before: str) -> str:
        """A digest of the weights as they are now, on top of the fingerprint that they had before training."""
        digest = hashlib.sha256(before.encode())
        for name, array in sorted(self.snapshot().items()):
            digest.update(name.encode())
            digest.update(np.ascontiguousarray(array).data)
        return digest.hexdigest()

    def _changing(self) -> list[tuple[int, keras.Variable]]:
        frozen = set(self._encoder.frozen_names)
        variables = enumerate(self._encoder.named_variables)
        return [(index, variable) for index, (name, variable) in variables if name not in frozen]

    def _row_slots(self, variable: keras.Variable) -> RowSlots | None:
        if not isinstance(self._optimizer, RowSparseAdam) or not variable.trainable:
            return None
        return self._optimizer.row_slots(variable)


def optimizer_state(optimizer: keras.optimizers.Optimizer) -> Arrays:
    """All that the optimizer's next step depends on, beside the weights."""
    if isinstance(optimizer, RowSparseAdam):
        return optimizer.state()
    return {str(index): variable.numpy() for index, variable in enumerate(optimizer.variables)}


def restore_optimizer(
    optimizer: keras.optimizers.Optimizer, state: Arrays, variables: Sequence[keras.Variable]
) -> None:
    """Builds the optimizer for these variables and gives it a state that `optimizer_state` returned."""
    if isinstance(optimizer, RowSparseAdam):
        optimizer.build_from_state(state, variables)
        return
    optimizer.build(variables)
    for index, variable in enumerate(optimizer.variables):
        variable.assign(state[str(index)])
