"""Merges the pairs of byte-level BPE in all words of a batch at once.

Each round merges the pairs of the lowest rank in their word, and those that nothing can forestall (see `merge_table`).
Words without a pair left leave the loop, so that a long word does not keep the others.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.tokenizers.code_points import after, before
from tfsiamese.encoders.tokenizers.flat_characters import first_of_runs
from tfsiamese.encoders.tokenizers.merge_table import NEVER, MergeTable

__all__ = ["NO_TOKEN", "PairMerger"]

NO_TOKEN = -1


class _Symbols(NamedTuple):
    """Tokens that may still merge, [s]: their ids, their words in ascending order, and the places of their bytes."""

    ids: tf.Tensor
    words: tf.Tensor
    places: tf.Tensor

    def pick(self, keep: tf.Tensor) -> "_Symbols":
        index = tf.where(keep)[:, 0]
        return _Symbols(*(tf.gather(part, index) for part in self))


class _Pairs(NamedTuple):
    """Each symbol with its right neighbour in the same word, [s]; `NEVER` where they don't merge."""

    ranks: tf.Tensor
    threats_left: tf.Tensor
    threats_right: tf.Tensor
    merged: tf.Tensor
    in_order: tf.Tensor


class PairMerger(tf.Module):
    """Bytes of words -> tokens of words."""

    def __init__(self, table: MergeTable):
        super().__init__(name="pair_merger")
        self._base = table.base
        self._size = len(table.keys) - 1
        self._all_in_order = bool(table.in_order[:-1][table.ranks[:-1] != NEVER].all())
        columns = [getattr(table, name).astype(np.int32) for name in _Pairs._fields]
        self._keys = tf.constant(table.keys[np.newaxis], tf.int64)
        self._rows = tf.constant(np.stack(columns, axis=1))

    def __call__(self, ids: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
        """Merges until no pair is left.

        Args:
            ids: the token of each single byte, int32 [b]; bytes with `NO_TOKEN` are as if they were not there.
            words: which word each byte is from, int32 [b], ascending.

        Returns:
            int32 [b]: the id of each token at the place of its first byte, `NO_TOKEN` elsewhere.
        """
        symbols = _Symbols(ids, words, tf.range(tf.size(ids))).pick(ids != NO_TOKEN)
        flat = tf.TensorShape([None])
        finished, _ = tf.while_loop(
            lambda finished, symbols: tf.size(symbols.ids) > 0,
            self._round,
            (tf.fill(tf.shape(ids), NO_TOKEN), symbols),
            shape_invariants=(flat, _Symbols(flat, flat, flat)),
        )
        return finished

    def _round(self, finished: tf.Tensor, symbols: _Symbols) -> tuple[tf.Tensor, _Symbols]:
        pairs = self._look_up(symbols)
        lowest = tf.gather(tf.math.segment_min(pairs.ranks, symbols.words), symbols.words)
        chosen = self._choose(pairs, lowest, symbols.words)

        done = symbols.pick(lowest == NEVER)
        finished = tf.tensor_scatter_nd_update(finished, done.places[:, tf.newaxis], done.ids)
        merged = symbols._replace(ids=tf.where(chosen, pairs.merged, symbols.ids))
        return finished, merged.pick((lowest != NEVER) & ~before(chosen, False))

    def _look_up(self, symbols: _Symbols) -> _Pairs:
        keys = tf.cast(symbols.ids, tf.int64) * self._base + tf.cast(after(symbols.ids, 0), tf.int64)
        keys = tf.where(after(symbols.words, -1) == symbols.words, keys, -1)
        rows = tf.raw_ops.LowerBound(sorted_inputs=self._keys, values=keys[tf.newaxis])[0]
        found = tf.gather(self._keys[0], rows) == keys
        return _Pairs(*tf.unstack(tf.gather(self._rows, tf.where(found, rows, self._size)), num=5, axis=1))

    def _choose(self, pairs: _Pairs, lowest: tf.Tensor, words: tf.Tensor) -> tf.Tensor:
        """The pairs that merge in this round, of which no two share a symbol."""
        in_order = pairs.in_order != 0
        unhindered = (pairs.ranks < before(pairs.threats_left, NEVER)) & (
            pairs.ranks <= after(pairs.threats_right, NEVER)
        )
        first = (pairs.ranks == lowest) & (lowest != NEVER)
        places = tf.range(tf.size(words))
        # In "aaaa" the pairs overlap: from the left, every second one merges.
        chains = first != before(first, False)
        first &= (places - first_of_runs(tf.tensor_scatter_nd_update(chains, [[0]], [True]))) % 2 == 0
        if self._all_in_order:
            return first | unhindered
        leftmost = tf.math.segment_min(tf.where(first, places, NEVER), words)
        return (first & (in_order | (places == tf.gather(leftmost, words)))) | (unhindered & in_order)
