"""Examples to learn from, pairs of texts first of all: read, validate, split, batch into tensors, write."""

from tfsiamese.pairs.examples import Examples
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.reading import read_examples, read_pairs
from tfsiamese.pairs.stored_examples import AnyExamples, StoredExamples
from tfsiamese.pairs.streaming import stream_examples
from tfsiamese.pairs.texts import read_texts
from tfsiamese.pairs.triplets import Triplets
from tfsiamese.pairs.writing import write_examples

__all__ = [
    "AnyExamples",
    "Examples",
    "LabelledTexts",
    "Pairs",
    "StoredExamples",
    "Triplets",
    "read_examples",
    "read_pairs",
    "read_texts",
    "stream_examples",
    "write_examples",
]
