"""Unicode's canonical ordering and composition (UAX #15), on batches of texts.

Both look at several characters at once and have nothing to do in nearly all texts, so each first looks whether it has.
"""

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import (
    NUM_CODE_POINTS,
    combining_classes,
    compositions,
    decompositions,
    never_composed,
)
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable, PairTable, ReplaceCharacters
from tfsiamese.encoders.tokenizers.code_points import CodePoints, Step, starts_of_rows, where

__all__ = ["Compose", "OrderMarks"]


def _class_table() -> CodePointTable:
    numbers = np.zeros(NUM_CODE_POINTS, np.int32)
    classes = combining_classes()
    numbers[list(classes.keys())] = list(classes.values())
    return CodePointTable(numbers)


class OrderMarks(Step):
    """Puts the marks that follow a character in the order of their combining classes, each class as it came."""

    def __init__(self) -> None:
        super().__init__()
        self._classes = _class_table()

    def __call__(self, codes: CodePoints) -> CodePoints:
        """[n] texts -> [n] texts."""
        classes = self._classes(codes.values)
        disordered = tf.reduce_any((classes[1:] > 0) & (classes[:-1] > classes[1:]))
        values = tf.cond(disordered, lambda: _ordered(codes, classes), lambda: codes.values)
        return CodePoints(values, codes.splits)


def _ordered(codes: CodePoints, classes: tf.Tensor) -> tf.Tensor:
    run = tf.cumsum(tf.cast((classes == 0) | starts_of_rows(codes), tf.int64))
    size = tf.size(classes, tf.int64)
    # With the place in it no two keys are equal, so the sort need not be stable.
    return tf.gather(codes.values, tf.argsort((run * 256 + tf.cast(classes, tf.int64)) * size + tf.range(size)))


class Compose(Step):
    """Normalization form C or KC: takes characters apart, orders marks, and joins what can be joined.

    Args:
        compatible: KC, which writes ligatures, full width, superscripts … as plain characters.
    """

    def __init__(self, compatible: bool):
        super().__init__()
        self._compositions = PairTable(compositions())
        self._classes = _class_table()
        self._decompose = ReplaceCharacters(decompositions(compatible))
        self._order = OrderMarks()
        self._concerned = CodePointTable.of_sets({1: _concerned(compatible)})

    def __call__(self, codes: CodePoints) -> CodePoints:
        """[n] texts -> [n] texts."""
        concerned = tf.reduce_any(self._concerned(codes.values) > 0)
        return tf.cond(concerned, lambda: self._normalized(codes), lambda: codes)

    def _normalized(self, codes: CodePoints) -> CodePoints:
        codes = self._order(self._decompose(codes))
        tried = tf.zeros_like(codes.values, tf.bool)
        shapes = (CodePoints(tf.TensorShape([None]), codes.splits.shape), tf.TensorShape([None]), tf.TensorShape([]))
        codes, _, _ = tf.while_loop(
            lambda codes, tried, again: again, self._join, (codes, tried, True), shape_invariants=shapes
        )
        return codes

    def _join(self, codes: CodePoints, tried: tf.Tensor, _: tf.Tensor) -> tuple[CodePoints, tf.Tensor, tf.Tensor]:
        """Joins every starter with the first mark that it can be joined with; those before that one are done with."""
        values = codes.values
        places = tf.range(tf.size(values))
        classes = self._classes(values)
        starter, before = _starters(codes, classes, places)
        joined = self._compositions(tf.gather(values, tf.maximum(starter, 0)), values)
        free = (before == starter) | (tf.gather(classes, tf.maximum(before, 0)) < classes)
        found = (joined != 0) & free & (starter >= 0) & ~tried
        no_place = tf.size(values)
        chosen = tf.math.unsorted_segment_min(
            tf.where(found, places, no_place), tf.maximum(starter, 0), num_segments=no_place
        )
        chosen_here = tf.gather(chosen, tf.maximum(starter, 0))
        takes = found & (places == chosen_here)
        taken = tf.boolean_mask(places, takes)
        values = tf.tensor_scatter_nd_update(values, tf.gather(starter, taken)[:, None], tf.boolean_mask(joined, takes))
        tried |= (starter >= 0) & (chosen_here < no_place) & (places < chosen_here)
        kept = where(CodePoints(values, codes.splits), ~takes)
        return kept, tf.boolean_mask(tried, ~takes), tf.reduce_any(takes)


def _starters(codes: CodePoints, classes: tf.Tensor, places: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Of each place, the last starter before it in its text, and the place before it; -1 where there is none."""
    before = tf.where(starts_of_rows(codes), -1, places - 1)
    row_start = tf.repeat(tf.cast(codes.splits[:-1], tf.int32), codes.splits[1:] - codes.splits[:-1])
    is_starter = classes == 0
    starters = tf.concat([[-1], tf.boolean_mask(places, is_starter)], 0)
    latest = tf.gather(starters, tf.cumsum(tf.cast(is_starter, tf.int32)))
    starter = tf.where(before >= 0, tf.gather(latest, tf.maximum(before, 0)), -1)
    return tf.where(starter >= row_start, starter, -1), before


def _concerned(compatible: bool) -> set[int]:
    """The characters that a text without is already normalized (quick check of UAX #15)."""
    parts = decompositions(compatible)
    if compatible:
        canonical = decompositions(False)
        changed = {code for code, into in parts.items() if canonical.get(code) != into}
    else:
        changed = set()
    seconds = {second for _, second in compositions()}
    return changed | set(never_composed().tolist()) | set(combining_classes()) | seconds
