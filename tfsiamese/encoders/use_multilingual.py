"""Google's universal-sentence-encoder-multilingual v3, rebuilt in TensorFlow on flat tokens.

The tokens of a whole batch stand in one [tokens, width] matrix without padding: neighbours are found by index, and
sums run over segments. Nothing is computed for padding, and a vector does not depend on what else is in the batch.

Source of the architecture: "Multilingual Universal Sentence Encoder for Semantic Retrieval" (arXiv:1907.04307), CNN
variant, and the weights themselves.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_text as text

from tfsiamese.encoders.packaged_weights import read_packaged_tokenizer, read_packaged_weights
from tfsiamese.encoders.reusable import ReusableParts, write_reusable_saved_model

__all__ = ["UseMultilingual", "build_use_multilingual"]


@dataclass(frozen=True)
class _Window:
    """An n-gram order and the number of neighbours it takes from the left."""

    order: int
    left: int

    @property
    def offsets(self) -> range:
        return range(-self.left, self.order - self.left)


_WINDOWS = (_Window(2, 0), _Window(3, 1), _Window(5, 2))

_FINAL_NAMES = {
    "ln_g": "pooling/layer_norm_gamma",
    "ln_b": "pooling/layer_norm_beta",
    "cnn_W": "pooling/kernel",
    "cnn_b": "pooling/bias",
    "d0": "dense/kernel_0",
    "d1": "dense/kernel_1",
    "p1": "dense/skip_1",
    "d2": "dense/kernel_2",
    "p3": "dense/skip_3",
    "d3": "dense/kernel_3",
}
_BRANCH_NAMES = {
    "proj{n}": "ngram_{n}/projection_kernel",
    "proj_b{n}": "ngram_{n}/projection_bias",
    "ln_g{n}": "ngram_{n}/layer_norm_gamma",
    "ln_b{n}": "ngram_{n}/layer_norm_beta",
    "w1_{n}": "ngram_{n}/kernel_1",
    "b1_{n}": "ngram_{n}/bias_1",
    "w2_{n}": "ngram_{n}/kernel_2",
    "b2_{n}": "ngram_{n}/bias_2",
}


def _variable_names() -> dict[str, str]:
    """From the name in the weights file to the name of the variable."""
    names = {"embedding_table": "embedding_table"}
    for window in _WINDOWS:
        names.update({key.format(n=window.order): name.format(n=window.order) for key, name in _BRANCH_NAMES.items()})
    return names | _FINAL_NAMES


class UseMultilingual(tf.Module):
    """The network: strings [batch] -> unit vectors [batch, 512]."""

    def __init__(self, weights: dict[str, np.ndarray], tokenizer_model: bytes):
        super().__init__(name="use_multilingual")
        self._weights = {
            name: tf.Variable(weights[key], name=name, dtype=tf.float32) for key, name in _variable_names().items()
        }
        self._epsilon = float(weights["layer_norm_epsilon"])
        self._tokenizer = text.SentencepieceTokenizer(tokenizer_model, add_bos=True, add_eos=True)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Encodes texts, strings [batch], to float32 [batch, 512] of length 1."""
        tokens = self._tokenizer.tokenize(texts)
        embedded = tf.gather(self._weights["embedding_table"], tokens.flat_values)
        branches = [self._ngram_branch(embedded, tokens, window) for window in _WINDOWS]
        hidden = self._layer_norm(tf.concat([embedded, *branches], axis=1), "pooling")
        return self._dense(self._pool(hidden, tokens))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="texts")])
    def count_tokens(self, texts: tf.Tensor) -> tf.Tensor:
        """The tokens of strings [batch] with those at both ends, int32 [batch]."""
        return tf.cast(self._tokenizer.tokenize(texts).row_lengths(), tf.int32)

    def _ngram_branch(self, embedded: tf.Tensor, tokens: tf.RaggedTensor, window: _Window) -> tf.Tensor:
        """Two residual layers over windows of neighbouring tokens: [tokens, 512] -> [tokens, 256]."""
        scope = f"ngram_{window.order}"
        neighbours = _neighbours(tokens, window)
        hidden = embedded @ self._weights[f"{scope}/projection_kernel"] + self._weights[f"{scope}/projection_bias"]
        hidden = self._layer_norm(hidden, scope)
        for layer in (1, 2):
            kernel, bias = self._weights[f"{scope}/kernel_{layer}"], self._weights[f"{scope}/bias_{layer}"]
            hidden = tf.nn.relu(_gather_windows(hidden, neighbours) @ kernel + bias) + hidden
        return hidden

    def _pool(self, hidden: tf.Tensor, tokens: tf.RaggedTensor) -> tf.Tensor:
        """Projects the sum over each text's tokens and divides by √length: [tokens, 1280] -> [batch, 512]."""
        total = tf.math.segment_sum(hidden, tokens.value_rowids())
        total = tf.ensure_shape(total, [None, hidden.shape[1]])
        length = tf.cast(tokens.row_lengths(), tf.float32)[:, tf.newaxis]
        projected = total @ self._weights["pooling/kernel"] + length * self._weights["pooling/bias"]
        return projected / tf.sqrt(length)

    def _dense(self, pooled: tf.Tensor) -> tf.Tensor:
        """The residual network on top, [batch, 512] -> unit vectors [batch, 512]."""
        weights = self._weights
        first = tf.nn.relu(pooled @ weights["dense/kernel_0"])
        second = tf.nn.relu(pooled @ weights["dense/skip_1"] + first @ weights["dense/kernel_1"])
        third = tf.nn.relu(second @ weights["dense/kernel_2"])
        output = tf.tanh(second @ weights["dense/skip_3"] + third @ weights["dense/kernel_3"])
        return tf.math.l2_normalize(output, axis=-1)

    def _layer_norm(self, inputs: tf.Tensor, scope: str) -> tf.Tensor:
        mean, variance = tf.nn.moments(inputs, axes=[-1], keepdims=True)
        gamma, beta = self._weights[f"{scope}/layer_norm_gamma"], self._weights[f"{scope}/layer_norm_beta"]
        return (inputs - mean) * tf.math.rsqrt(variance + self._epsilon) * gamma + beta


def _neighbours(tokens: tf.RaggedTensor, window: _Window) -> tf.Tensor:
    """Indices [tokens, order] of each token's window; the index after the last token means "outside the text"."""
    rows = tokens.value_rowids()
    starts = tf.gather(tokens.row_starts(), rows)[:, tf.newaxis]
    limits = tf.gather(tokens.row_limits(), rows)[:, tf.newaxis]
    count = tokens.row_splits[-1]
    indices = tf.range(count)[:, tf.newaxis] + tf.constant(list(window.offsets), count.dtype)
    return tf.where((indices >= starts) & (indices < limits), indices, count)


def _gather_windows(hidden: tf.Tensor, neighbours: tf.Tensor) -> tf.Tensor:
    """Concatenates each token's neighbours: [tokens, width] -> [tokens, order · width], zeros outside the text."""
    outside = tf.zeros([1, hidden.shape[1]], hidden.dtype)
    windows = tf.gather(tf.concat([hidden, outside], axis=0), neighbours)
    return tf.reshape(windows, [-1, neighbours.shape[1] * hidden.shape[1]])


def build_use_multilingual(folder: Path) -> None:
    """Writes the Reusable SavedModel of the default encoder, 270 MB, into `folder`."""
    network = UseMultilingual(read_packaged_weights(), read_packaged_tokenizer())
    variables = network.variables
    write_reusable_saved_model(folder, ReusableParts(network, network.__call__, variables, variables))
