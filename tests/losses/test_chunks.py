import numpy as np
import pytest
import tensorflow as tf

from tests.losses.gradients import normal, value_and_gradients
from tfsiamese.losses import GISTOptions, gist_embed_loss, multiple_negatives_ranking_loss
from tfsiamese.losses.chunks import sum_over_rows

CHUNK_SIZES = [1, 2, 3, 4, 10, 11]
ROW_LENGTHS = [0, 2, 1, 0, 0, 2, 0, 3, 0, 1]
GROUPS = tf.constant([0, 1, 0, 2, 3, 3, 4, 0, 5, 6], tf.int64)


def _weighted_products(indices, rows, shared):
    weights = tf.cast(indices + 1, tf.float32)
    return weights * tf.reduce_sum(tf.square(tf.matmul(rows[0], shared[0], transpose_b=True)), axis=1)


class TestSumOverRows:
    @pytest.mark.parametrize("compiled", [False, True])
    @pytest.mark.parametrize("chunk_size", [1, 2, 3, 5, 100])
    def test_value_and_gradients_are_those_worked_out_in_numpy(self, chunk_size, compiled):
        rows, shared = normal(1, 5, 3), normal(2, 4, 3)
        value, gradients = value_and_gradients(
            lambda rows, shared: sum_over_rows(_weighted_products, [rows], [shared], chunk_size),
            [rows, shared],
            compiled,
        )
        r, s, weights = rows.numpy(), shared.numpy(), np.arange(1, 6)[:, None]
        products = r @ s.T
        assert value == pytest.approx((weights * products**2).sum(), rel=1e-6)
        np.testing.assert_allclose(gradients[0], 2 * (weights * products) @ s, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(gradients[1], 2 * (weights * products).T @ r, rtol=1e-5, atol=1e-5)

    def test_no_more_rows_than_a_chunk_are_seen_at_once(self):
        seen = []

        def losses_of(indices, rows, shared):
            seen.append(indices.numpy().tolist())
            np.testing.assert_array_equal(rows[0], normal(1, 7, 2).numpy()[indices])
            return tf.reduce_sum(rows[0], axis=1)

        sum_over_rows(losses_of, [normal(1, 7, 2)], [], chunk_size=3)
        assert seen == [[0, 1, 2], [3, 4, 5], [6]]

    def test_a_batch_of_one_chunk_is_computed_at_once(self):
        seen = []

        def losses_of(indices, rows, shared):
            seen.append(indices.numpy().tolist())
            return tf.reduce_sum(rows[0], axis=1)

        sum_over_rows(losses_of, [normal(1, 3, 2)], [], chunk_size=3)
        assert seen == [[0, 1, 2]]

    @pytest.mark.parametrize("compiled", [False, True])
    def test_the_gradient_from_above_is_passed_on(self, compiled):
        def function(rows, factor):
            return factor[0] * sum_over_rows(lambda _, rows, shared: 3.0 * rows[0][:, 0], [rows], [], chunk_size=2)

        rows = normal(3, 5, 1)
        _, gradients = value_and_gradients(function, [rows, tf.constant([7.0])], compiled)
        np.testing.assert_allclose(gradients[0], np.full([5, 1], 21.0), rtol=1e-6)
        np.testing.assert_allclose(gradients[1], [3.0 * rows.numpy().sum()], rtol=1e-5)

    @pytest.mark.parametrize("chunk_size", [2, 10])
    def test_a_tensor_given_twice_gets_both_gradients(self, chunk_size):
        rows = normal(4, 5, 3)
        _, (gradient,) = value_and_gradients(
            lambda rows: sum_over_rows(_weighted_products, [rows], [rows], chunk_size), [rows]
        )
        r, weights = rows.numpy(), np.arange(1, 6)[:, None]
        products = r @ r.T
        expected = 2 * (weights * products) @ r + 2 * (weights * products).T @ r
        np.testing.assert_allclose(gradient, expected, rtol=1e-4, atol=1e-4)

    def test_what_is_not_used_gets_a_gradient_of_zero(self):
        _, gradients = value_and_gradients(
            lambda rows, unused: sum_over_rows(lambda _, rows, shared: rows[0][:, 0], [rows], [unused], 2),
            [normal(5, 5, 2), normal(6, 4, 2)],
        )
        np.testing.assert_array_equal(gradients[1], np.zeros([4, 2]))

    def test_one_compiled_function_takes_batches_below_and_above_the_chunk(self):
        @tf.function(input_signature=[tf.TensorSpec([None, 3])])
        def compute(rows):
            with tf.GradientTape() as tape:
                tape.watch(rows)
                value = sum_over_rows(_weighted_products, [rows], [rows], chunk_size=4)
            return value, tape.gradient(value, rows)

        for num_rows in (1, 4, 5, 9):
            rows = normal(num_rows, num_rows, 3)
            value, gradient = compute(rows)
            expected, (expected_gradient,) = value_and_gradients(
                lambda rows: tf.reduce_sum(_weighted_products(tf.range(len(rows)), [rows], [rows])), [rows]
            )
            assert float(value) == pytest.approx(expected, rel=1e-5)
            np.testing.assert_allclose(gradient, expected_gradient, rtol=1e-4, atol=1e-4)

    def test_a_compiled_gradient_never_holds_the_whole_matrix(self):
        @tf.function(input_signature=[tf.TensorSpec([32, 3])])
        def gradient(rows):
            with tf.GradientTape() as tape:
                tape.watch(rows)
                value = sum_over_rows(_weighted_products, [rows], [rows], chunk_size=8)
            return tape.gradient(value, rows)

        graph = gradient.get_concrete_function().graph
        assert any(operation.type in ("While", "StatelessWhile") for operation in graph.get_operations())
        shapes = [output.shape for operation in graph.get_operations() for output in operation.outputs]
        assert not [shape for shape in shapes if shape.rank == 2 and shape.as_list() == [32, 32]]


@pytest.mark.parametrize("compiled", [False, True])
@pytest.mark.parametrize("groups", [None, GROUPS], ids=["no groups", "groups"])
class TestLossesInChunks:
    @pytest.mark.parametrize("symmetric", [False, True])
    def test_ranking_is_the_same(self, symmetric, groups, compiled):
        def loss(anchors, positives, negatives, chunk_size):
            ragged = tf.RaggedTensor.from_row_lengths(negatives, ROW_LENGTHS)
            return multiple_negatives_ranking_loss(
                (anchors, positives, ragged), groups, scale=5.0, symmetric=symmetric, chunk_size=chunk_size
            )

        _assert_same_in_chunks(loss, compiled)

    def test_gist_is_the_same(self, groups, compiled):
        guide_negatives = tf.RaggedTensor.from_row_lengths(normal(13, 9, 3), ROW_LENGTHS)
        guide = (normal(11, 10, 3), normal(12, 10, 3), guide_negatives)

        def loss(anchors, positives, negatives, chunk_size):
            ragged = tf.RaggedTensor.from_row_lengths(negatives, ROW_LENGTHS)
            options = GISTOptions(temperature=0.2)
            return gist_embed_loss((anchors, positives, ragged), guide, groups, options, chunk_size)

        _assert_same_in_chunks(loss, compiled)


def _assert_same_in_chunks(loss, compiled):
    tensors = [normal(7, 10, 4), normal(8, 10, 4), normal(9, 9, 4)]
    value, gradients = value_and_gradients(lambda *parts: loss(*parts, chunk_size=512), tensors)
    # One size compiled: tracing each takes most of a second.
    for chunk_size in [3] if compiled else CHUNK_SIZES:
        chunked, chunked_gradients = value_and_gradients(
            lambda *parts, size=chunk_size: loss(*parts, chunk_size=size), tensors, compiled
        )
        assert chunked == pytest.approx(value, abs=1e-6)
        for gradient, expected in zip(chunked_gradients, gradients, strict=True):
            np.testing.assert_allclose(gradient, expected, atol=1e-6)
