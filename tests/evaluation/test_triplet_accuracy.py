import numpy as np
import pandas as pd
import pytest

from tests.evaluation.ngram_encoder import TableEncoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import TripletEvaluator, evaluate_triplets, triplet_accuracy
from tfsiamese.pairs import Pairs, Triplets


def _triplets(*rows: tuple[str, str, tuple[str, ...]]) -> Triplets:
    return Triplets.from_frame(pd.DataFrame(rows, columns=["anchor", "positive", "negatives"]))


# To a: p has cosine 1, dot 5, distances 4 and 4; n has √½, 2, √5 and 3; m has 0, 0, √1.04 and 1.2.
_TABLE = TableEncoder({"a": [1, 0], "p": [5, 0], "n": [2, 2], "m": [0, 0.2], "far": [9, 9]})


def test_each_similarity_has_its_own_accuracy():
    metrics = evaluate_triplets(_TABLE, _triplets(("a", "p", ("n", "m"))))
    assert metrics == {
        "accuracy_cosine": 1.0,
        "accuracy_dot": 1.0,
        "accuracy_euclidean": 0.0,
        "accuracy_manhattan": 0.0,
    }
    metrics = evaluate_triplets(_TABLE, _triplets(("a", "n", ("p", "far"))))
    assert metrics == {
        "accuracy_cosine": 0.0,
        "accuracy_dot": 0.0,
        "accuracy_euclidean": 1.0,
        "accuracy_manhattan": 1.0,
    }


def test_each_negative_of_a_row_is_a_triplet_and_rows_without_are_none():
    triplets = _triplets(("a", "p", ("n", "far", "m")), ("a", "n", ("p",)), ("a", "far", ()))
    assert evaluate_triplets(_TABLE, triplets, similarities=["cosine"]) == {"accuracy_cosine": 3 / 4}


def test_an_equal_similarity_is_a_miss():
    table = TableEncoder({text: [0.3, 0.1] for text in "apn"})
    assert set(evaluate_triplets(table, _triplets(("a", "p", ("n",)))).values()) == {0.0}


def test_many_triplets_give_what_one_at_a_time_gives(monkeypatch, encoder):
    monkeypatch.setattr(triplet_accuracy, "_TRIPLETS_AT_ONCE", 3)
    words = ["nurse", "nurses", "baker", "bakery", "judge", "judges", "pilot", "piloting"]
    rows = [(words[i], words[(i + 1) % 8], (words[(i + 3) % 8], words[(i + 5) % 8])) for i in range(8)]
    metrics = evaluate_triplets(encoder, _triplets(*rows), batch_size=5)
    assert (encoder.settings[0][0], len(encoder.calls), sorted(encoder.calls[0])) == (5, 1, sorted(words))
    hits = []
    for anchor, positive, negatives in rows:
        for negative in negatives:
            a, p, n = encoder.encode([anchor, positive, negative]).astype(float)
            hits.append(np.abs(a - p).sum() < np.abs(a - n).sum())
    assert metrics["accuracy_manhattan"] == np.mean(hits)


def test_a_file_is_read_and_other_shapes_are_refused(tmp_path, encoder):
    path = tmp_path / "triplets.csv"
    path.write_text("anchor,positive,negative\nnurse,nurses,baker\n", encoding="utf-8")
    assert evaluate_triplets(encoder, path)["accuracy_cosine"] == 1.0
    pairs = Pairs.from_frame(pd.DataFrame({"left": ["a"], "right": ["b"], "score": [1.0]}))
    with pytest.raises(DataError, match="holds pairs. Expected triplets"):
        evaluate_triplets(encoder, pairs)


def test_no_negative_at_all_is_an_error():
    with pytest.raises(DataError, match="no row has a negative"):
        TripletEvaluator(_triplets(("a", "p", ())))


@pytest.mark.parametrize("similarities", [["cosine", "angular"], [], ["dot", "dot"]])
def test_unknown_no_and_doubled_similarities_are_refused(similarities):
    with pytest.raises(SettingsError, match="different ones of cosine, dot, euclidean, manhattan"):
        evaluate_triplets(_TABLE, _triplets(("a", "p", ("n",))), similarities=similarities)


def test_the_evaluator_gives_the_same_under_keys_known_before():
    triplets = _triplets(("a", "p", ("n", "m")), ("a", "n", ("p",)))
    evaluator = TripletEvaluator(triplets, similarities=["dot", "euclidean"], primary_metric="accuracy_dot")
    assert evaluator(_TABLE) == evaluate_triplets(_TABLE, triplets, similarities=["dot", "euclidean"])
    assert tuple(evaluator(_TABLE)) == evaluator.metric_names
    config = {"name": "triplets", "triplets": 3, "fingerprint": triplets.fingerprint}
    assert evaluator.get_config() == config | {"query_prompt": None, "passage_prompt": None}
    with pytest.raises(SettingsError, match="'accuracy_cosine'. Expected one of accuracy_dot"):
        TripletEvaluator(triplets, similarities=["dot"])
