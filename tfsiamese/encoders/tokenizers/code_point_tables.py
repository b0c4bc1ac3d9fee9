"""Tables over code points and pairs of them, and what replaces characters by them."""

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import NUM_CODE_POINTS
from tfsiamese.encoders.tokenizers.code_points import CodePoints, Step, splits_of

__all__ = ["CharacterMap", "CodePointTable", "PairTable", "ReplaceCharacters", "Replacements", "then"]

CharacterMap = Mapping[int, tuple[int, ...]]
_PAGE = 256


class CodePointTable(tf.Module):
    """A number for each of Unicode's code points.

    Most pages of 256 code points are alike, so each different one is kept once, and a list tells which page is which.

    Args:
        numbers: int [0x110000].
    """

    def __init__(self, numbers: np.ndarray):
        super().__init__()
        first_of: dict[bytes, int] = {}
        pages = np.asarray(numbers, np.int32).reshape(-1, _PAGE)
        self._first = tf.constant([first_of.setdefault(page.tobytes(), _PAGE * len(first_of)) for page in pages])
        self._rows = tf.constant(np.frombuffer(b"".join(first_of), np.int32))

    @classmethod
    def of_sets(cls, sets: Mapping[int, Iterable[int]]) -> "CodePointTable":
        """Each set's number for its characters (of the last, where they are in several), zero for all others."""
        numbers = np.zeros(NUM_CODE_POINTS, np.int32)
        for number, characters in sets.items():
            numbers[list(characters)] = number
        return cls(numbers)

    def __call__(self, values: tf.Tensor) -> tf.Tensor:
        """Code points, int32 [n] -> their numbers, int32 [n]."""
        first = tf.gather(self._first, tf.bitwise.right_shift(values, 8))
        return tf.gather(self._rows, first + tf.bitwise.bitwise_and(values, _PAGE - 1))


class PairTable(tf.Module):
    """A number for some pairs of code points, zero for all others."""

    def __init__(self, numbers: Mapping[tuple[int, int], int]):
        super().__init__()
        keys = np.array([first * NUM_CODE_POINTS + second for first, second in numbers], np.int64)
        order = np.argsort(keys)
        # The last key is larger than that of any pair, so that a search always ends at one.
        self._keys = tf.constant(np.append(keys[order], NUM_CODE_POINTS**2))
        self._numbers = tf.constant(np.append(np.fromiter(numbers.values(), np.int32)[order], 0), tf.int32)

    def __call__(self, first: tf.Tensor, second: tf.Tensor) -> tf.Tensor:
        """Code points, int32 [n] each -> the numbers of the pairs, int32 [n]."""
        keys = tf.cast(first, tf.int64) * NUM_CODE_POINTS + tf.cast(second, tf.int64)
        places = tf.searchsorted(self._keys, keys)
        return tf.where(tf.gather(self._keys, places) == keys, tf.gather(self._numbers, places), 0)


class Replacements(tf.Module):
    """Puts short texts in the place of characters: entry 0 leaves one as it is, entry i is the text i − 1.

    Args:
        texts: code points of each.
    """

    def __init__(self, texts: Sequence[tuple[int, ...]]):
        super().__init__()
        lengths = np.array([1, *map(len, texts)], np.int32)
        self._lengths = tf.constant(lengths)
        self._starts = tf.constant(np.cumsum(lengths, dtype=np.int32) - lengths)
        # Entry 0 takes up the first place, which is never read.
        self._texts = tf.constant([0, *(code for text in texts for code in text)], tf.int32)

    def __call__(self, codes: CodePoints, entries: tf.Tensor) -> CodePoints:
        """[n] texts, and the entry of each of their characters, int32 [num_codes] -> [n] texts."""
        lengths = tf.gather(self._lengths, entries)
        places = tf.range(tf.size(entries)) + tf.size(self._texts)
        starts = tf.where(entries == 0, places, tf.gather(self._starts, entries))
        taken = tf.ragged.range(starts, starts + lengths).values
        values = tf.gather(tf.concat([self._texts, codes.values], 0), taken)
        return CodePoints(values, tf.gather(splits_of(lengths), codes.splits))


class ReplaceCharacters(Step):
    """Replaces each character by none, one or several, whatever stands beside it."""

    def __init__(self, changes: CharacterMap):
        super().__init__()
        texts = sorted(set(changes.values()))
        entry_of = {text: entry for entry, text in enumerate(texts, start=1)}
        entries = np.zeros(NUM_CODE_POINTS, np.int32)
        entries[list(changes.keys())] = [entry_of[text] for text in changes.values()]
        self._entries = CodePointTable(entries)
        self._replacements = Replacements(texts)

    def __call__(self, codes: CodePoints) -> CodePoints:
        """[n] texts -> [n] texts."""
        return self._replacements(codes, self._entries(codes.values))


def then(first: CharacterMap, second: CharacterMap) -> CharacterMap:
    """The map that does what two maps do one after the other."""
    both = {code: tuple(new for part in parts for new in second.get(part, (part,))) for code, parts in first.items()}
    return {**second, **both}
