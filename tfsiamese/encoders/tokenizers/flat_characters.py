"""The characters of a batch of texts as one flat tensor, and where its words begin: what pre-tokenizers work on."""

from dataclasses import dataclass

import tensorflow as tf

from tfsiamese.encoders.tokenizers.code_points import CodePoints, decode, encode, splits_of, starts_of_rows, where

__all__ = ["FlatCharacters", "first_of_runs"]


def first_of_runs(run_starts: tf.Tensor) -> tf.Tensor:
    """The place at which each one's run starts, int32 [c]; of run_starts: bool [c], true at the first."""
    places = tf.cast(tf.where(run_starts)[:, 0], tf.int32)
    return tf.gather(places, tf.cumsum(tf.cast(run_starts, tf.int32)) - 1)


@dataclass(frozen=True)
class FlatCharacters:
    """Characters of n texts without padding, cut into words.

    Attributes:
        codes: code points, int32 [c].
        starts: bool [c], whether a word starts here; words cover everything, and none spans two texts.
        splits: int64 [n + 1]; text i has the characters from splits[i] up to splits[i + 1].
    """

    codes: tf.Tensor
    starts: tf.Tensor
    splits: tf.Tensor

    @classmethod
    def of_texts(cls, texts: tf.Tensor) -> "FlatCharacters":
        """Decodes UTF-8 strings [n], each one word; what is not valid UTF-8 becomes U+FFFD."""
        codes = decode(texts)
        return cls(codes.values, starts_of_rows(codes), codes.splits)

    def cut(self, starts: tf.Tensor) -> "FlatCharacters":
        """The same characters in smaller words; starts: bool [c], true at least where it was."""
        return FlatCharacters(self.codes, starts, self.splits)

    def keep(self, kept: tf.Tensor) -> "FlatCharacters":
        """Only the characters where bool [c] is true; the first that stays of a word must be the start of one."""
        codes = where(CodePoints(self.codes, self.splits), kept)
        return FlatCharacters(codes.values, tf.boolean_mask(self.starts, kept), codes.splits)

    def put_before(self, code: int, at: tf.Tensor) -> "FlatCharacters":
        """Puts a character before the words that start where bool [c] is true, as their first."""
        num_put = tf.cumsum(tf.cast(at, tf.int32))
        places = tf.range(tf.size(self.codes)) + num_put
        size = tf.size(self.codes) + tf.reduce_sum(tf.cast(at, tf.int32))
        codes = tf.tensor_scatter_nd_update(tf.fill([size], code), places[:, tf.newaxis], self.codes)
        first = tf.boolean_mask(places - tf.cast(at, tf.int32), self.starts)
        starts = tf.scatter_nd(first[:, tf.newaxis], tf.ones_like(first), tf.expand_dims(size, 0)) > 0
        return FlatCharacters(codes, starts, self.splits + tf.gather(splits_of(at), self.splits))

    def words(self) -> tf.Tensor:
        """UTF-8 strings [w], none of them empty."""
        return encode(CodePoints(self.codes, self.word_splits()))

    def word_splits(self) -> tf.Tensor:
        """Where words begin, and where the last one ends: int64 [w + 1]."""
        return tf.concat([tf.where(self.starts)[:, 0], tf.shape(self.codes, tf.int64)], 0)

    def words_of_texts(self) -> tf.Tensor:
        """How many words stand before each text, and in all: int64 [n + 1]."""
        return tf.gather(splits_of(self.starts), self.splits)
