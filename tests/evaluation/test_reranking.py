import json

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.ngram_encoder import TableEncoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import RerankingEvaluator, RerankingSample, evaluate_reranking, reranking_samples
from tfsiamese.pairs import Triplets

# Similarity to q falls from c1 to c5; t is as near as c2.
_TABLE = TableEncoder({"q": [1, 0], "c1": [9, 1], "c2": [4, 1], "c3": [2, 1], "c4": [1, 1], "c5": [0, 1], "t": [8, 2]})


def test_one_query_worked_by_hand():
    metrics = evaluate_reranking(_TABLE, [RerankingSample("q", ("c4", "c2"), ("c1", "c3", "c5"))])
    assert metrics["map"] == pytest.approx((1 / 2 + 2 / 4) / 2)
    assert metrics["mrr@10"] == 1 / 2
    assert metrics["ndcg@10"] == pytest.approx((1 / np.log2(3) + 1 / np.log2(5)) / (1 + 1 / np.log2(3)))


def test_queries_count_alike_and_mrr_and_ndcg_are_cut():
    samples = [RerankingSample("q", ("c1",), ("c2", "c3")), RerankingSample("q", ("c5",), ("c2", "c3"))]
    metrics = evaluate_reranking(_TABLE, samples, at=2)
    assert metrics == {"map": pytest.approx((1 + 1 / 3) / 2), "mrr@2": 1 / 2, "ndcg@2": 1 / 2}


def test_of_equal_similarities_none_is_preferred():
    metrics = evaluate_reranking(_TABLE, [RerankingSample("q", ("c2",), ("t", "c5"))])
    assert metrics["map"] == 1 / 2  # one step with one of two
    assert metrics["mrr@10"] == 1 / 2  # the negative first
    assert metrics["ndcg@10"] == pytest.approx((1 / 2) * (1 + 1 / np.log2(3)))  # half a gain at each


def test_the_similarity_can_be_the_dot_product():
    sample = RerankingSample("q", ("c1",), ("t",))
    table = TableEncoder({"q": [1, 0], "c1": [1, 0], "t": [5, 5]})
    assert evaluate_reranking(table, [sample], similarity="cosine")["mrr@10"] == 1.0
    assert evaluate_reranking(table, [sample], similarity="dot")["mrr@10"] == 1 / 2


def test_rows_of_one_anchor_are_merged_and_positives_are_never_negatives():
    rows = [("q", "c1", ("c2", "c5")), ("x", "c3", ("c4",)), ("q", "c2", ("c5", "c4")), ("q", "c1", ())]
    triplets = Triplets.from_frame(pd.DataFrame(rows, columns=["anchor", "positive", "negatives"]))
    assert reranking_samples(triplets) == [
        RerankingSample("q", ("c1", "c2"), ("c5", "c4")),
        RerankingSample("x", ("c3",), ("c4",)),
    ]


def test_queries_that_cannot_be_sorted_are_left_out_with_a_warning(caplog):
    samples = [
        RerankingSample("q", ("c1",), ("c2",)),
        RerankingSample("q", ("c5",), ()),
        RerankingSample("q", (), ("t",)),
    ]
    assert evaluate_reranking(_TABLE, samples)["map"] == 1.0
    assert "2 of 3 queries lack positives or negatives" in caplog.text
    with pytest.raises(DataError, match="none of 2 samples has both"):
        evaluate_reranking(_TABLE, samples[1:])


def test_a_file_of_triplets_is_read_and_each_text_encoded_once(tmp_path, encoder):
    path = tmp_path / "triplets.csv"
    path.write_text("anchor,positive,negative\nnurse,nurses,baker\nbaker,bakers,nurse\n", encoding="utf-8")
    metrics = evaluate_reranking(encoder, path, batch_size=3)
    assert metrics["map"] == 1.0
    assert sorted(encoder.calls[0]) == ["baker", "bakers", "nurse", "nurses"]
    assert encoder.settings == [(3, False, False)]


def test_the_evaluator_gives_the_same_under_keys_known_before():
    samples = [RerankingSample("q", ("c4", "c2"), ("c1", "c3", "c5"))]
    evaluator = RerankingEvaluator(samples, at=3)
    assert evaluator(_TABLE) == evaluate_reranking(_TABLE, samples, at=3)
    assert tuple(evaluator(_TABLE)) == evaluator.metric_names == ("map", "mrr@3", "ndcg@3")
    assert (evaluator.primary_metric, evaluator.greater_is_better) == ("ndcg@3", True)
    config = json.loads(json.dumps(evaluator.get_config()))
    assert (config["name"], config["samples"], config["similarity"]) == ("reranking", 1, "cosine")
    other = RerankingEvaluator([RerankingSample("q", ("c4",), ("c1",))]).get_config()
    assert config["fingerprint"] != other["fingerprint"]


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"at": 0}, "at=0"),
        ({"similarity": "manhattan"}, "'manhattan'. Expected one of angular, cosine, dot"),
        ({"primary_metric": "ndcg@5"}, "'ndcg@5'. Expected one of map, mrr@10, ndcg@10"),
    ],
)
def test_wrong_settings_are_refused(settings, problem):
    with pytest.raises(SettingsError, match=problem):
        RerankingEvaluator([RerankingSample("q", ("c1",), ("c2",))], **settings)
