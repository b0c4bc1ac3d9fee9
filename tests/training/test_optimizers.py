import keras
import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.training import RowSparseAdam

ROWS, WIDTH = 40, 3


def new_table() -> keras.Variable:
    values = np.random.default_rng(0).normal(size=[ROWS, WIDTH]).astype(np.float32)
    return keras.Variable(tf.Variable(values, name="table"), name="table")


def sparse_gradient(step: int, rows: list[int]) -> tf.IndexedSlices:
    values = np.random.default_rng(step).normal(size=[len(rows), WIDTH]).astype(np.float32)
    return tf.IndexedSlices(tf.constant(values), tf.constant(rows, tf.int64), tf.constant([ROWS, WIDTH], tf.int64))


def dense(gradient: tf.IndexedSlices) -> tf.Tensor:
    return tf.convert_to_tensor(gradient)


@pytest.mark.parametrize(
    "clipping", [{}, {"clipnorm": 0.5}, {"clipnorm": None, "global_clipnorm": 0.5}, {"clipvalue": 0.3}]
)
def test_rows_that_every_step_updates_follow_kerass_adam_on_the_dense_gradient(clipping):
    clipping = {"clipnorm": None} | clipping
    if clipping.get("clipvalue"):
        clipping["clipnorm"] = None
    ours, theirs = new_table(), new_table()
    sparse = RowSparseAdam(0.1, beta_2=0.99, **clipping)
    reference = keras.optimizers.Adam(0.1, beta_2=0.99, **clipping)
    rows = [5, 7, 5, 31, 5]
    for step in range(5):
        gradient = sparse_gradient(step, rows)
        sparse.apply([gradient], [ours])
        reference.apply([dense(gradient)], [theirs])
    np.testing.assert_allclose(ours.numpy()[[5, 7, 31]], theirs.numpy()[[5, 7, 31]], rtol=1e-5, atol=1e-6)


def test_rows_without_a_gradient_keep_value_and_moments():
    table, start = new_table(), new_table().numpy()
    optimizer = RowSparseAdam(0.1)
    optimizer.apply([sparse_gradient(0, [3])], [table])
    after_first = table.numpy()
    optimizer.apply([sparse_gradient(1, [9])], [table])
    np.testing.assert_array_equal(table.numpy()[3], after_first[3])
    untouched = [row for row in range(ROWS) if row not in (3, 9)]
    np.testing.assert_array_equal(table.numpy()[untouched], start[untouched])
    assert optimizer.state()["0/rows"].tolist() == [3, 9]


def test_dense_gradients_follow_kerass_adamw():
    ours, theirs = new_table(), new_table()
    optimizer = RowSparseAdam(0.1, beta_2=0.99, weight_decay=0.1, clipnorm=0.5)
    reference = keras.optimizers.AdamW(0.1, beta_2=0.99, weight_decay=0.1, clipnorm=0.5)
    for step in range(4):
        gradient = dense(sparse_gradient(step, [1, 2, 3]))
        optimizer.apply([gradient], [ours])
        reference.apply([gradient], [theirs])
    np.testing.assert_allclose(ours.numpy(), theirs.numpy(), rtol=1e-5, atol=1e-6)


def test_weight_decay_reaches_only_the_rows_of_the_batch():
    table, start = new_table(), new_table().numpy()
    RowSparseAdam(0.1, weight_decay=0.5, clipnorm=None).apply([sparse_gradient(0, [4])], [table])
    plain = new_table()
    RowSparseAdam(0.1, clipnorm=None).apply([sparse_gradient(0, [4])], [plain])
    np.testing.assert_allclose(plain.numpy()[4] - table.numpy()[4], 0.1 * 0.5 * start[4], rtol=1e-4)
    np.testing.assert_array_equal(np.delete(table.numpy(), 4, 0), np.delete(start, 4, 0))


def test_slots_grow_past_their_first_capacity_inside_a_graph():
    rows = 5000
    table = keras.Variable(tf.Variable(tf.zeros([rows, 2])), name="table")
    optimizer = RowSparseAdam(0.1, clipnorm=None)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.int64)])
    def step(indices):
        values = tf.ones([tf.size(indices), 2])
        optimizer.apply([tf.IndexedSlices(values, indices, tf.constant([rows, 2], tf.int64))], [table])

    step(tf.range(10, dtype=tf.int64))
    step(tf.range(0, 4500, dtype=tf.int64))
    state = optimizer.state()
    assert state["0/rows"].tolist() == list(range(4500))
    assert state["0/first_moment"].shape == (4500, 2)
    np.testing.assert_allclose(table.numpy()[:10], -0.2, rtol=1e-3)
    assert (table.numpy()[4500:] == 0).all()


def test_a_restored_state_continues_as_if_never_interrupted():
    straight, interrupted = new_table(), new_table()
    optimizer = RowSparseAdam(0.1)
    for step in range(6):
        optimizer.apply([sparse_gradient(step, [step, 3, 11])], [straight])
    first = RowSparseAdam(0.1)
    for step in range(3):
        first.apply([sparse_gradient(step, [step, 3, 11])], [interrupted])
    second = RowSparseAdam(0.1)
    second.build_from_state(first.state(), [interrupted])
    for step in range(3, 6):
        second.apply([sparse_gradient(step, [step, 3, 11])], [interrupted])
    np.testing.assert_array_equal(straight.numpy(), interrupted.numpy())
    for name, value in optimizer.state().items():
        np.testing.assert_array_equal(value, second.state()[name])


def test_the_config_builds_the_same_optimizer_again():
    optimizer = RowSparseAdam(0.01, beta_1=0.8, beta_2=0.95, epsilon=1e-6, weight_decay=0.1, clipnorm=2.0)
    again = RowSparseAdam.from_config(optimizer.get_config())
    assert again.get_config() == optimizer.get_config()
