"""Text pairs: read, validate, split, batch into tf.data."""

from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.reading import read_pairs

__all__ = ["Pairs", "read_pairs"]
