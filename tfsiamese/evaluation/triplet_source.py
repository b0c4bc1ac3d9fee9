"""Triplets for an evaluation, given as such or as a file."""

import os

from tfsiamese.errors import DataError
from tfsiamese.pairs import Triplets, read_examples

__all__ = ["TripletSource", "load_triplets"]

TripletSource = Triplets | str | os.PathLike[str]


def load_triplets(source: TripletSource) -> Triplets:
    """Returns triplets as they are, and reads the file of a path.

    Raises:
        DataError: the file cannot be read, or has another shape than anchor, positive and negatives.
    """
    examples = read_examples(source) if isinstance(source, str | os.PathLike) else source
    if not isinstance(examples, Triplets):
        raise DataError(
            f"{examples.source} holds {examples.shape}. Expected triplets: the columns anchor, positive, negative and "
            "perhaps negative_2, …"
        )
    return examples
