import itertools
import json
from pathlib import Path

import numpy as np
import pytest

from tests.search.encoders import LookUp
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search import paraphrase_mining

FROZEN = json.loads(Path(__file__).with_name("sentence_transformers.json").read_text())["paraphrases"]


@pytest.mark.parametrize("case", FROZEN["cases"], ids=lambda case: str(case["settings"]))
def test_the_pairs_are_those_of_sentence_transformers(case: dict):
    pairs = paraphrase_mining(FROZEN["vectors"], **case["settings"])
    assert [pair[1:] for pair in pairs] == [tuple(pair[1:]) for pair in case["pairs"]]
    np.testing.assert_allclose([pair[0] for pair in pairs], [pair[0] for pair in case["pairs"]], atol=1e-5)


def test_pairs_by_hand():
    encoder = LookUp({"a": [1, 0], "b": [4, 3], "c": [0, 1]})
    pairs = paraphrase_mining(["a", "b", "c"], encoder, batch_size=2, show_progress=True)
    assert [(round(score, 6), i, j) for score, i, j in pairs] == [(0.8, 0, 1), (0.6, 1, 2), (0.0, 0, 2)]
    assert encoder.calls[0][1:] == (2, True)


def test_a_pair_counts_where_one_is_among_the_nearest_of_the_other():
    # The nearest of 0 and of 1 is the other one; the nearest of 2 is 1, whose nearest it is not.
    vectors = [[1, 0], [0.98, 0.2], [0, 1]]
    assert [pair[1:] for pair in paraphrase_mining(vectors, top_k=1)] == [(0, 1), (1, 2)]


def test_more_equal_vectors_than_top_k_never_pair_a_vector_with_itself():
    pairs = paraphrase_mining(np.ones([6, 2]), top_k=2)
    assert all(i < j for _, i, j in pairs)
    assert len(pairs) == len({pair[1:] for pair in pairs})


def test_equal_scores_come_in_the_order_of_the_indices():
    pairs = paraphrase_mining([[1, 0]] * 4)
    assert [pair[1:] for pair in pairs] == list(itertools.combinations(range(4), 2))


def test_dropping_on_the_way_changes_nothing(monkeypatch: pytest.MonkeyPatch):
    vectors = np.random.default_rng(3).normal(size=[3000, 3])
    every = paraphrase_mining(vectors, top_k=20)
    assert paraphrase_mining(vectors, top_k=20, max_pairs=50) == every[:50]


def test_pairs_below_the_lowest_score_are_left_out_and_those_at_it_are_not():
    vectors = [[1, 0], [1, 0], [0, 1], [-1, 0]]
    assert [pair[1:] for pair in paraphrase_mining(vectors, min_score=0)] == [(0, 1), (0, 2), (1, 2), (2, 3)]
    assert paraphrase_mining(vectors, min_score=2.0) == []


def test_a_single_text_has_no_pair():
    assert paraphrase_mining([[1.0, 2.0]]) == []


@pytest.mark.parametrize("settings", [{"top_k": 0}, {"max_pairs": 0}, {"min_score": float("nan")}])
def test_settings_out_of_range_are_refused(settings: dict):
    with pytest.raises(SettingsError):
        paraphrase_mining(np.eye(3), **settings)


def test_texts_need_an_encoder_and_vectors_must_be_vectors():
    with pytest.raises(SettingsError, match="give encoder="):
        paraphrase_mining(["a", "b"])
    with pytest.raises(DataError):
        paraphrase_mining([1.0, 2.0])
