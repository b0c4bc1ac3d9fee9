import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.transformer.configuration import LayerConfiguration, TransformerConfiguration
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.embeddings import Embeddings
from tfsiamese.encoders.transformer.feed_forward import FeedForward
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens
from tfsiamese.encoders.transformer.layers import Dense, Norm, Weights

NOTHING = Dropout(None)


def _random(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng([seed, *shape]).normal(size=shape).astype(np.float32)


def _configuration(**changes: object) -> TransformerConfiguration:
    sizes = {"vocab_size": 9, "width": 2, "num_heads": 1, "num_key_value_heads": 1, "head_size": 2}
    return TransformerConfiguration(**{**sizes, "intermediate_size": 2, "layers": (LayerConfiguration(),), **changes})


class TestWeights:
    def test_variables_are_float32_and_keep_the_order_in_which_they_were_made(self):
        weights = Weights({"a": np.ones(2, np.float16), "b": np.zeros(3)})
        assert [weights.variable(name).dtype for name in ("b", "a")] == [tf.float32] * 2
        assert list(weights.variables) == ["b", "a"]
        assert "a" in weights
        assert "c" not in weights


class TestDense:
    def test_inputs_are_multiplied_by_the_kernel_and_the_bias_is_added(self):
        arrays = {"d/kernel": np.array([[1, 2, 3], [4, 5, 6]]), "d/bias": np.array([0.5, 0, -1])}
        outputs = Dense(Weights(arrays), "d")(tf.constant([[1.0, 2.0], [0.0, -1.0]]))
        assert outputs.numpy().tolist() == [[9.5, 12, 14], [-3.5, -5, -7]]

    def test_the_bias_may_be_absent(self):
        dense = Dense(Weights({"d/kernel": np.array([[2.0]])}), "d")
        assert dense.bias is None
        assert dense(tf.constant([[3.0]])).numpy().tolist() == [[6.0]]

    def test_low_rank_factors_add_their_scaled_product(self):
        arrays = {
            "d/kernel": np.array([[1.0], [0.0]]),
            "d/lora_down": np.array([[1.0], [2.0]]),
            "d/lora_up": np.array([[3.0]]),
        }
        dense = Dense(Weights(arrays, lora_scale=0.5), "d")
        # 4 · 1 + 0.5 · ((4 · 1 + 5 · 2) · 3)
        assert dense(tf.constant([[4.0, 5.0]])).numpy().tolist() == [[25.0]]

    def test_products_in_bfloat16_are_near_and_come_out_as_float32(self):
        arrays = {"d/kernel": _random(16, 4), "d/bias": _random(4)}
        inputs = tf.constant(_random(5, 16))
        exact, rounded = (Dense(Weights(arrays), "d", kind)(inputs) for kind in (tf.float32, tf.bfloat16))
        assert rounded.dtype == tf.float32
        difference = np.abs(exact - rounded).max()
        assert 0 < difference < 0.1


class TestNorm:
    def test_a_vector_is_standardized_then_scaled_and_shifted(self):
        weights = Weights({"n/gain": np.array([1.0, 2.0, 3.0, 4.0]), "n/bias": np.array([0.0, 0.0, 0.0, 10.0])})
        # mean 5, variance 5, and 5 + 4 is the square of 3
        outputs = Norm(weights, "n", "layer", 4.0)(tf.constant([[2.0, 4.0, 6.0, 8.0]]))
        np.testing.assert_allclose(outputs, [[-1.0, -2 / 3, 1.0, 14.0]], atol=1e-6)

    def test_the_root_mean_square_norm_has_no_mean(self):
        weights = Weights({"n/gain": np.array([1.0, 10.0])})
        # mean square 25, and 25 + 11 is the square of 6
        outputs = Norm(weights, "n", "rms", 11.0)(tf.constant([[1.0, 7.0]]))
        np.testing.assert_allclose(outputs, [[1 / 6, 70 / 6]], rtol=1e-6)

    @pytest.mark.parametrize("kind", ["layer", "rms"])
    @pytest.mark.parametrize("shape", [(4, 6), (3, 2, 6)])
    def test_gradients_are_those_of_the_plain_formula(self, kind, shape):
        weights = Weights({"n/gain": _random(6), "n/bias": _random(6, seed=1)})
        norm = Norm(weights, "n", kind, 0.1)
        inputs, upstream = tf.constant(_random(*shape)), tf.constant(_random(*shape, seed=2))

        def plain(values: tf.Tensor) -> tf.Tensor:
            if kind == "layer":
                values -= tf.reduce_mean(values, -1, keepdims=True)
            root = tf.sqrt(tf.reduce_mean(values**2, -1, keepdims=True) + 0.1)
            return values / root * norm.gain + norm.bias

        found = []
        for function in (norm, plain):
            with tf.GradientTape() as tape:
                tape.watch(inputs)
                outputs = function(inputs)
            found.append([outputs, *tape.gradient(outputs, [inputs, norm.gain, norm.bias], output_gradients=upstream)])
        for ours, theirs in zip(*found, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=2e-6)

    def test_a_vector_of_equal_numbers_has_finite_gradients(self):
        norm = Norm(Weights({"n/gain": np.ones(3)}), "n", "layer", 1e-12)
        inputs = tf.constant([[2.0, 2.0, 2.0]])
        with tf.GradientTape() as tape:
            tape.watch(inputs)
            outputs = norm(inputs)
        assert outputs.numpy().tolist() == [[0, 0, 0]]
        assert np.isfinite(tape.gradient(outputs, inputs)).all()


class TestFeedForward:
    def test_two_dense_layers_have_the_activation_between_them(self):
        arrays = {
            "f/inner/kernel": np.array([[1.0, -1.0], [0.0, 2.0]]),
            "f/inner/bias": np.array([0.0, 1.0]),
            "f/outer/kernel": np.array([[1.0, 0.0], [10.0, 1.0]]),
        }
        feed_forward = FeedForward(Weights(arrays), "f", _configuration(activation="relu"), tf.float32)
        # [2, -3] -> [2, -2 - 6 + 1] -> [2, 0]; [-1, 1] -> [-1, 1 + 2 + 1] -> [0, 4]
        outputs = feed_forward(tf.constant([[2.0, -3.0], [-1.0, 1.0]]), NOTHING)
        assert outputs.numpy().tolist() == [[2, 0], [40, 4]]

    def test_gated_the_first_columns_are_activated_and_the_others_are_factors(self):
        arrays = {
            "f/inner/kernel": np.array([[1.0, 0.0, 2.0, 0.0], [0.0, 1.0, 0.0, 3.0]]),
            "f/outer/kernel": np.eye(2),
        }
        feed_forward = FeedForward(Weights(arrays), "f", _configuration(activation="relu", gated=True), tf.float32)
        assert feed_forward(tf.constant([[2.0, -1.0]]), NOTHING).numpy().tolist() == [[8, 0]]


class TestEmbeddings:
    def _embed(self, rows: list[list[int]], arrays: dict[str, np.ndarray], **changes: object) -> list[list[float]]:
        word = np.stack([np.arange(9) * 100.0, np.arange(9) * 1000.0], 1)
        configuration = _configuration(embedding_norm=False, **changes)
        embeddings = Embeddings(Weights({"embeddings/word": word, **arrays}), configuration)
        return embeddings(FlatTokens.from_ragged(tf.ragged.constant(rows, tf.int32)), NOTHING).numpy().tolist()

    def test_words_positions_and_the_first_token_type_are_summed(self):
        position = np.stack([np.arange(4.0), np.zeros(4)], 1)
        arrays = {"embeddings/position": position, "embeddings/type": np.array([[0.5, 0.25], [7.0, 7.0]])}
        found = self._embed([[3, 3], [8]], arrays, num_positions=4, num_token_types=2)
        assert found == [[300.5, 3000.25], [301.5, 3000.25], [800.5, 8000.25]]

    def test_positions_begin_behind_the_padding_token_and_skip_it(self):
        position = np.stack([np.arange(8.0), np.zeros(8)], 1)
        arrays = {"embeddings/position": position}
        found = self._embed([[5, 1, 6], [1, 4], [2]], arrays, num_positions=8, position_offset=2, padding_id=1)
        # A padding token stands at row 1, and the positions of the others count from row 2 without it.
        assert [number for number, _ in found] == [502, 101, 603, 101, 402, 202]

    def test_positions_are_optional(self):
        assert self._embed([[2]], {}) == [[200, 2000]]
