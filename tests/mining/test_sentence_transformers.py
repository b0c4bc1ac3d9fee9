"""Negatives against those of sentence-transformers.

`sentence_transformers.json` was written by `scripts/freeze_sentence_transformers_search.py`, with the versions that it
names.
"""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tfsiamese.mining import MiningSettings, mine_hard_negatives
from tfsiamese.pairs import Triplets
from tfsiamese.search import TextVectors

FROZEN = json.loads(Path(__file__).with_name("sentence_transformers.json").read_text())


@pytest.mark.parametrize("case", FROZEN["cases"], ids=lambda case: str(case["settings"]))
def test_negatives_and_scores_are_those_of_sentence_transformers(case: dict):
    examples = Triplets.from_frame(pd.DataFrame({"anchor": FROZEN["anchors"], "positive": FROZEN["positives"]}))
    mined = mine_hard_negatives(
        examples,
        TextVectors(list(FROZEN["vectors"]), list(FROZEN["vectors"].values())),
        corpus=FROZEN["corpus"] + FROZEN["positives"],
        settings=MiningSettings(**case["settings"]),
    ).one_negative_a_row()
    rows = zip(mined.anchors, mined.positives, mined.negatives, strict=True)
    found = {
        (anchor, positive, negative): scores
        for (anchor, positive, (negative,)), scores in zip(rows, mined.scores, strict=True)
    }
    expected = {tuple(row[:3]): row[3:] for row in case["rows"]}
    assert found.keys() == expected.keys()
    for texts, scores in expected.items():
        np.testing.assert_allclose(found[texts], scores, atol=2e-5)
