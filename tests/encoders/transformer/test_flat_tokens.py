import numpy as np
import tensorflow as tf

from tfsiamese.encoders.transformer.flat_tokens import FlatTokens

ROWS = [[11, 12, 13], [21], [31, 32]]


def _tokens(rows: list[list[int]] = ROWS) -> FlatTokens:
    return FlatTokens.from_ragged(tf.ragged.constant(rows, tf.int32, inner_shape=()))


def test_each_token_knows_its_row_position_and_place():
    tokens = _tokens()
    assert tokens.ids.numpy().tolist() == [11, 12, 13, 21, 31, 32]
    assert tokens.rows.numpy().tolist() == [0, 0, 0, 1, 2, 2]
    assert tokens.positions.numpy().tolist() == [0, 1, 2, 0, 0, 1]
    assert tokens.lengths.numpy().tolist() == [3, 1, 2]
    assert tokens.places.numpy().tolist() == [0, 1, 2, 3, 6, 7]
    assert tokens.start_of_row().numpy().tolist() == [0, 3, 4]
    assert tokens.is_token.numpy().tolist() == [[True] * 3, [True, False, False], [True, True, False]]


def test_all_fields_are_int32():
    assert {field.dtype for field in _tokens()} == {tf.int32}


def test_padding_puts_each_token_at_its_place():
    padded = _tokens().pad(tf.constant([[1.0], [2.0], [3.0], [4.0], [5.0], [6.0]])).numpy()[..., 0]
    assert padded.shape == (3, 3)
    assert padded[0].tolist() == [1, 2, 3]
    assert padded[1, 0] == 4
    assert padded[2, :2].tolist() == [5, 6]


def test_flattening_takes_padding_away():
    padded = tf.reshape(tf.range(18.0), [3, 3, 2])
    assert _tokens().flatten(padded).numpy().tolist() == [[0, 1], [2, 3], [4, 5], [6, 7], [12, 13], [14, 15]]


def test_flattening_undoes_padding():
    values = tf.random.stateless_normal([6, 4], [1, 2])
    tokens = _tokens()
    np.testing.assert_array_equal(tokens.flatten(tokens.pad(values)), values)


def test_what_stands_in_padding_takes_no_part_in_the_gradient_of_padding():
    tokens, values = _tokens(), tf.zeros([6, 1])
    upstream = tf.reshape(tf.range(1.0, 10.0), [3, 3, 1])
    with tf.GradientTape() as tape:
        tape.watch(values)
        padded = tokens.pad(values)
    assert tape.gradient(padded, values, output_gradients=upstream).numpy()[:, 0].tolist() == [1, 2, 3, 4, 7, 8]


def test_padding_gets_no_gradient_from_flattening():
    tokens, padded = _tokens(), tf.zeros([3, 3, 1])
    with tf.GradientTape() as tape:
        tape.watch(padded)
        values = tokens.flatten(padded)
    upstream = tf.reshape(tf.range(1.0, 7.0), [6, 1])
    gradient = tape.gradient(values, padded, output_gradients=upstream).numpy()[..., 0]
    assert gradient.tolist() == [[1, 2, 3], [4, 0, 0], [5, 6, 0]]


def test_an_empty_batch_has_no_tokens():
    tokens = FlatTokens.from_ragged(tf.RaggedTensor.from_row_lengths(tf.zeros([0], tf.int32), tf.zeros([0], tf.int64)))
    assert tokens.pad(tf.zeros([0, 5])).shape == [0, 1, 5]
    assert tokens.flatten(tf.zeros([0, 1, 5])).shape == [0, 5]
    assert tokens.start_of_row().shape == [0]


def test_numbers_of_rows_that_are_counted_with_64_bits_are_taken_too():
    values = tf.constant([1, 2, 3], tf.int32)
    long, short = (
        FlatTokens.from_ragged(tf.RaggedTensor.from_row_lengths(values, tf.constant([2, 1], kind)))
        for kind in (tf.int64, tf.int32)
    )
    for one, other in zip(long, short, strict=True):
        assert (one.dtype, one.numpy().tolist()) == (other.dtype, other.numpy().tolist())
