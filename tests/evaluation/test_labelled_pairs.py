import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.ngram_encoder import TableEncoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import evaluate_pairs
from tfsiamese.pairs import Pairs, read_pairs

_GRADED_KEYS = ["mae", "mse", "pearson", "spearman"]
_BINARY_KEYS = [
    *_GRADED_KEYS,
    "accuracy",
    "accuracy_threshold",
    "f1",
    "f1_threshold",
    "precision",
    "recall",
    "average_precision",
    "mcc",
    "mcc_threshold",
]

# Angles of 0°, 45°, 90°, 135°, 180° from "l": angular 1, 3/4, 1/2, 1/4, 0.
_COMPASS = TableEncoder({"l": [2, 0], "0": [1, 0], "45": [1, 1], "90": [0, 3], "135": [-1, 1], "180": [-1, 0]})


def _pairs(right: list[str], scores: list[float]) -> Pairs:
    return Pairs.from_frame(pd.DataFrame({"left": ["l"] * len(right), "right": right, "score": scores}))


def test_errors_and_correlations_worked_by_hand():
    scores = evaluate_pairs(_COMPASS, _pairs(["0", "45", "90", "180"], [1.0, 0.25, 0.75, 0.0]))
    assert list(scores) == _GRADED_KEYS
    # Differences 0, 1/2, −1/4, 0.
    assert scores["mae"] == pytest.approx(0.75 / 4, abs=1e-7)
    assert scores["mse"] == pytest.approx((1 / 4 + 1 / 16) / 4, abs=1e-7)
    # In quarters: 4, 3, 2, 0 (mean 9/4, Σ dx² = 8.75) and 4, 1, 3, 0 (mean 2, Σ dy² = 10); Σ dx·dy = 25 − 18 = 7.
    assert scores["pearson"] == pytest.approx(7 / (8.75 * 10) ** 0.5, abs=1e-7)
    # Ranks 4, 3, 2, 1 and 4, 2, 3, 1.
    assert scores["spearman"] == pytest.approx(4 / 5)


def test_binary_scores_add_the_metrics_of_a_classifier():
    scores = evaluate_pairs(_COMPASS, _pairs(["0", "45", "90", "180"], [1.0, 0.0, 1.0, 0.0]))
    assert list(scores) == _BINARY_KEYS
    assert (scores["accuracy"], scores["accuracy_threshold"]) == (3 / 4, pytest.approx(7 / 8, abs=1e-7))
    assert (scores["f1"], scores["f1_threshold"]) == (pytest.approx(4 / 5), pytest.approx(1 / 4, abs=1e-7))
    assert (scores["precision"], scores["recall"]) == (pytest.approx(2 / 3), 1.0)
    assert scores["average_precision"] == pytest.approx(1 / 2 + 1 / 3)
    # Down to the first: TP 1, FP 0, TN 2, FN 1. Down to the third: TP 2, FP 1, TN 1, FN 0. Both 2/√12.
    assert (scores["mcc"], scores["mcc_threshold"]) == (pytest.approx(2 / 12**0.5), pytest.approx(7 / 8, abs=1e-7))


@pytest.mark.parametrize("score", [0.0, 0.5, 1.0])
def test_constant_scores_leave_the_errors_alone(score):
    scores = evaluate_pairs(_COMPASS, _pairs(["0", "180"], [score, score]))
    assert scores == {"mae": pytest.approx(0.5), "mse": pytest.approx((score**2 + (1 - score) ** 2) / 2)}


def test_a_single_pair_has_errors():
    assert evaluate_pairs(_COMPASS, _pairs(["90"], [1.0])) == {"mae": 0.5, "mse": 0.25}


def test_the_keys_depend_on_the_labels_alone():
    pairs = _pairs(["0", "45", "90", "180"], [1.0, 1.0, 0.0, 0.0])
    turned = TableEncoder({"l": [0, 1], "0": [5, 1], "45": [1, 4], "90": [3, 0], "180": [-1, 2]})
    assert list(evaluate_pairs(_COMPASS, pairs)) == list(evaluate_pairs(turned, pairs))


def test_similarities_that_are_all_the_same_have_correlation_0_and_a_warning(caplog):
    scores = evaluate_pairs(_COMPASS, _pairs(["90", "90"], [0.0, 1.0]))
    assert (scores["pearson"], scores["spearman"]) == (0.0, 0.0)
    assert (scores["accuracy"], scores["average_precision"]) == (0.5, 0.5)
    assert "All 2 similarities are the same" in caplog.text


@pytest.mark.parametrize(("head", "expected"), [("angular", 0.75), ("cosine", 0.5**0.5), ("dot", 2.0)])
def test_the_head_decides_which_similarity_is_compared(head, expected):
    assert evaluate_pairs(_COMPASS, _pairs(["45"], [0.0]), head=head)["mae"] == pytest.approx(expected)


def test_an_unknown_head_is_found_before_anything_is_encoded(encoder):
    with pytest.raises(SettingsError, match="'euclidean'"):
        evaluate_pairs(encoder, _pairs(["0"], [1.0]), head="euclidean")
    assert encoder.calls == []


def test_no_pairs_are_an_error(encoder):
    with pytest.raises(DataError, match="no pairs to evaluate on"):
        evaluate_pairs(encoder, _pairs(["0"], [1.0]).take([]))


def test_a_path_is_read_and_the_settings_reach_the_encoder(encoder, tmp_path):
    path = tmp_path / "pairs.csv"
    path.write_text("left,right,score\na nurse,a nurse,1\na nurse,a pilot,0.5\n")
    scores = evaluate_pairs(encoder, path, batch_size=5, show_progress=True)
    assert scores == evaluate_pairs(encoder, read_pairs(path))
    assert encoder.calls[0] == ["a nurse", "a pilot"]
    assert encoder.settings[0] == (5, False, True)


def test_the_result_is_valid_json(encoder):
    scores = evaluate_pairs(_COMPASS, _pairs(["0", "45", "90"], [1.0, 0.0, 0.0]))
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
    assert {type(value) for value in scores.values()} == {float}


@pytest.mark.skipif(not os.environ.get("TFSIAMESE_DATA"), reason="TFSIAMESE_DATA is not set: the article's pairs")
def test_the_pairs_of_the_article_have_graded_scores(encoder):
    pairs = read_pairs(Path(os.environ["TFSIAMESE_DATA"]) / "seed_article" / "esco_pairs.csv")
    scores = evaluate_pairs(encoder, pairs, head="cosine")
    assert list(scores) == _GRADED_KEYS
    left, right = encoder.encode(pairs.left).astype(float), encoder.encode(pairs.right).astype(float)
    cosine = np.diag(left @ right.T) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
    assert scores["mae"] == pytest.approx(np.abs(cosine - pairs.scores).mean())
    assert scores["pearson"] == pytest.approx(np.corrcoef(cosine, pairs.scores)[0, 1])
