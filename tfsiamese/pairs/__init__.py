"""Text pairs: read, validate, split, batch into tf.data."""

from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.reading import read_pairs
from tfsiamese.pairs.texts import read_texts

__all__ = ["Pairs", "read_pairs", "read_texts"]
