"""All pieces of a vocabulary that begin at each character, found by one walk for all characters at once."""

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import NUM_CODE_POINTS

__all__ = ["Trie"]


class Trie(tf.Module):
    """A trie over code points; its edges are one hash table from (node, code point) to node.

    Args:
        pieces: the texts of the ids 0, 1, 2, …, none empty; of equal ones the last counts.
    """

    def __init__(self, pieces: list[str]):
        super().__init__()
        lengths = np.array([len(piece) for piece in pieces])
        codes = np.frombuffer("".join(pieces).encode("utf-32-le", "surrogatepass"), np.uint32).astype(np.int64)
        firsts = np.cumsum(lengths) - lengths
        nodes = np.zeros(len(pieces), np.int64)
        keys, num_nodes = [], 1
        for depth in range(lengths.max(initial=0)):
            active = np.flatnonzero(lengths > depth)
            edges = nodes[active] * NUM_CODE_POINTS + codes[firsts[active] + depth]
            distinct, inverse = np.unique(edges, return_inverse=True)
            nodes[active] = num_nodes + inverse.reshape(-1)
            num_nodes += len(distinct)
            keys.append(distinct)
        piece_of = np.full(num_nodes, -1, np.int32)
        piece_of[nodes] = np.arange(len(pieces))
        self._piece_of = tf.constant(piece_of)
        table = tf.lookup.KeyValueTensorInitializer(
            tf.constant(np.concatenate(keys)), tf.range(1, num_nodes, dtype=tf.int64)
        )
        self._edges = tf.lookup.StaticHashTable(table, default_value=-1)

    def pieces_from(self, codes: tf.Tensor, left: tf.Tensor) -> tf.Tensor:
        """Looks at all characters of all words.

        Args:
            codes: int32 [size], code points, at least one.
            left: int32 [size], how many characters the word still has from here on, this one included.

        Returns:
            int32 [longest, size]: the id of the piece of 1, 2, … characters that begins there, −1 where there is none.
        """
        size = tf.size(codes)
        wide = tf.cast(codes, tf.int64)
        found = tf.TensorArray(tf.int32, 0, dynamic_size=True, infer_shape=False, element_shape=[None])

        def descend(depth: tf.Tensor, places: tf.Tensor, nodes: tf.Tensor, found: tf.TensorArray) -> tuple:
            keys = nodes * NUM_CODE_POINTS + tf.gather(wide, places + depth)
            nodes = self._edges.lookup(keys)
            there = nodes >= 0
            nodes, places = tf.boolean_mask(nodes, there), tf.boolean_mask(places, there)
            # One more than the id, so that what is not written is −1.
            ids = (
                tf.scatter_nd(places[:, tf.newaxis], tf.gather(self._piece_of, nodes) + 1, tf.expand_dims(size, 0)) - 1
            )
            more = tf.gather(left, places) > depth + 1
            return depth + 1, tf.boolean_mask(places, more), tf.boolean_mask(nodes, more), found.write(depth, ids)

        any_shape = tf.TensorShape([None])
        *_, found = tf.while_loop(
            lambda depth, places, *_: (depth == 0) | (tf.size(places) > 0),
            descend,
            (0, tf.range(size), tf.zeros_like(wide), found),
            shape_invariants=(tf.TensorShape([]), any_shape, any_shape, tf.TensorShape(None)),
        )
        return found.stack()
