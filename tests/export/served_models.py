"""Small SavedModels with the signatures of an export, and with mistakes in them."""

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

__all__ = ["CORPUS", "encode_lengths", "save_signatures", "write_search_model"]

CORPUS = ("a", "bcd", "näher dran", "a longer text of many words", "中文")

_TEXTS = tf.TensorSpec([None], tf.string)


def encode_lengths(texts: tf.Tensor) -> tf.Tensor:
    """Vectors [batch, 3] of length 1: a constant, the number of bytes, and the number of characters."""
    counts = [tf.strings.length(texts, unit) for unit in ("BYTE", "UTF8_CHAR")]
    columns = [tf.ones_like(counts[0], tf.float32), *(tf.cast(count, tf.float32) / 10 for count in counts)]
    return tf.math.l2_normalize(tf.stack(columns, axis=1), axis=1)


def save_signatures(folder: Path, **functions: Callable[..., dict[str, tf.Tensor]]) -> Path:
    """Writes a SavedModel whose signatures are these functions of strings [batch], named as their arguments are."""
    signatures = {}
    for name, function in functions.items():
        code = function.__code__
        arguments = code.co_varnames[: code.co_argcount]
        specs = [tf.TensorSpec.from_spec(_TEXTS, name=argument) for argument in arguments]
        signatures[name] = tf.function(function, input_signature=specs, autograph=False).get_concrete_function()
    tf.saved_model.save(tf.Module(), str(folder), signatures=signatures)
    return folder


def write_search_model(folder: Path) -> Path:
    """Writes `serving_default`, `similarity` and `top_k`, which searches `CORPUS`."""

    def embed(texts: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"embeddings": encode_lengths(texts)}

    def similarity(left: tf.Tensor, right: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"cosine": tf.reduce_sum(encode_lengths(left) * encode_lengths(right), axis=1)}

    def top_k(queries: tf.Tensor) -> dict[str, tf.Tensor]:
        corpus = tf.constant(CORPUS)
        scores, rows = tf.math.top_k(tf.matmul(encode_lengths(queries), encode_lengths(corpus), transpose_b=True), 3)
        return {"ids": tf.strings.as_string(rows), "texts": tf.gather(corpus, rows), "scores": scores}

    return save_signatures(folder, serving_default=embed, similarity=similarity, top_k=top_k)
