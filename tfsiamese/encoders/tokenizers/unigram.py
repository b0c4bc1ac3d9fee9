"""The Unigram model as a TensorFlow graph: the segmentation of each word whose pieces' scores sum to the most.

SentencePiece's own op adds in float32, where Hugging Face's tokenizers add in float64: what repeats ("-----") then
comes out in another order. So the search is done here, exactly: all pieces at all positions by one walk down a trie,
then one step a character for all words at once, then the way back by doubling jumps. Reference: arXiv:1804.10959.
"""

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.tokenizers.code_points import before
from tfsiamese.encoders.tokenizers.flat_characters import FlatCharacters
from tfsiamese.encoders.tokenizers.trie import Trie

__all__ = ["Unigram"]

_UNKNOWN_PENALTY = 10.0
_LOWEST = np.float64(-np.inf)


class Unigram(tf.Module):
    """Words -> ids.

    Args:
        pieces: the texts of the ids 0, 1, 2, ….
        scores: their log probabilities.
        unk_id: the id of what no piece covers.
    """

    def __init__(self, pieces: list[str], scores: list[float], unk_id: int):
        super().__init__()
        self._trie = Trie(pieces)
        self._scores = tf.constant(scores, tf.float64)
        self._unk_score = min(scores) - _UNKNOWN_PENALTY
        self._unk_id = unk_id

    def __call__(self, words: FlatCharacters) -> tf.RaggedTensor:
        """Words of n texts -> int32 [n, None]. Adjacent unknown characters of a word are one unknown token."""
        none = tf.RaggedTensor.from_row_splits(tf.zeros([0], tf.int32), words.splits, validate=False)
        flat, splits = tf.cond(
            tf.size(words.codes) > 0, lambda: self._search(words), lambda: (none.values, none.row_splits)
        )
        return tf.RaggedTensor.from_row_splits(flat, splits, validate=False)

    def _search(self, words: FlatCharacters) -> tuple[tf.Tensor, tf.Tensor]:
        order = _Order(words.starts)
        found = self._trie.pieces_from(words.codes, order.left)
        ids = order.by_end(found)
        single = tf.range(tf.shape(ids)[1]) == 0
        unknown = tf.where(single, tf.constant(self._unk_score, tf.float64), _LOWEST)
        scores = tf.where(ids < 0, unknown, tf.gather(self._scores, tf.maximum(ids, 0)))
        ids = tf.where(ids < 0, self._unk_id, ids)
        lengths = order.best_lengths(scores)
        last = order.ends_on_best_path(lengths)
        chosen = tf.gather(tf.gather(ids, last), tf.gather(lengths, last) - 1, batch_dims=1)
        word = tf.gather(order.word, last)
        unknown = chosen == self._unk_id
        again = unknown & before(unknown, False) & (word == before(word, -1))
        last, chosen = tf.boolean_mask(last, ~again), tf.boolean_mask(chosen, ~again)
        return chosen, tf.searchsorted(tf.cast(last, tf.int64), words.splits, out_type=tf.int64)


class _Order:
    """Where the characters of words stand: in their word, and in the order in which the search visits them.

    The search takes the first characters of all words, then the second ones, and so on; words are ordered by falling
    length, so that those that still go on come first.
    """

    def __init__(self, starts: tf.Tensor):
        self.size = tf.size(starts)
        self.word = tf.cumsum(tf.cast(starts, tf.int32)) - 1
        first = tf.cast(tf.where(starts)[:, 0], tf.int32)
        lengths = tf.concat([first[1:], [self.size]], 0) - first
        self.place = tf.range(self.size) - tf.gather(first, self.word)
        self.left = tf.gather(lengths, self.word) - self.place
        self.last = first + lengths - 1
        ranks = tf.math.invert_permutation(tf.argsort(lengths, direction="DESCENDING", stable=True))
        self.counts = tf.math.bincount(self.place)
        self.offsets = tf.cumsum(self.counts, exclusive=True)
        self.visit = tf.gather(self.offsets, self.place) + tf.gather(ranks, self.word)

    def by_end(self, found: tf.Tensor) -> tf.Tensor:
        """Ids by where a piece begins, int32 [longest, size] -> by its last character, int32 [size, longest]."""
        steps = tf.range(tf.shape(found)[0])
        begin = tf.range(self.size)[:, tf.newaxis] - steps
        inside = self.place[:, tf.newaxis] >= steps
        flat = tf.gather(tf.reshape(found, [-1]), tf.where(inside, begin + steps * self.size, 0))
        return tf.where(inside, flat, -1)

    def best_lengths(self, scores: tf.Tensor) -> tf.Tensor:
        """The length of the last piece of the best way to each character: float64 [size, longest] -> int32 [size].

        Of equally good ones the longest, which is the one that the reference meets first.
        """
        longest = tf.shape(scores)[1]
        visits = tf.math.invert_permutation(self.visit)
        best = tf.gather(self._best_scores(tf.gather(tf.reverse(scores, [1]), visits)), self.visit)
        steps = tf.range(1, longest + 1)
        before = tf.range(self.size)[:, tf.newaxis] - steps
        reached = self.place[:, tf.newaxis] + 1 - steps
        earlier = tf.where(reached > 0, tf.gather(best, tf.maximum(before, 0)), _LOWEST)
        earlier = tf.where(reached == 0, tf.constant(0.0, tf.float64), earlier)
        return tf.reduce_max(tf.where(scores + earlier == best[:, tf.newaxis], steps, 0), 1)

    def _best_scores(self, scores: tf.Tensor) -> tf.Tensor:
        """The best sums up to each character, in the order of visits: float64 [size, longest] -> float64 [size]."""
        longest = tf.shape(scores)[1]
        num_words = tf.size(self.last)
        window = tf.fill([num_words, longest - 1], tf.constant(_LOWEST, tf.float64))
        window = tf.concat([window, tf.zeros([num_words, 1], tf.float64)], 1)
        num_steps = tf.size(self.counts)
        sums = tf.TensorArray(tf.float64, num_steps, infer_shape=False, element_shape=[None])

        def visit(step: tf.Tensor, window: tf.Tensor, sums: tf.TensorArray) -> tuple:
            offset, count = self.offsets[step], self.counts[step]
            window = window[:count]
            best = tf.reduce_max(window + scores[offset : offset + count], 1)
            return step + 1, tf.concat([window[:, 1:], best[:, tf.newaxis]], 1), sums.write(step, best)

        shapes = (tf.TensorShape([]), tf.TensorShape([None, None]), tf.TensorShape(None))
        *_, sums = tf.while_loop(
            lambda step, *_: step < num_steps,
            visit,
            (0, window, sums),
            shape_invariants=shapes,
        )
        return sums.concat()

    def ends_on_best_path(self, lengths: tf.Tensor) -> tf.Tensor:
        """The last characters of the pieces on the ways back from the words' ends: int32 [num_pieces], ascending."""
        outside = self.size
        before = tf.range(self.size) - lengths
        jump = tf.concat([tf.where(self.place >= lengths, before, outside), [outside]], 0)
        marks = tf.scatter_nd(self.last[:, tf.newaxis], tf.ones_like(self.last), [self.size + 1])

        def double(marks: tf.Tensor, jump: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            reached = tf.math.unsorted_segment_max(marks, jump, self.size + 1)
            return tf.maximum(marks, reached), tf.gather(jump, jump)

        marks, _ = tf.while_loop(lambda _, jump: tf.reduce_any(jump < outside), double, (marks, jump))
        return tf.cast(tf.where(marks[:-1] > 0)[:, 0], tf.int32)
