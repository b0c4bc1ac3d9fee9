"""Optimizer slots for the rows of an embedding table that training has touched, and for no others."""

import numpy as np
import tensorflow as tf

__all__ = ["RowSlots"]

_FIRST_CAPACITY = 1024


class RowSlots:
    """The moments of touched rows, and what those rows were before.

    A table of 128,000 rows has a few thousand that a run ever uses. A row gets a place here when it is first updated;
    the storage doubles when it is full.

    Args:
        table: the embedding table, float [rows, width].
    """

    def __init__(self, table: tf.Variable):
        width = table.shape[1]
        self.table = table
        # Bookkeeping stays on the CPU: not every scatter of integers has a kernel elsewhere.
        with tf.device("CPU:0"):
            nowhere = tf.fill([table.shape[0]], tf.constant(-1, tf.int64))
            self._place_of_row = tf.Variable(nowhere, trainable=False, name="place_of_row")
            self._count = tf.Variable(0, dtype=tf.int64, trainable=False, name="num_touched_rows")
            no_rows = tf.zeros([_FIRST_CAPACITY], tf.int64)
            self._rows = tf.Variable(no_rows, shape=[None], trainable=False, name="touched_rows")
        self.first_moment, self.second_moment, self._initial = (
            tf.Variable(
                tf.zeros([_FIRST_CAPACITY, width], table.dtype), shape=[None, width], trainable=False, name=name
            )
            for name in ("first_moment", "second_moment", "initial_rows")
        )

    def places(self, rows: tf.Tensor) -> tf.Tensor:
        """The places of distinct rows [n]; those that come for the first time get one, and their values are kept."""
        rows = tf.cast(rows, tf.int64)
        new_rows = tf.boolean_mask(rows, tf.gather(self._place_of_row, rows) < 0)
        count = self._count.read_value()
        needed = count + tf.size(new_rows, tf.int64)
        self._grow(needed)
        new_places = tf.range(count, needed)
        self._rows.scatter_update(tf.IndexedSlices(new_rows, new_places))
        self._initial.scatter_update(tf.IndexedSlices(tf.gather(self.table, new_rows), new_places))
        self._place_of_row.scatter_update(tf.IndexedSlices(new_places, new_rows))
        self._count.assign(needed)
        return tf.gather(self._place_of_row, rows)

    def state(self) -> dict[str, np.ndarray]:
        """Touched rows with their moments and initial values, as arrays of one length."""
        count = int(self._count.numpy())
        return {
            "rows": self._rows[:count].numpy(),
            "first_moment": self.first_moment[:count].numpy(),
            "second_moment": self.second_moment[:count].numpy(),
            "initial": self._initial[:count].numpy(),
        }

    def load_state(self, state: dict[str, np.ndarray]) -> None:
        """Takes up what `state` returned. The table itself is not changed."""
        rows = tf.constant(state["rows"], tf.int64)
        places = tf.range(tf.size(rows, tf.int64))
        self._place_of_row.assign(-tf.ones_like(self._place_of_row))
        self._place_of_row.scatter_update(tf.IndexedSlices(places, rows))
        self._count.assign(tf.size(rows, tf.int64))
        self._rows.assign(rows)
        self.first_moment.assign(state["first_moment"])
        self.second_moment.assign(state["second_moment"])
        self._initial.assign(state["initial"])

    def touched(self) -> tuple[np.ndarray, np.ndarray]:
        """The touched rows [n] and their present values [n, width]."""
        rows = self._rows[: self._count.read_value()]
        return rows.numpy(), tf.gather(self.table, rows).numpy()

    def reset_table(self) -> None:
        """Gives every touched row of the table its initial value."""
        count = self._count.read_value()
        self.table.scatter_update(tf.IndexedSlices(self._initial[:count], self._rows[:count]))

    def _grow(self, needed: tf.Tensor) -> None:
        capacity = tf.shape(self._rows, tf.int64)[0]

        def grow() -> tf.Tensor:
            missing = tf.maximum(needed - capacity, capacity)
            self._rows.assign(tf.pad(self._rows, [[0, missing]]))
            for slot in (self.first_moment, self.second_moment, self._initial):
                slot.assign(tf.pad(slot, [[0, missing], [0, 0]]))
            return tf.constant(True)

        tf.cond(needed > capacity, grow, lambda: tf.constant(False))
