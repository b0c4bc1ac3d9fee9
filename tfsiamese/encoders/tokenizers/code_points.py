"""A batch of texts as code points, one after the other: what all graphs of tokenizers work on."""

from typing import NamedTuple

import tensorflow as tf

__all__ = ["CodePoints", "Step", "after", "before", "decode", "encode", "splits_of", "starts_of_rows", "where"]


class CodePoints(NamedTuple):
    """Texts as code points, one after the other.

    Attributes:
        values: int32 [num_codes].
        splits: int64 [n + 1], where each text begins; the last is num_codes.
    """

    values: tf.Tensor
    splits: tf.Tensor


class Step(tf.Module):
    """Changes the code points of texts; never moves one from a text to another."""

    def __call__(self, codes: CodePoints) -> CodePoints:
        """[n] texts -> [n] texts."""
        raise NotImplementedError


def before(values: tf.Tensor, edge: int | bool) -> tf.Tensor:
    """What stands one place before each of values [c]; `edge` before the first."""
    return tf.concat([tf.constant([edge], values.dtype), values], 0)[:-1]


def after(values: tf.Tensor, edge: int | bool) -> tf.Tensor:
    """What stands one place after each of values [c]; `edge` after the last."""
    return tf.concat([values, tf.constant([edge], values.dtype)], 0)[1:]


def splits_of(lengths: tf.Tensor) -> tf.Tensor:
    """Lengths, or bool for one or none, [n] -> where each one begins, and where the last ends: int64 [n + 1]."""
    return tf.concat([[0], tf.cumsum(tf.cast(lengths, tf.int64))], 0)


def where(codes: CodePoints, keep: tf.Tensor) -> CodePoints:
    """Only the code points where `keep`, bool [num_codes], is true."""
    return CodePoints(tf.boolean_mask(codes.values, keep), tf.gather(splits_of(keep), codes.splits))


def starts_of_rows(codes: CodePoints) -> tf.Tensor:
    """Whether a code point is the first of its text: bool [num_codes]."""
    size = tf.size(codes.values, tf.int64)
    starts = codes.splits[:-1]
    # An empty text marks the start of the next one, or the place behind the last code point.
    marks = tf.scatter_nd(starts[:, tf.newaxis], tf.ones_like(starts), [size + 1])
    return marks[:-1] > 0


def decode(texts: tf.Tensor) -> CodePoints:
    """Strings [n] -> code points; bytes that are not UTF-8 become U+FFFD."""
    ragged = tf.strings.unicode_decode(texts, "UTF-8")
    return CodePoints(ragged.values, ragged.row_splits)


def encode(codes: CodePoints) -> tf.Tensor:
    """Code points -> strings [n]."""
    return tf.strings.unicode_encode(tf.RaggedTensor.from_row_splits(*codes, validate=False), "UTF-8")
