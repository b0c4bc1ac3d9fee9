import pandas as pd
import pytest

from tests.search.test_prompts import Prompted
from tfsiamese.errors import SettingsError
from tfsiamese.mining import MiningSettings, mine_hard_negatives
from tfsiamese.pairs import Triplets

RIGHT, TILTED, UP = [1.0, 0.0], [0.8, 0.6], [0.0, 1.0]
VECTORS = {"q: a": RIGHT, "p: b": RIGHT, "p: c": TILTED, "p: d": UP, "a": UP, "b": UP, "c": RIGHT, "d": TILTED}
ROWS = Triplets.from_frame(pd.DataFrame([("a", "b", ())], columns=["anchor", "positive", "negatives"]))
ONE = MiningSettings(num_negatives=1)


@pytest.fixture
def encoder() -> Prompted:
    return Prompted({"query": "q: ", "document": "p: "}, VECTORS)


def mined(encoder: Prompted, **prompts: str) -> tuple[str, tuple[float, ...]]:
    found = mine_hard_negatives(ROWS, encoder, corpus=["c", "d"], settings=ONE, **prompts).triplets
    return found.negatives[0][0], found.scores[0]


def test_anchors_and_corpus_are_compared_with_their_prompts_and_returned_without(encoder: Prompted):
    text, scores = mined(encoder)
    assert text == "c"
    assert scores == pytest.approx((1.0, 0.8))
    assert sorted(encoder.calls, key=str) == [(["a"], "q: "), (["c", "d", "b"], "p: ")]


def test_empty_prompts_mine_as_before(encoder: Prompted):
    text, scores = mined(encoder, query_prompt="", passage_prompt="")
    assert text == "d"
    assert scores == pytest.approx((1.0, 0.6))
    assert len(encoder.calls) == 1


def test_a_prompt_can_be_a_text_or_a_name(encoder: Prompted):
    assert mined(encoder, query_prompt="q: ", passage_prompt="document") == mined(encoder)


@pytest.mark.parametrize(
    ("given", "said"),
    [({"query_prompt": "qeury"}, "Did you mean 'query'"), ({"passage_prompt": None, "query_prompt": 1}, "a text")],
)
def test_a_prompt_that_does_not_exist_is_refused(encoder: Prompted, given: dict, said: str):
    with pytest.raises(SettingsError, match=said):
        mined(encoder, **given)


def test_a_prompt_without_an_encoder_is_refused():
    with pytest.raises(SettingsError, match="query_prompt='query: ' is for an encoder, and there is none"):
        mine_hard_negatives(ROWS, settings=MiningSettings(method="random"), query_prompt="query: ")
