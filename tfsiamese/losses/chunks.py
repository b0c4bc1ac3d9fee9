"""Sums over the rows of a batch that compare each row with all others, without the whole matrix in memory.

A loss over [batch, candidates] scores needs that matrix again for its gradient: at 8,192 anchors with a negative each,
half a gigabyte for the scores alone and some more for what is computed from them. Here value and gradient are computed
together, some rows at a time, so only the gradient of the embeddings is kept.
"""

from collections.abc import Callable, Sequence

import tensorflow as tf

__all__ = ["CHUNK_SIZE", "RowLosses", "sum_over_rows"]

CHUNK_SIZE = 512
"""Rows at a time: 32 MB of float32 scores against 16,384 candidates."""

RowLosses = Callable[[tf.Tensor, Sequence[tf.Tensor], Sequence[tf.Tensor]], tf.Tensor]
"""`(indices, rows, shared) -> losses`: the positions of some rows in the batch, int32 [chunk], those rows of each
tensor, float [chunk, …], and the shared tensors; returns float [chunk]."""


def sum_over_rows(
    losses_of: RowLosses, rows: Sequence[tf.Tensor], shared: Sequence[tf.Tensor], chunk_size: int = CHUNK_SIZE
) -> tf.Tensor:
    """The sum of the losses of all rows; in chunks where the batch is larger than one.

    Gradients flow to `rows` and `shared` and to nothing else that `losses_of` may read. The sum over chunks can be
    differentiated once. It costs the gradient also where none is asked for.

    Args:
        losses_of: the losses of some rows.
        rows: float tensors [batch, …], of which `losses_of` is given some rows.
        shared: float tensors of any shape that `losses_of` is given whole.
        chunk_size: the most rows at a time.

    Returns:
        A scalar.
    """
    rows = [tf.convert_to_tensor(tensor) for tensor in rows]
    shared = [tf.convert_to_tensor(tensor) for tensor in shared]

    def at_once() -> tf.Tensor:
        return tf.reduce_sum(losses_of(tf.range(tf.shape(rows[0])[0]), rows, shared))

    def in_chunks() -> tf.Tensor:
        return _sum_of_chunks(losses_of, rows, shared, chunk_size)

    batch_size = rows[0].shape[0]
    if batch_size is None:
        return tf.cond(tf.shape(rows[0])[0] > chunk_size, in_chunks, at_once)
    return in_chunks() if batch_size > chunk_size else at_once()


def _sum_of_chunks(
    losses_of: RowLosses, rows: Sequence[tf.Tensor], shared: Sequence[tf.Tensor], chunk_size: int
) -> tf.Tensor:
    @tf.custom_gradient
    def total(*tensors: tf.Tensor) -> tuple[tf.Tensor, Callable]:
        if tf.executing_eagerly():
            # Copies, which the caller's tape does not watch: it would keep every chunk.
            tensors = tuple(tf.convert_to_tensor(tensor.numpy()) for tensor in tensors)
        value, gradients = _value_and_gradients(losses_of, tensors[: len(rows)], tensors[len(rows) :], chunk_size)
        return value, lambda upstream: [upstream * gradient for gradient in gradients]

    return total(*rows, *shared)


def _value_and_gradients(
    losses_of: RowLosses, rows: Sequence[tf.Tensor], shared: Sequence[tf.Tensor], chunk_size: int
) -> tuple[tf.Tensor, list[tf.Tensor]]:
    batch_size = tf.shape(rows[0])[0]
    num_chunks = (batch_size + chunk_size - 1) // chunk_size

    def add_chunk(chunk: tf.Tensor, total: tf.Tensor, of_rows: list, of_shared: list) -> tuple:
        start = chunk * chunk_size
        indices = tf.range(start, tf.minimum(start + chunk_size, batch_size))
        value, row_gradients, shared_gradients = _chunk(losses_of, indices, rows, shared)
        of_rows = [array.write(chunk, gradient) for array, gradient in zip(of_rows, row_gradients, strict=True)]
        of_shared = [sum_ + gradient for sum_, gradient in zip(of_shared, shared_gradients, strict=True)]
        return chunk + 1, total + value, of_rows, of_shared

    # The last chunk may have fewer rows than the others.
    arrays = [
        tf.TensorArray(tensor.dtype, size=num_chunks, infer_shape=False, element_shape=[None, *tensor.shape[1:]])
        for tensor in rows
    ]
    start = (tf.constant(0), tf.zeros([], rows[0].dtype), arrays, [tf.zeros_like(tensor) for tensor in shared])
    _, total, of_rows, of_shared = tf.while_loop(
        lambda chunk, *_: chunk < num_chunks, add_chunk, start, parallel_iterations=1
    )
    return total, [*(array.concat() for array in of_rows), *of_shared]


def _chunk(
    losses_of: RowLosses, indices: tf.Tensor, rows: Sequence[tf.Tensor], shared: Sequence[tf.Tensor]
) -> tuple[tf.Tensor, list[tf.Tensor], list[tf.Tensor]]:
    parts = [tensor[indices[0] : indices[-1] + 1] for tensor in rows]
    shared = [tf.identity(tensor) for tensor in shared]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch([*parts, *shared])
        value = tf.reduce_sum(losses_of(indices, parts, shared))
    gradients = tape.gradient(value, [*parts, *shared], unconnected_gradients=tf.UnconnectedGradients.ZERO)
    gradients = [tf.convert_to_tensor(gradient) for gradient in gradients]
    return value, gradients[: len(parts)], gradients[len(parts) :]
