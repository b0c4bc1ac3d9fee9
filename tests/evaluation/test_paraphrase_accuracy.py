import json

import pytest

from tests.evaluation.ngram_encoder import TableEncoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import ParaphraseMiningEvaluator, evaluate_paraphrase_mining, transitive_closure

_TEXTS = {"a": "A", "b": "B", "c": "C", "d": "D"}
# Cosines: ab 0.96, ac 0.8, ad 0, bc 0.936, bd 0.28, cd 0.6.
_TABLE = TableEncoder({"A": [1, 0], "B": [0.96, 0.28], "C": [0.8, 0.6], "D": [0, 1]})


def test_pairs_of_four_texts_worked_by_hand():
    metrics = evaluate_paraphrase_mining(_TABLE, _TEXTS, [("b", "a"), ("a", "c")])
    # Ranked: ab (hit), bc, ac (hit), cd, bd, ad.
    assert metrics["average_precision"] == pytest.approx((1 + 2 / 3) / 2)
    assert (metrics["f1"], metrics["precision"], metrics["recall"]) == (pytest.approx(0.8), pytest.approx(2 / 3), 1.0)
    assert metrics["threshold"] == pytest.approx((0.8 + 0.6) / 2)


def test_duplicates_that_were_not_found_count_in_recall():
    metrics = evaluate_paraphrase_mining(_TABLE, _TEXTS, [("a", "b"), ("a", "d")], max_pairs=2)
    assert (metrics["average_precision"], metrics["recall"]) == (pytest.approx(1 / 2), 1 / 2)
    nothing = evaluate_paraphrase_mining(_TABLE, _TEXTS, [("a", "d")], max_pairs=2)
    assert nothing == dict.fromkeys(("average_precision", "f1", "precision", "recall", "threshold"), 0.0)


def test_only_the_nearest_of_each_text_can_be_found():
    # Nearest: a–b, b–a, c–b, d–c.
    assert evaluate_paraphrase_mining(_TABLE, _TEXTS, [("a", "c")], top_k=1)["recall"] == 0.0
    assert evaluate_paraphrase_mining(_TABLE, _TEXTS, [("b", "c")], top_k=1)["recall"] == 1.0


def test_equal_similarities_are_never_split():
    table = TableEncoder({"A": [1, 0], "B": [1, 0], "C": [2, 0]})
    metrics = evaluate_paraphrase_mining(table, {"a": "A", "b": "B", "c": "C"}, [("a", "b")])
    assert (metrics["average_precision"], metrics["f1"]) == (pytest.approx(1 / 3), pytest.approx(1 / 2))


def test_a_pair_given_both_ways_round_counts_once():
    once = evaluate_paraphrase_mining(_TABLE, _TEXTS, [("a", "b")])
    assert evaluate_paraphrase_mining(_TABLE, _TEXTS, [("a", "b"), ("b", "a"), ("a", "b")]) == once


def test_the_closure_joins_what_is_connected():
    assert transitive_closure([("b", "a"), ("c", "b"), ("x", "y")]) == {("a", "b"), ("a", "c"), ("b", "c"), ("x", "y")}
    assert transitive_closure([]) == set()


@pytest.mark.parametrize(
    ("texts", "duplicates", "problem"),
    [
        ({"a": "A"}, [("a", "b")], "at least two texts. Received: 1"),
        (_TEXTS, [], "There are no duplicates"),
        (_TEXTS, [("a", "b"), ("a", "z")], r"1 duplicate cannot be used: \('a', 'z'\)"),
        (_TEXTS, [("a", "a")], r"1 duplicate cannot be used: \('a', 'a'\)"),
    ],
)
def test_data_that_cannot_be_used_is_found_before_anything_is_encoded(texts, duplicates, problem, encoder):
    with pytest.raises(DataError, match=problem):
        evaluate_paraphrase_mining(encoder, texts, duplicates)
    with pytest.raises(DataError, match=problem):
        ParaphraseMiningEvaluator(texts, duplicates)
    assert encoder.calls == []


def test_the_evaluator_gives_the_same_at_each_call(encoder):
    texts = {"a": "nurse", "b": "nurses", "c": "baker", "d": "nurse"}
    evaluator = ParaphraseMiningEvaluator(texts, iter([("a", "b"), ("d", "a")]), top_k=3, batch_size=2)
    expected = evaluate_paraphrase_mining(encoder, texts, [("a", "b"), ("d", "a")], top_k=3)
    assert evaluator(encoder) == evaluator(encoder) == expected
    assert encoder.calls[-1] == ["nurse", "nurses", "baker"]
    assert encoder.settings[-1][0] == 2
    assert {*evaluator.metric_names} == expected.keys() - {"threshold"}


def test_its_config_tells_the_data_whichever_way_round_the_pairs_are():
    config = ParaphraseMiningEvaluator(_TEXTS, [("a", "b"), ("c", "d")]).get_config()
    assert config == ParaphraseMiningEvaluator(_TEXTS, [("d", "c"), ("b", "a"), ("a", "b")]).get_config()
    assert config != ParaphraseMiningEvaluator(_TEXTS, [("a", "b"), ("a", "c")]).get_config()
    assert json.loads(json.dumps(config))["duplicates"] == 2


def test_a_threshold_cannot_be_the_primary_metric():
    with pytest.raises(SettingsError, match="'threshold'. Expected one of average_precision, f1"):
        ParaphraseMiningEvaluator(_TEXTS, [("a", "b")], primary_metric="threshold")
