import json
from pathlib import Path

import pandas as pd
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation import (
    EvaluatorSequence,
    PairEvaluator,
    StsEvaluator,
    evaluate,
    evaluate_pairs,
    evaluate_sts,
)
from tfsiamese.pairs import Pairs

_LEFT = ["a tall man", "a tall man", "two dogs"]
_RIGHT = ["a tall woman", "stock prices", "two dogs run"]


def _pairs(*scores: float) -> Pairs:
    return Pairs.from_frame(pd.DataFrame({"left": _LEFT, "right": _RIGHT, "score": scores}))


@pytest.fixture
def sts_file(tmp_path: Path) -> Path:
    path = tmp_path / "sts.csv"
    path.write_text(
        "\n".join(f"{left},{right},{score}" for left, right, score in zip(_LEFT, _RIGHT, "405", strict=True))
    )
    return path


class TestStsEvaluator:
    def test_it_gives_what_evaluate_sts_gives(self, encoder, sts_file):
        evaluator = StsEvaluator(sts_file)
        assert evaluator(encoder) == evaluate_sts(encoder, sts_file)
        assert (evaluator.name, evaluator.primary_metric, evaluator.greater_is_better) == (
            "sts",
            "pearson_cosine",
            True,
        )

    def test_the_file_is_read_when_the_evaluator_is_made(self, encoder, sts_file):
        evaluator = StsEvaluator(sts_file, batch_size=9)
        sts_file.unlink()
        assert evaluator(encoder) == evaluator(encoder)
        assert encoder.settings[0] == (9, False, False)

    def test_data_that_cannot_be_used_is_found_when_the_evaluator_is_made(self, tmp_path):
        with pytest.raises(DataError, match="does not exist"):
            StsEvaluator(tmp_path / "missing.csv")
        with pytest.raises(DataError, match="all 3 scores are the same"):
            StsEvaluator(_pairs(1, 1, 1))

    def test_another_primary_metric_can_be_named(self, sts_file):
        assert StsEvaluator(sts_file, primary_metric="spearman_angular").primary_metric == "spearman_angular"

    @pytest.mark.parametrize("metric", ["pearson", "pairs"])
    def test_a_primary_metric_must_be_a_key_that_can_be_compared(self, sts_file, metric):
        with pytest.raises(SettingsError, match="Expected one of pearson_cosine, spearman_cosine, "):
            StsEvaluator(sts_file, primary_metric=metric)


class TestPairEvaluator:
    def test_it_gives_what_evaluate_pairs_gives(self, encoder):
        pairs = _pairs(0.8, 0.1, 0.9)
        evaluator = PairEvaluator(pairs, head="cosine")
        assert evaluator.name == "validation"
        assert evaluator(encoder) == evaluate_pairs(encoder, pairs, head="cosine")

    def test_a_path_is_read_at_once(self, encoder, tmp_path):
        path = tmp_path / "pairs.csv"
        path.write_text("left,right,score\na,b,0.2\na,c,0.7\n")
        evaluator = PairEvaluator(path)
        path.unlink()
        assert "pearson" in evaluator(encoder)

    @pytest.mark.parametrize(
        ("scores", "metric", "greater_is_better"),
        [((0.8, 0.1, 0.9), "pearson", True), ((1, 0, 1), "average_precision", True), ((1, 1, 1), "mae", False)],
    )
    def test_the_labels_decide_the_primary_metric(self, encoder, scores, metric, greater_is_better):
        evaluator = PairEvaluator(_pairs(*scores))
        assert (evaluator.primary_metric, evaluator.greater_is_better) == (metric, greater_is_better)
        assert metric in evaluator(encoder)

    def test_an_error_as_primary_metric_is_better_when_smaller(self):
        evaluator = PairEvaluator(_pairs(0.8, 0.1, 0.9), primary_metric="mse")
        assert (evaluator.primary_metric, evaluator.greater_is_better) == ("mse", False)

    def test_a_primary_metric_that_these_labels_do_not_give_is_refused(self):
        with pytest.raises(SettingsError, match=r"'f1'\. Expected one of mae, mse, pearson, spearman"):
            PairEvaluator(_pairs(0.8, 0.1, 0.9), primary_metric="f1")

    def test_an_unknown_head_and_missing_pairs_are_found_when_the_evaluator_is_made(self):
        with pytest.raises(SettingsError, match="head 'sine'"):
            PairEvaluator(_pairs(0.8, 0.1, 0.9), head="sine")
        with pytest.raises(DataError, match="no pairs"):
            PairEvaluator(_pairs(0.8, 0.1, 0.9).take([]))


class TestEvaluatorSequence:
    def test_keys_carry_the_name_of_their_evaluator(self, encoder, sts_file):
        sequence = EvaluatorSequence([StsEvaluator(sts_file), PairEvaluator(_pairs(0.8, 0.1, 0.9))])
        assert list(sequence(encoder)) == [
            "sts_pearson_cosine",
            "sts_spearman_cosine",
            "sts_pearson_angular",
            "sts_spearman_angular",
            "validation_mae",
            "validation_mse",
            "validation_pearson",
            "validation_spearman",
        ]

    def test_the_first_evaluator_gives_the_primary_metric(self, encoder, sts_file):
        pairs = PairEvaluator(_pairs(1, 1, 1))
        sequence = EvaluatorSequence([pairs, StsEvaluator(sts_file)])
        assert (sequence.primary_metric, sequence.greater_is_better) == ("validation_mae", False)
        assert sequence.primary_metric in sequence(encoder)

    def test_any_metric_of_any_evaluator_can_be_the_primary_one(self, encoder, sts_file):
        evaluators = [StsEvaluator(sts_file), PairEvaluator(_pairs(0.8, 0.1, 0.9))]
        greater = EvaluatorSequence(evaluators, primary_metric="validation_pearson")
        assert (greater.primary_metric, greater.greater_is_better) == ("validation_pearson", True)
        smaller = EvaluatorSequence(evaluators, primary_metric="validation_mse")
        assert (smaller.primary_metric, smaller.greater_is_better) == ("validation_mse", False)
        assert {*greater.metric_names} == greater(encoder).keys()

    def test_the_direction_of_a_metric_survives_a_sequence_within_a_sequence(self):
        inner = EvaluatorSequence([PairEvaluator(_pairs(0.8, 0.1, 0.9))], name="inner")
        outer = EvaluatorSequence([inner], primary_metric="inner_validation_mae")
        assert not outer.greater_is_better

    def test_thresholds_and_unknown_keys_cannot_be_primary(self):
        evaluators = [PairEvaluator(_pairs(1, 0, 1))]
        for metric in ("validation_f1_threshold", "validation_mcc_threshold", "f1", "sts_pearson_cosine"):
            with pytest.raises(SettingsError, match=rf"{metric}'\. Expected one of validation_mae, "):
                EvaluatorSequence(evaluators, primary_metric=metric)

    def test_of_an_evaluator_that_does_not_name_its_metrics_the_primary_one_can_be_chosen(self, sts_file):
        class Stranger:
            name, primary_metric, greater_is_better = "own", "loss", False

            def __call__(self, encoder: object) -> dict[str, float]:
                return {"loss": 1.0, "gain": 2.0}

        sequence = EvaluatorSequence([StsEvaluator(sts_file), Stranger()], primary_metric="own_loss")
        assert not sequence.greater_is_better
        with pytest.raises(SettingsError, match="own_gain"):
            EvaluatorSequence([Stranger()], primary_metric="own_gain")

    def test_a_sequence_can_be_part_of_another(self, encoder, sts_file):
        inner = EvaluatorSequence([StsEvaluator(sts_file, name="en")], name="sts")
        outer = EvaluatorSequence([inner])
        assert outer.primary_metric == "sts_en_pearson_cosine"
        assert outer.primary_metric in outer(encoder)

    def test_two_evaluators_of_one_name_are_refused(self, sts_file):
        with pytest.raises(SettingsError, match=r"a name of its own\. Received: sts, sts"):
            EvaluatorSequence([StsEvaluator(sts_file), StsEvaluator(sts_file)])

    def test_no_evaluators_are_refused(self):
        with pytest.raises(SettingsError, match="at least one evaluator"):
            EvaluatorSequence([])


def test_evaluate_gives_one_dictionary_for_each_evaluator_ready_for_json(encoder, sts_file):
    pairs = _pairs(1, 0, 1)
    scores = evaluate(encoder, [StsEvaluator(sts_file), PairEvaluator(pairs, name="pairs")])
    assert scores == {"sts": evaluate_sts(encoder, sts_file), "pairs": evaluate_pairs(encoder, pairs)}
    assert json.loads(json.dumps(scores, allow_nan=False)) == scores
