"""Small examples of every shape, in the words that the tiny encoder's tests use."""

import numpy as np
import pandas as pd

from tests.conftest import WORDS
from tfsiamese.pairs import LabelledTexts, Triplets


def triplets(num_rows: int = 24, seed: int = 0, negatives: bool = True, scores: bool = False) -> Triplets:
    """Anchors whose positive shares a word with them and whose negatives (0 to 2) don't."""
    random = np.random.default_rng(seed)
    rows = []
    while len(rows) < num_rows:
        first, second, third, *others = random.permutation(WORDS)[:7]
        count = int(random.integers(3)) if negatives else 0
        found = tuple(f"{others[2 * i]} {others[2 * i + 1]}" for i in range(count))
        rows.append((f"{first} {second}", f"{second} {third}", found))
    frame = pd.DataFrame(rows, columns=["anchor", "positive", "negatives"]).drop_duplicates(["anchor"])
    if scores:
        frame["scores"] = [tuple(random.uniform(size=1 + len(found)).round(3)) for found in frame["negatives"]]
    return Triplets.from_frame(frame.reset_index(drop=True), source="triplets")


def classes(seed: int = 0) -> LabelledTexts:
    """Texts whose class is their first word."""
    random = np.random.default_rng(seed)
    rows = {(f"{word} {other}", word) for word in WORDS[:4] for other in random.permutation(WORDS[4:])[:6]}
    return LabelledTexts.from_frame(pd.DataFrame(sorted(rows), columns=["text", "class"]), source="classes")
