import itertools
import logging
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from tests.mining.conftest import Rows
from tests.mining.encoders import Degrees, cosine
from tfsiamese.errors import DataError, EncoderError, SettingsError
from tfsiamese.mining import MiningSettings, mine_hard_negatives
from tfsiamese.pairs import Pairs, Triplets
from tfsiamese.search import TextVectors

CORPUS = ["5", "10", "20", "30", "40", "50", "60", "70", "80"]


def _mined(examples: Triplets, corpus: list[str] | None = CORPUS, **settings) -> list[tuple[str, ...]]:
    return mine_hard_negatives(
        examples, Degrees(), corpus=corpus, settings=MiningSettings(**settings)
    ).triplets.negatives


def test_the_nearest_texts_that_are_not_positives_become_negatives(rows: Rows):
    assert _mined(rows([("0", "20")])) == [("5", "10", "30")]


def test_without_a_corpus_the_positives_are_mined(rows: Rows):
    assert _mined(rows([("0", "20"), ("1", "40"), ("2", "60")]), None, num_negatives=2) == [
        ("40", "60"),
        ("20", "60"),
        ("20", "40"),
    ]


def test_a_positive_of_any_row_with_the_anchor_is_no_negative(rows: Rows):
    assert _mined(rows([("0", "20"), ("0", "5"), ("90", "80")]), num_negatives=1) == [("10",), ("10",), ("70",)]


def test_the_text_of_the_anchor_is_no_negative(rows: Rows):
    assert _mined(rows([("10", "20")]), num_negatives=1) == [("5",)]


def test_an_anchor_of_which_the_anchor_is_a_positive_is_no_negative(rows: Rows):
    assert _mined(rows([("5", "10"), ("10", "20")]), num_negatives=1) == [("20",), ("30",)]


def test_the_texts_of_a_group_are_no_negatives_of_each_other(rows: Rows):
    examples = rows([("0", "20"), ("1", "10"), ("5", "40"), ("89", "80")], ["a", "a", "a", "b"])
    assert _mined(examples, num_negatives=1) == [("30",), ("30",), ("30",), ("70",)]


def test_texts_in_several_groups_are_known_in_each_of_them(rows: Rows):
    pairs = [("0", "20"), ("0", "10"), ("1", "5"), ("2", "10"), ("3", "30")]
    examples = rows(pairs, ["a", "b", "a", "c", "c"])
    # 0 is in a and b, 10 in b and c: a knows 5, 20; b knows 10; c knows 10, 30.
    assert _mined(examples, num_negatives=9) == [
        ("30", "40", "50", "60", "70", "80"),
        ("30", "40", "50", "60", "70", "80"),
        ("10", "30", "40", "50", "60", "70", "80"),
        ("5", "20", "40", "50", "60", "70", "80"),
        ("5", "20", "40", "50", "60", "70", "80"),
    ]


def test_range_min_skips_the_best_and_range_max_ends_the_window(rows: Rows):
    assert _mined(rows([("0", "20")]), range_min=2, num_negatives=2) == [("30", "40")]
    assert _mined(rows([("0", "20")]), range_min=1, range_max=4, num_negatives=3) == [("10", "30", "40")]
    assert _mined(rows([("0", "20")]), range_max=4, max_score=cosine(35), num_negatives=3) == [("40",)]


def test_max_and_min_score_bound_the_negatives(rows: Rows):
    negatives = _mined(rows([("0", "20")]), max_score=cosine(8), min_score=cosine(55), num_negatives=9)
    assert negatives == [("10", "30", "40", "50")]


def test_the_absolute_margin_counts_from_the_positive(rows: Rows):
    # cos 20° − 0.1 = 0.840, between cos 30° = 0.866 and cos 40° = 0.766.
    assert _mined(rows([("0", "20")]), absolute_margin=0.1, num_negatives=1) == [("40",)]
    assert _mined(rows([("0", "20")]), absolute_margin=0, num_negatives=1) == [("30",)]


def test_the_relative_margin_is_a_fraction_of_the_positives_score(rows: Rows):
    # 0.9 · cos 20° = 0.846; 0.6 · cos 20° = 0.564, between cos 50° = 0.643 and cos 60° = 0.5.
    assert _mined(rows([("0", "20")]), relative_margin=0.1, num_negatives=1) == [("40",)]
    assert _mined(rows([("0", "20")]), relative_margin=0.4, num_negatives=1) == [("60",)]


def test_the_relative_margin_is_below_a_negative_score_too(rows: Rows):
    # cos 120° = −0.5 less 10 % of 0.5 is −0.55: 123° (−0.545) is too near, 130° (−0.643) is not.
    assert _mined(rows([("0", "120")]), ["123", "130"], relative_margin=0.1, num_negatives=1) == [("130",)]


def test_of_several_positives_the_one_with_the_lowest_score_sets_the_margin(rows: Rows):
    assert _mined(rows([("0", "10"), ("0", "50")]), absolute_margin=0, num_negatives=1) == [("60",), ("60",)]


def test_a_positive_outside_the_corpus_sets_the_margin_and_is_not_mined(rows: Rows):
    mined = _mined(rows([("0", "25"), ("90", "85")]), absolute_margin=0, num_negatives=9)
    assert mined == [("30", "40", "50", "60", "70", "80"), ("80", "70", "60", "50", "40", "30", "20", "10", "5")]


def test_teacher_scores_stand_beside_the_negatives_of_each_row(rows: Rows):
    mined = mine_hard_negatives(
        rows([("0", "20"), ("0", "40")]), Degrees(), corpus=CORPUS, settings=MiningSettings(num_negatives=2)
    )
    assert mined.triplets.negatives == [("5", "10"), ("5", "10")]
    np.testing.assert_allclose(
        mined.triplets.scores, [[cosine(20), cosine(5), cosine(10)], [cosine(40), cosine(5), cosine(10)]], atol=1e-6
    )


def test_rows_keep_their_order_their_groups_and_their_source(rows: Rows):
    examples = rows([("3", "30"), ("1", "10"), ("3", "70")], ["x", "y", "x"])
    mined = mine_hard_negatives(examples, Degrees())
    assert (mined.triplets.anchors, mined.triplets.positives) == (examples.anchors, examples.positives)
    assert (mined.triplets.groups, mined.triplets.source) == (["x", "y", "x"], "rows")


def test_each_distinct_text_is_encoded_once(rows: Rows):
    encoder = Degrees()
    mine_hard_negatives(
        rows([("0", "20"), ("0", "30"), ("20", "25")]), encoder, corpus=["20", "50", "50"], batch_size=7
    )
    assert len(encoder.calls) == 1
    assert Counter(encoder.calls[0][0]) == Counter({"0": 1, "20": 1, "30": 1, "25": 1, "50": 1})
    assert encoder.calls[0][1:] == (7, False)


def test_vectors_that_are_there_stand_in_for_an_encoder(rows: Rows):
    vectors = TextVectors(["0", "20", "30"], Degrees().encode(["0", "20", "30"]))
    mined = mine_hard_negatives(rows([("0", "20")]), vectors, corpus=["20", "30"])
    assert mined.triplets.negatives == [("30",)]


def test_anchors_with_too_few_negatives_are_counted_and_logged(rows: Rows, caplog: pytest.LogCaptureFixture):
    examples = rows([("0", "20"), ("90", "85"), ("0", "10")])
    with caplog.at_level(logging.INFO, logger="tfsiamese"):
        mined = mine_hard_negatives(examples, Degrees(), corpus=["10", "20"], settings=MiningSettings(num_negatives=2))
    assert (mined.num_anchors, mined.num_short, mined.num_without) == (2, 1, 1)
    assert mined.triplets.negatives == [(), ("20", "10"), ()]
    assert mined.triplets.scores == [
        (pytest.approx(cosine(20)),),
        (pytest.approx(cosine(5)), pytest.approx(cosine(70)), pytest.approx(cosine(80))),
        (pytest.approx(cosine(10)),),
    ]
    assert "rows: of 2 anchors 1 got fewer negatives than asked for, 1 of them none." in caplog.text


def test_negatives_that_the_examples_have_are_replaced():
    frame = pd.DataFrame({"anchor": ["0"], "positive": ["20"], "negatives": [("80",)]})
    assert _mined(Triplets.from_frame(frame), num_negatives=1) == [("5",)]


def test_random_negatives_are_different_unknown_and_decided_by_the_seed(rows: Rows):
    examples = rows([(f"{angle}.5", "20") for angle in range(90)])
    settings = MiningSettings(method="random", num_negatives=4, seed=3)
    first = mine_hard_negatives(examples, corpus=CORPUS, settings=settings).triplets
    assert first.fingerprint == mine_hard_negatives(examples, corpus=CORPUS, settings=settings).triplets.fingerprint
    other = MiningSettings(method="random", num_negatives=4, seed=4)
    assert first.fingerprint != mine_hard_negatives(examples, corpus=CORPUS, settings=other).triplets.fingerprint
    assert all(len(set(texts)) == 4 and "20" not in texts for texts in first.negatives)
    counts = Counter(text for texts in first.negatives for text in texts)
    assert set(counts) == set(CORPUS) - {"20"}
    assert min(counts.values()) > 20  # 45 expected
    assert first.scores is None


def test_a_teacher_filters_random_negatives(rows: Rows):
    examples = rows([("0", "20")] * 2 + [("1", "40")])
    mined = mine_hard_negatives(
        examples, Degrees(), corpus=CORPUS, settings=MiningSettings(method="random", absolute_margin=0.0)
    ).triplets
    assert set(mined.negatives[0]) <= {"30", "40", "50", "60", "70", "80"}
    assert set(mined.negatives[2]) <= {"50", "60", "70", "80"}
    assert len(mined.scores[2]) == 4


def test_random_sampling_takes_any_of_the_window_in_the_order_of_the_ranking(rows: Rows):
    examples = rows([(f"{angle}e-3", "20") for angle in range(200)])
    settings = {"sampling_strategy": "random", "num_negatives": 2, "range_min": 1, "range_max": 5}
    mined = _mined(examples, **settings, seed=1)
    assert mined == _mined(examples, **settings, seed=1) != _mined(examples, **settings, seed=2)
    assert set(mined) == set(itertools.combinations(["10", "30", "40", "50"], 2))


def test_random_sampling_takes_all_where_there_are_just_enough(rows: Rows):
    assert _mined(rows([("0", "20")]), ["20", "30", "40"], sampling_strategy="random") == [("30", "40")]


def test_more_anchors_than_a_part_are_mined_all(rows: Rows):
    anchors = [f"{number / 100}" for number in range(2500)]
    mined = _mined(rows([(anchor, "20") for anchor in anchors]), num_negatives=1)
    expected = [min(("5", "10", "30"), key=lambda text: abs(float(text) - float(anchor))) for anchor in anchors]
    ties = {"7.5"}  # as near to 5 as to 10
    assert [m for m, a in zip(mined, anchors, strict=True) if a not in ties and a not in ("5.0", "10.0")] == [
        (text,) for text, a in zip(expected, anchors, strict=True) if a not in ties and a not in ("5.0", "10.0")
    ]


def test_one_negative_a_row_repeats_anchor_and_positive_and_drops_rows_without(rows: Rows):
    examples = rows([("0", "20"), ("90", "85")])
    mined = mine_hard_negatives(examples, Degrees(), corpus=["20", "30"], settings=MiningSettings(max_score=cosine(25)))
    single = mined.one_negative_a_row()
    assert single.anchors == ["0", "90", "90"]
    assert single.positives == ["20", "85", "85"]
    assert single.negatives == [("30",), ("30",), ("20",)]
    np.testing.assert_allclose(
        single.scores, [[cosine(20), cosine(30)], [cosine(5), cosine(60)], [cosine(5), cosine(70)]], atol=1e-6
    )
    assert mined.output("triplet").fingerprint == single.fingerprint
    assert mined.output("triplets") is mined.triplets


def test_pairs_have_each_positive_with_1_and_each_negative_with_0_once(rows: Rows):
    mined = mine_hard_negatives(
        rows([("0", "20"), ("0", "30")]), Degrees(), corpus=CORPUS, settings=MiningSettings(num_negatives=2)
    )
    pairs = mined.output("pairs")
    assert isinstance(pairs, Pairs)
    assert list(zip(pairs.left, pairs.right, pairs.scores.tolist(), strict=True)) == [
        ("0", "20", 1.0),
        ("0", "5", 0.0),
        ("0", "10", 0.0),
        ("0", "30", 1.0),
    ]


def test_an_output_that_cannot_be_is_refused(rows: Rows):
    mined = mine_hard_negatives(rows([("0", "20")]), Degrees())
    assert mined.num_without == 1
    with pytest.raises(DataError, match="no anchor got a negative"):
        mined.one_negative_a_row()
    with pytest.raises(SettingsError, match="triplets, triplet, pairs"):
        mined.output("tuples")
    assert len(mined.pairs()) == 1


@pytest.mark.parametrize(
    "settings", [{}, {"method": "random", "max_score": 0.5}, {"method": "random", "relative_margin": 0}]
)
def test_methods_and_filters_that_need_an_encoder_say_so(rows: Rows, settings: dict):
    with pytest.raises(SettingsError, match="encoder"):
        mine_hard_negatives(rows([("0", "20")]), settings=MiningSettings(**settings))


def test_examples_of_another_shape_are_refused(tiny_pairs: Pairs):
    with pytest.raises(DataError, match="Received: Pairs. Expected Triplets"):
        mine_hard_negatives(tiny_pairs, Degrees())


def test_no_rows_are_refused(rows: Rows):
    with pytest.raises(DataError, match="holds no rows"):
        mine_hard_negatives(rows([("0", "20")]).take([]), Degrees())


@pytest.mark.parametrize("corpus", ["20", [], [" "], ["20", None]])
def test_a_corpus_without_texts_is_refused(rows: Rows, corpus):
    with pytest.raises(DataError, match="The corpus"):
        mine_hard_negatives(rows([("0", "20")]), Degrees(), corpus=corpus)


def test_blank_texts_of_the_corpus_are_left_out_and_repeats_count_once(rows: Rows):
    assert _mined(rows([("0", "20")]), ["30", "", "30", " ", "40"]) == [("30", "40")]


def test_an_encoder_that_diverged_is_named(rows: Rows):
    class Diverged:
        def encode(self, texts, *, batch_size, show_progress):
            return np.full([len(texts), 2], np.nan)

    with pytest.raises(EncoderError, match="NaN"):
        mine_hard_negatives(rows([("0", "20")]), Diverged())
