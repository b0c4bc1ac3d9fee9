import math
import sys

import pytest

from tests.mining.conftest import Rows
from tests.mining.encoders import Degrees, cosine
from tfsiamese.errors import DependencyError
from tfsiamese.mining import MiningSettings, mine_hard_negatives
from tfsiamese.mining.word_ranking import WordRanking

bm25s = pytest.importorskip("bm25s")

CORPUS = ["nurse 20", "children's nurse in a nursing home 30", "NURSE for children 50", "baker 40", "doctor 10"]


def _lucene(query: list[str], texts: list[list[str]], position: int) -> float:
    """BM25 as Lucene computes it: k1 1.5, b 0.75, idf ln(1 + (N − n + 0.5) / (n + 0.5))."""
    average = sum(map(len, texts)) / len(texts)
    total = 0.0
    for word in query:
        containing = sum(word in text for text in texts)
        frequency = texts[position].count(word)
        idf = math.log(1 + (len(texts) - containing + 0.5) / (containing + 0.5))
        total += idf * frequency / (frequency + 1.5 * (1 - 0.75 + 0.75 * len(texts[position]) / average))
    return total


def test_scores_are_those_of_the_formula():
    texts = ["red apple", "red red pear tree", "green plum"]
    ranking = WordRanking(["Red, pear", "stone"], texts)
    words = [text.split() for text in texts]
    for position in range(3):
        scores = ranking.scores([0, 1], [position, position])
        assert scores[0] == pytest.approx(_lucene(["red", "pear"], words, position), rel=1e-5)
        assert scores[1] == 0


def test_texts_with_words_in_common_become_negatives_best_first(rows: Rows):
    mined = mine_hard_negatives(
        rows([("children nurse 0", "nurse 20"), ("stone 0", "doctor 10")]),
        corpus=CORPUS,
        settings=MiningSettings(method="bm25"),
    )
    assert mined.triplets.negatives == [("NURSE for children 50", "children's nurse in a nursing home 30"), ()]
    assert mined.triplets.scores is None
    assert (mined.num_short, mined.num_without) == (2, 1)


def test_margins_apply_to_the_scores_of_the_words_without_a_teacher(rows: Rows):
    examples = rows([("nurse 0", "nurse 20")])
    settings = MiningSettings(method="bm25", absolute_margin=0.0)
    assert len(mine_hard_negatives(examples, corpus=CORPUS, settings=settings).triplets.negatives[0]) == 2
    far = MiningSettings(method="bm25", relative_margin=0.99)
    assert mine_hard_negatives(examples, corpus=CORPUS, settings=far).triplets.negatives == [()]


def test_a_teacher_scores_and_filters_what_the_words_have_ranked(rows: Rows):
    examples = rows([("nurse children 0", "nurse 20")])
    mined = mine_hard_negatives(
        examples, Degrees(), corpus=CORPUS, settings=MiningSettings(method="bm25", absolute_margin=0.0)
    ).triplets
    assert mined.negatives == [("NURSE for children 50", "children's nurse in a nursing home 30")]
    assert mined.scores[0] == pytest.approx((cosine(20), cosine(50), cosine(30)), abs=1e-6)
    near = MiningSettings(method="bm25", absolute_margin=0.2)
    assert mine_hard_negatives(examples, Degrees(), corpus=CORPUS, settings=near).triplets.negatives == [
        ("NURSE for children 50",)
    ]


def test_texts_without_any_word_have_no_candidates(rows: Rows):
    mined = mine_hard_negatives(rows([("?", "!"), ("+", "-")]), settings=MiningSettings(method="bm25"))
    assert mined.num_without == 2


def test_without_bm25s_the_extra_is_named(rows: Rows, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(DependencyError, match=r'pip install "tfsiamese\[mining\]"'):
        mine_hard_negatives(rows([("0", "20")]), settings=MiningSettings(method="bm25"))
