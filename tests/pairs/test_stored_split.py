"""What is held out of stored rows: about as many as asked for, and nothing of it on the other side."""

import logging
from pathlib import Path

import pandas as pd
import pytest

from tests.pairs.stored import pairs, stored, triplets
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import LabelledTexts, Pairs, Triplets


def keys(examples) -> list[frozenset]:
    one, other = (
        (examples.left, examples.right) if isinstance(examples, Pairs) else (examples.anchors, examples.positives)
    )
    return [frozenset(texts) for texts in zip(one, other, strict=True)]


def distinct_pairs(count: int) -> Pairs:
    frame = pd.DataFrame({"left": [f"l{i}" for i in range(count)], "right": [f"r{i}" for i in range(count)]})
    return Pairs.from_frame(frame.assign(score=0.5))


@pytest.mark.parametrize(("validation", "expected"), [(0.2, 200), (0.001, 1), (37, 37), (999, 999), (0.5, 500)])
def test_as_many_rows_as_asked_for_are_held_out(tmp_path: Path, validation: float, expected: int):
    training, held_out = stored(distinct_pairs(1000), tmp_path).split(validation)
    assert (len(training), len(held_out)) == (1000 - expected, expected)
    assert {*keys(training.load())} | {*keys(held_out)} == {*keys(distinct_pairs(1000))}


def test_neither_a_pair_nor_its_mirror_image_is_on_both_sides(tmp_path: Path):
    examples = pairs(400)
    training, held_out = stored(examples, tmp_path).split(0.25)
    assert isinstance(held_out, Pairs)
    assert not {*keys(training.load())} & {*keys(held_out)}
    assert len(training) + len(held_out) == 400
    assert 60 <= len(held_out) <= 140


def test_the_choice_depends_on_texts_and_seed_not_on_the_order_of_the_rows(tmp_path: Path):
    examples = distinct_pairs(300)
    forward = stored(examples, tmp_path, "a.csv")
    backward = stored(examples.take(range(299, -1, -1)), tmp_path, "b.csv")
    chosen = {*keys(forward.split(0.1, seed=3)[1])}
    assert {*keys(backward.split(0.1, seed=3)[1])} == chosen
    assert {*keys(forward.split(0.1, seed=4)[1])} != chosen


def test_both_sides_keep_the_order_of_the_rows(tmp_path: Path):
    training, held_out = stored(distinct_pairs(100), tmp_path).split(0.3)
    assert training.load().frame["line"].is_monotonic_increasing
    assert held_out.frame["line"].is_monotonic_increasing


def test_no_anchor_of_held_out_triplets_is_trained_on(tmp_path: Path):
    examples = triplets(500, details=False, texts=300)
    training, held_out = stored(examples, tmp_path).split(0.1)
    assert isinstance(held_out, Triplets)
    loaded = training.load()
    assert not {*held_out.anchors} & {*loaded.anchors, *loaded.positives}
    assert 25 <= len(held_out) <= 75
    said = {*held_out.anchors}
    rows = zip(examples.anchors, examples.positives, strict=True)
    assert len(training) == sum(not said & {*texts} for texts in rows)


def test_rows_of_one_group_stay_together(tmp_path: Path):
    training, held_out = stored(triplets(200), tmp_path).split(0.2)
    assert not {*training.load().groups} & {*held_out.groups}


def test_what_is_left_can_be_split_again(tmp_path: Path):
    rest, first = stored(distinct_pairs(100), tmp_path).split(0.2)
    rest, second = rest.split(0.5, seed=1)
    assert (len(rest), len(first), len(second)) == (40, 20, 40)
    assert not {*keys(first)} & {*keys(second)}


def test_no_more_than_some_thousand_rows_are_held_out_with_a_warning(tmp_path: Path, monkeypatch, caplog):
    monkeypatch.setattr("tfsiamese.pairs.stored_split.MOST_HELD_OUT", 50)
    with caplog.at_level(logging.WARNING):
        training, held_out = stored(distinct_pairs(1000), tmp_path).split(0.1)
    assert (len(training), len(held_out)) == (950, 50)
    assert "100 rows are more than are measured each epoch: about 50 are held out" in caplog.text


@pytest.mark.parametrize("validation", [0, 1.0, -0.5, True, "0.1", 0])
def test_what_is_no_part_is_refused(tmp_path: Path, validation):
    with pytest.raises(SettingsError, match="Expected validation to be"):
        stored(distinct_pairs(10), tmp_path).split(validation)


def test_one_pair_said_again_and_again_cannot_be_split(tmp_path: Path):
    frame = pd.DataFrame({"left": ["a", "b"] * 4, "right": ["b", "a"] * 4, "score": 0.5})
    with pytest.raises(DataError, match="cannot split 8 rows with 1 different pair"):
        stored(Pairs.from_frame(frame), tmp_path).split(0.5)


def test_a_pair_of_most_rows_stays_in_training(tmp_path: Path):
    frame = pd.DataFrame({"left": ["a"] * 98 + ["b", "c"], "right": "x", "score": 0.5})
    found = stored(Pairs.from_frame(frame), tmp_path)
    sizes = [len(found.split(2, seed=seed)[1]) for seed in range(12)]
    assert min(sizes) >= 1
    assert max(sizes) <= 99
    assert 2 in sizes


def test_triplets_that_texts_link_altogether_cannot_be_split(tmp_path: Path):
    frame = pd.DataFrame({"anchor": ["a", "b"], "positive": ["b", "a"]})
    with pytest.raises(DataError, match="texts link all rows"):
        stored(Triplets.from_frame(frame), tmp_path).split(0.5)


def test_rows_of_other_data_are_left_out_either_way_round(tmp_path: Path):
    found = stored(distinct_pairs(10), tmp_path)
    others = Pairs.from_frame(pd.DataFrame({"left": ["r3", "l5", "l1"], "right": ["l3", "r5", "r2"], "score": 0.0}))
    rest = found.without([others])
    assert [text for text in found.load().left if text not in rest.load().left] == ["l3", "l5"]
    assert found.without([]) is found
    classes = LabelledTexts.from_frame(pd.DataFrame({"text": ["l1"], "class": ["r1"]}))
    assert found.without([classes]) is found


def test_leaving_out_every_row_is_an_error(tmp_path: Path):
    found = stored(distinct_pairs(5), tmp_path)
    with pytest.raises(DataError, match="Every row of .* is validation data too"):
        found.without([found.load()])
