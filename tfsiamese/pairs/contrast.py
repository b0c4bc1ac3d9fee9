"""Pairs labelled 1 and 0 from examples without scores, to see how well an encoder tells them apart."""

import numpy as np
import pandas as pd

from tfsiamese.errors import DataError
from tfsiamese.pairs.labelled_texts import LabelledTexts
from tfsiamese.pairs.pairs import Pairs
from tfsiamese.pairs.triplets import Triplets

__all__ = ["contrasting_pairs"]

_MOST_TRIES = 50


def contrasting_pairs(
    examples: Pairs | Triplets | LabelledTexts, seed: int = 0, pool: Pairs | Triplets | LabelledTexts | None = None
) -> Pairs:
    """For each row a pair that belongs together (1) and one that does not (0).

    Anchors stand with their positive, and with their first negative or, without one, with the positive of a random row
    of another anchor and group. Texts with classes stand with a random text of their class, and with one of another.
    A row for which there is no such partner gives one pair only. Scored pairs are returned as they are.

    Args:
        examples: of any shape.
        seed: of the random choices.
        pool: texts with classes among which to look for partners of the same and of other classes, beside those of
            `examples` themselves; other shapes need none.

    Raises:
        DataError: there is not a single pair of each kind.
    """
    if isinstance(examples, Pairs):
        return examples
    random = np.random.default_rng(seed)
    if isinstance(examples, Triplets):
        rows = _of_triplets(examples, random)
    else:
        rows = _of_classes(examples, pool if isinstance(pool, LabelledTexts) else examples, random)
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
    starts = random.integers(len(triplets), size=len(triplets))
    pairs = []
    for row, (anchor, positive) in enumerate(zip(anchors, positives, strict=True)):
        pairs.append((anchor, positive, 1.0))
        if negatives[row]:
            pairs.append((anchor, negatives[row][0], 0.0))
            continue
        for step in range(min(len(triplets), _MOST_TRIES)):
            other = (int(starts[row]) + step) % len(triplets)
            if groups[other] != groups[row] and positives[other] not in {anchor, *known[anchor]}:
                pairs.append((anchor, positives[other], 0.0))
                break
    return pairs


def _of_classes(
    examples: LabelledTexts, pool: LabelledTexts, random: np.random.Generator
) -> list[tuple[str, str, float]]:
    # Codes count the classes of one set only; names are those of all.
    known = pd.concat([examples.frame, pool.frame]).drop_duplicates("text")
    texts, labels = known["text"].to_numpy(dtype=object), known["label"].to_numpy(dtype=object)
    pairs = []
    for text, label in zip(examples.frame["text"], examples.frame["label"], strict=True):
        same = texts[(labels == label) & (texts != text)]
        different = texts[labels != label]
        for partners, score in ((same, 1.0), (different, 0.0)):
            if len(partners):
                pairs.append((text, str(random.choice(partners)), score))
    return pairs
