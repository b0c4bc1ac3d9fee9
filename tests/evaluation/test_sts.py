import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.evaluation.ngram_encoder import TableEncoder
from tfsiamese.errors import DataError, EncoderError
from tfsiamese.evaluation import evaluate_sts, read_sts
from tfsiamese.pairs import Pairs

_ROWS = """a man plays,a man played,5.0
"a dog, asleep",a dog,3.8
a cat,the stock market,0.0
"""


@pytest.fixture
def headerless(tmp_path: Path) -> Path:
    path = tmp_path / "sts.csv"
    path.write_text(_ROWS)
    return path


def _pairs(scores: list[float]) -> Pairs:
    left = [f"text {index}" for index in range(len(scores))]
    return Pairs.from_frame(pd.DataFrame({"left": left, "right": left[::-1], "score": scores}))


class TestReading:
    def test_a_file_without_a_header_keeps_its_first_row(self, headerless):
        pairs = read_sts(headerless)
        assert pairs.left == ["a man plays", "a dog, asleep", "a cat"]
        assert pairs.right == ["a man played", "a dog", "the stock market"]
        np.testing.assert_allclose(pairs.scores, [1.0, 0.76, 0.0], rtol=1e-6)

    def test_a_file_with_a_header_is_read_by_its_names(self, tmp_path):
        path = tmp_path / "sts.csv"
        path.write_text("score,sentence1,sentence2\n2.5,a,b\n5,c,d\n")
        pairs = read_sts(path)
        assert (pairs.left, pairs.right, pairs.scores.tolist()) == (["a", "c"], ["b", "d"], [0.5, 1.0])

    def test_tabs_and_a_byte_order_mark_are_no_hindrance(self, tmp_path):
        path = tmp_path / "sts.tsv"
        path.write_text("a, b\tc\t5\nd\te\t0\n", encoding="utf-8-sig")
        assert read_sts(path).left == ["a, b", "d"]

    def test_a_file_whose_scores_all_lie_from_0_to_1_has_that_scale(self, tmp_path):
        path = tmp_path / "sts.csv"
        path.write_text("sentence1,sentence2,score\na,b,0.2\nc,d,1.0\n")
        np.testing.assert_allclose(read_sts(path).scores, [0.2, 1.0], rtol=1e-6)

    def test_a_range_that_is_given_is_the_one_that_holds(self, tmp_path):
        path = tmp_path / "sts.csv"
        path.write_text("a,b,0.2\nc,d,1.0\n")
        np.testing.assert_allclose(read_sts(path, score_range=(0, 4)).scores, [0.05, 0.25], rtol=1e-6)

    def test_a_score_above_5_is_reported_with_its_line(self, headerless):
        headerless.write_text(_ROWS + "x,y,7\n")
        with pytest.raises(DataError, match=r"line 4: 'score' is 7, not from 0 to 5"):
            read_sts(headerless)

    def test_a_missing_file_is_named(self, tmp_path):
        with pytest.raises(DataError, match=r"missing\.csv does not exist"):
            read_sts(tmp_path / "missing.csv")


class TestScores:
    def test_correlations_worked_by_hand(self):
        # Angles of 0°, 60°, 90°, 180° from the left text: cosines 1, 1/2, 0, −1, angular 1, 2/3, 1/2, 0.
        encoder = TableEncoder({"l": [2, 0], "p": [1, 0], "q": [1, 3**0.5], "r": [0, 3], "s": [-1, 0]})
        frame = pd.DataFrame({"left": ["l"] * 4, "right": list("pqrs"), "score": [1.0, 0.5, 0.5, 0.0]})
        scores = evaluate_sts(encoder, Pairs.from_frame(frame))
        # Cosines: dx = .875, .375, −.125, −1.125, Σ dx² = 2.1875; dy = .5, 0, 0, −.5, Σ dy² = .5; Σ dx·dy = 1.
        assert scores["pearson_cosine"] == pytest.approx(1 / (2.1875 * 0.5) ** 0.5, abs=1e-6)
        # Angular in twelfths: 12, 8, 6, 0 with mean 6.5: Σ dx² = 75, Σ dx·dy = .5 · (5.5 + 6.5) = 6.
        assert scores["pearson_angular"] == pytest.approx(6 / (75 * 0.5) ** 0.5, abs=1e-6)
        # Ranks 4, 3, 2, 1 and 4, 2.5, 2.5, 1: Σ dx² = 5, Σ dy² = 4.5, Σ dx·dy = 4.5.
        assert scores["spearman_cosine"] == scores["spearman_angular"] == pytest.approx((4.5 / 5) ** 0.5)
        assert scores["pairs"] == 4

    def test_the_keys_are_these(self, encoder, headerless):
        scores = evaluate_sts(encoder, headerless)
        assert list(scores) == ["pearson_cosine", "spearman_cosine", "pearson_angular", "spearman_angular", "pairs"]
        assert {type(value) for value in scores.values()} == {float, int}

    def test_each_distinct_text_is_encoded_once_in_one_call(self, encoder):
        frame = pd.DataFrame({"left": ["man", "men", "man"], "right": ["men", "mad", "dog"], "score": [0.1, 0.2, 0.9]})
        evaluate_sts(encoder, Pairs.from_frame(frame), batch_size=3, show_progress=True)
        assert [sorted(texts) for texts in encoder.calls] == [["dog", "mad", "man", "men"]]
        assert encoder.settings == [(3, False, True)]

    def test_several_sources_are_pooled(self, encoder, headerless, tmp_path):
        second = tmp_path / "second.csv"
        second.write_text("a green apple,a red apple,2.5\nsummer,winter,1.0\n")
        both = tmp_path / "both.csv"
        both.write_text(_ROWS + second.read_text())
        assert evaluate_sts(encoder, [headerless, read_sts(second)]) == evaluate_sts(encoder, both)

    def test_the_scale_of_the_scores_makes_no_difference(self, encoder, headerless):
        expected = evaluate_sts(encoder, headerless)
        assert evaluate_sts(encoder, headerless, score_range=(-10, 10)) == pytest.approx(expected, abs=1e-6)


class TestUndefined:
    def test_one_pair_is_too_few(self, encoder):
        with pytest.raises(DataError, match=r"1 pairs\. Expected at least two"):
            evaluate_sts(encoder, _pairs([0.5]))

    def test_an_empty_list_is_too_few(self, encoder):
        with pytest.raises(DataError, match="0 pairs"):
            evaluate_sts(encoder, [])

    def test_constant_scores_are_found_before_anything_is_encoded(self, encoder):
        with pytest.raises(DataError, match=r"DataFrame: all 3 scores are the same \(0\.5"):
            evaluate_sts(encoder, _pairs([0.5, 0.5, 0.5]))
        assert encoder.calls == []

    def test_an_encoder_that_gives_all_texts_one_vector_is_named(self):
        encoder = TableEncoder({f"text {index}": [0.3, 0.4] for index in range(3)})
        with pytest.raises(DataError, match="all 3 similarities are the same"):
            evaluate_sts(encoder, _pairs([0.1, 0.5, 0.7]))

    def test_vectors_of_nan_are_an_error_of_the_encoder(self):
        encoder = TableEncoder({f"text {index}": [float("nan")] for index in range(3)})
        with pytest.raises(EncoderError, match="3 of 3 texts"):
            evaluate_sts(encoder, _pairs([0.1, 0.5, 0.7]))


class TestRealData:
    def test_stsb_has_its_known_sizes_and_scale(self, stsb):
        for name, size in (("en-train", 5749), ("en-dev", 1500), ("de-test", 1379), ("ja-dev", 1500)):
            pairs = read_sts(stsb / f"stsb-{name}.csv")
            assert (len(pairs), pairs.scores.min(), pairs.scores.max()) == (size, 0.0, 1.0)

    def test_trigrams_on_stsb_agree_with_independent_implementations(self, encoder, stsb):
        scores = evaluate_sts(encoder, stsb / "stsb-en-dev.csv")
        # The same vectors in a separate environment. Pearson on cosine: sentence-transformers 6.2.0,
        # EmbeddingSimilarityEvaluator, 0.68805274656 (single precision). Angular: scipy.stats on the formula. Spearman:
        # scipy.stats on the ranks of exact cosines (fractions.Fraction; trigram counts are whole numbers).
        assert scores["pearson_cosine"] == pytest.approx(0.68805274656, abs=1e-8)
        assert scores["pearson_angular"] == pytest.approx(0.68516380127, abs=1e-8)
        assert scores["spearman_cosine"] == pytest.approx(0.6892605973078885, abs=1e-12)
        assert scores["spearman_angular"] == pytest.approx(0.6892605973078885, abs=1e-12)
        assert scores["pairs"] == 1500


def test_evaluation_does_not_import_tensorflow():
    code = "import sys, tfsiamese.evaluation; sys.exit('tensorflow' in sys.modules)"
    root = Path(__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", code], cwd=root, check=False).returncode == 0
