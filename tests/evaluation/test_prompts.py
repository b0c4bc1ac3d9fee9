"""Prompts in evaluation: hand-worked directions in the plane, chosen so that prompts turn every result round."""

import json
from collections.abc import Callable

import pandas as pd
import pytest

from tests.search.test_prompts import CHECKPOINTS, Prompted
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.evaluation import (
    PairEvaluator,
    RerankingEvaluator,
    RerankingSample,
    RetrievalData,
    RetrievalEvaluator,
    StsEvaluator,
    TripletEvaluator,
    evaluate_pairs,
    evaluate_reranking,
    evaluate_retrieval,
    evaluate_sts,
    evaluate_triplets,
)
from tfsiamese.pairs import Pairs, Triplets

RIGHT, UP, LEFT = [1.0, 0.0], [0.0, 1.0], [-1.0, 0.0]

# With prompts "a" is nearest to "b", without any to "c".
VECTORS = {"q: a": RIGHT, "p: b": RIGHT, "p: c": UP, "a": UP, "b": RIGHT, "c": UP, "q: b": LEFT, "q: c": UP}
NONE = {"query_prompt": "", "passage_prompt": ""}

RETRIEVAL = RetrievalData(queries={"1": "a"}, corpus={"x": "b", "y": "c"}, relevance={"1": {"x": 1}})
TRIPLETS = Triplets.from_frame(pd.DataFrame([("a", "b", ("c",))], columns=["anchor", "positive", "negatives"]))
SAMPLES = [RerankingSample("a", ("b",), ("c",))]

RANKINGS: dict[str, tuple[Callable, Callable, object, str, float]] = {
    "retrieval": (evaluate_retrieval, RetrievalEvaluator, RETRIEVAL, "mrr@10", 0.5),
    "reranking": (evaluate_reranking, RerankingEvaluator, SAMPLES, "mrr@10", 0.5),
    "triplets": (evaluate_triplets, TripletEvaluator, TRIPLETS, "accuracy_cosine", 0.0),
}


@pytest.fixture
def encoder() -> Prompted:
    return Prompted({"query": "q: ", "passage": "p: "}, VECTORS)


@pytest.mark.parametrize("name", RANKINGS)
def test_queries_and_passages_get_their_prompts_unless_told_otherwise(encoder: Prompted, name: str):
    evaluate, _, data, metric, without = RANKINGS[name]
    assert evaluate(encoder, data)[metric] == 1.0
    assert evaluate(encoder, data, query_prompt="q: ", passage_prompt="passage")[metric] == 1.0
    assert evaluate(encoder, data, **NONE)[metric] == without


@pytest.mark.parametrize("name", RANKINGS)
def test_an_evaluator_passes_its_prompts_on_and_says_so(encoder: Prompted, name: str):
    _, make, data, metric, without = RANKINGS[name]
    assert make(data)(encoder)[metric] == 1.0
    evaluator = make(data, **NONE)
    assert evaluator(encoder)[metric] == without
    assert json.loads(json.dumps(evaluator.get_config())).items() >= NONE.items()
    with pytest.raises(SettingsError, match=r"no prompt 'pasage' for passage_prompt\. Did you mean 'passage'"):
        make(data, passage_prompt="pasage")(encoder)


def test_a_text_that_is_a_query_and_a_document_has_a_vector_for_each(encoder: Prompted):
    data = RetrievalData({"1": "a", "2": "b"}, {"x": "b", "y": "c"}, {"1": {"x": 1}, "2": {"x": 1}})
    # "b" as a query points to the left, opposite to itself as a document: c, at a right angle, is nearer.
    assert evaluate_retrieval(encoder, data, at=[1])["accuracy@1"] == 0.5
    assert sorted(encoder.calls, key=str) == [(["a", "b"], "q: "), (["c", "b"], "p: ")]


def pairs_of(*rows: tuple[str, str, float]) -> Pairs:
    return Pairs.from_frame(pd.DataFrame(rows, columns=["left", "right", "score"]))


def test_pairs_get_prompts_only_where_they_are_given_left_as_queries(encoder: Prompted):
    pairs = pairs_of(("a", "b", 1.0), ("a", "c", 0.0))
    assert evaluate_pairs(encoder, pairs, head="cosine")["mae"] == pytest.approx(1.0)
    assert encoder.calls[-1][1] is None
    prompts = {"query_prompt": "query", "passage_prompt": "p: "}
    assert evaluate_pairs(encoder, pairs, head="cosine", **prompts)["mae"] == pytest.approx(0.0)
    evaluator = PairEvaluator(pairs, head="cosine", **prompts)
    assert evaluator(encoder)["mae"] == pytest.approx(0.0)
    assert evaluator.get_config().items() >= prompts.items()


def test_sts_puts_one_prompt_before_both_sides_where_it_is_given(encoder: Prompted):
    pairs = pairs_of(("a", "b", 0.0), ("b", "a", 0.1), ("a", "c", 1.0))
    # As they are, the cosines are 0, 0 and 1; as queries −1, −1 and 0. The order is the same.
    expected = evaluate_sts(encoder, pairs)
    assert evaluate_sts(encoder, pairs, prompt="query") == pytest.approx(expected)
    assert [prompt for _, prompt in encoder.calls] == [None, "q: "]
    evaluator = StsEvaluator(pairs, prompt="q: ")
    assert evaluator(encoder) == pytest.approx(expected)
    assert evaluator.get_config()["prompt"] == "q: "
    with pytest.raises(SettingsError, match="no prompt 'sts'"):
        evaluate_sts(encoder, pairs, prompt="sts")


def test_a_checkpoint_with_an_empty_document_prompt_gets_its_passage_prompt():
    encoder = load_encoder(CHECKPOINTS / "xlm_roberta")
    data = RetrievalData(
        {"1": "red apple", "2": "a nurse"},
        {str(number): text for number, text in enumerate(["apples are red", "nurses care", "pears", "clouds", "a"])},
        {"1": {"0": 1}, "2": {"1": 1}},
    )
    named = {"query_prompt": "query: ", "passage_prompt": "passage: "}
    assert encoder.prompts["document"] == ""
    assert evaluate_retrieval(encoder, data) == evaluate_retrieval(encoder, data, **named)
