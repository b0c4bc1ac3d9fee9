"""Examples to learn from, pairs of texts first of all: read, validate, split, batch into tensors, write."""

from tfsiamese.pairs.examples import Examples
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.reading import read_examples, read_pairs
from tfsiamese.pairs.texts import read_texts
from tfsiamese.pairs.triplets import Triplets
from tfsiamese.pairs.writing import write_examples

__all__ = [
    "Examples",
    "LabelledTexts",
    "Pairs",
    "Triplets",
    "read_examples",
    "read_pairs",
    "read_texts",
    "write_examples",
]
