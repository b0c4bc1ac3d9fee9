"""Pairs labelled 1 and 0 from examples without scores, to see how well an encoder tells them apart."""

import numpy as np
import pandas as pd

from tfsiamese.errors import DataError
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.triplets import Triplets

__all__ = ["contrasting_pairs"]


def contrasting_pairs(examples: Pairs | Triplets | LabelledTexts, seed: int = 0) -> Pairs:
    """For each row a pair that belongs together (1) and one that does not (0).

    Anchors stand with their positive, and with their first negative or, without one, with the positive of a random row
    of another anchor and group. Texts with classes stand with a random text of their class, and with one of another.
    A row for which there is no such partner gives one pair only. Scored pairs are returned as they are.

    Args:
        examples: of any shape.
        seed: of the random choices.

    Raises:
        DataError: there is not a single pair of each kind.
    """
    if isinstance(examples, Pairs):
        return examples
    random = np.random.default_rng(seed)
    rows = _of_triplets(examples, random) if isinstance(examples, Triplets) else _of_classes(examples, random)
    frame = pd.DataFrame(rows, columns=["left", "right", "score"]).drop_duplicates(ignore_index=True)
    if frame["score"].nunique() < 2:
        raise DataError(
            f"{examples.source}: pairs that belong together and pairs that do not cannot both be made of "
            f"{len(examples)} rows. Expected more rows, of different anchors or classes."
        )
    return Pairs.from_frame(frame, source=examples.source)


def _of_triplets(triplets: Triplets, random: np.random.Generator) -> list[tuple[str, str, float]]:
    anchors, positives, negatives = triplets.anchors, triplets.positives, triplets.negatives
    known: dict[str, set[str]] = {}
    for anchor, positive in zip(anchors, positives, strict=True):
        known.setdefault(anchor, set()).add(positive)
    groups = triplets.groups or [str(row) for row in range(len(triplets))]
    others = random.integers(len(triplets), size=len(triplets))
    pairs = []
    for row, (anchor, positive) in enumerate(zip(anchors, positives, strict=True)):
        pairs.append((anchor, positive, 1.0))
        other = int(others[row])
        if negatives[row]:
            pairs.append((anchor, negatives[row][0], 0.0))
        elif groups[other] != groups[row] and positives[other] not in known[anchor] and positives[other] != anchor:
            pairs.append((anchor, positives[other], 0.0))
    return pairs


def _of_classes(examples: LabelledTexts, random: np.random.Generator) -> list[tuple[str, str, float]]:
    texts, labels = examples.frame["text"].tolist(), np.asarray(examples.labels)
    rows = np.arange(len(texts))
    pairs = []
    for row in rows.tolist():
        same = rows[(labels == labels[row]) & (rows != row)]
        different = rows[labels != labels[row]]
        for partners, score in ((same, 1.0), (different, 0.0)):
            if len(partners):
                pairs.append((texts[row], texts[int(random.choice(partners))], score))
    return pairs
