"""Small examples of the shapes that can be stored, and their stores."""

from pathlib import Path

import numpy as np
import pandas as pd

from tfsiamese.pairs import Pairs, StoredExamples, Triplets, stream_examples, write_examples

AWKWARD = ["NA", "001", 'a "quoted" one', "two\nlines", "näher", "中文 🍎", "tab\there", "a,b;c", " spaced ", "e\u0301"]


def pairs(num_rows: int = 60, seed: int = 0) -> Pairs:
    """Pairs with repeats, mirror images and several scores for one pair."""
    random = np.random.default_rng(seed)
    texts = AWKWARD + [f"text {number}" for number in range(num_rows // 8)]
    frame = pd.DataFrame(
        {
            "left": random.choice(texts, num_rows),
            "right": random.choice(texts, num_rows),
            "score": random.integers(0, 3, num_rows) / 3,
        }
    )
    return Pairs.from_frame(frame, source="pairs")


def triplets(num_rows: int = 60, seed: int = 0, details: bool = True, texts: int = 40) -> Triplets:
    """Anchors with 0 to 3 negatives; with `details` also scores and groups."""
    random = np.random.default_rng(seed)
    words = np.array(AWKWARD + [f"text {number}" for number in range(texts)], dtype=object)
    negatives = [tuple(random.choice(words, int(random.integers(4)), replace=False)) for _ in range(num_rows)]
    frame = pd.DataFrame(
        {"anchor": random.choice(words, num_rows), "positive": random.choice(words, num_rows), "negatives": negatives}
    )
    if details:
        frame["scores"] = [tuple(random.uniform(size=1 + len(found)).round(4).tolist()) for found in negatives]
        frame["group"] = [f"group {number}" for number in random.integers(0, 12, num_rows)]
    return Triplets.from_frame(frame, source="triplets")


def stored(examples: Pairs | Triplets, folder: Path, name: str = "data.jsonl") -> StoredExamples:
    """The same examples through a file and a store in `folder`."""
    path = folder / name
    write_examples(examples, path)
    return stream_examples(path, cache=folder / "cache")
