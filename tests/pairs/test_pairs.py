import dataclasses

import numpy as np
import pandas as pd
import pytest

from tfsiamese.pairs import Pairs, read_pairs

ROWS = [("a", "b", 0.5), ("c", "a", 1.0), ("b", "d", 0.0)]


def pairs_of(rows=ROWS, **settings) -> Pairs:
    return read_pairs(pd.DataFrame(rows, columns=["left", "right", "score"]), **settings)


def test_columns_have_their_types():
    pairs = pairs_of()
    assert pairs.frame.columns.tolist() == ["left", "right", "score", "line"]
    assert pairs.frame["score"].dtype == np.float64
    assert pairs.frame["line"].dtype == np.int64
    assert pairs.scores.dtype == np.float32
    assert pairs.scores.tolist() == [0.5, 1.0, 0.0]
    assert (pairs.left, pairs.right) == (["a", "c", "b"], ["b", "a", "d"])
    assert all(type(text) is str for text in pairs.left + pairs.right)


def test_what_the_properties_return_can_be_changed_without_changing_the_pairs():
    pairs = pairs_of()
    pairs.left.append("x")
    pairs.scores[0] = 9
    assert len(pairs.left) == 3
    assert pairs.scores[0] == 0.5


def test_pairs_cannot_be_assigned_to():
    with pytest.raises(dataclasses.FrozenInstanceError):
        pairs_of().source = "other"


def test_texts_are_distinct_and_in_order_of_first_appearance():
    assert pairs_of().texts() == ["a", "b", "c", "d"]


def test_take_gives_the_rows_at_the_positions_in_their_order():
    pairs = pairs_of()
    for indices in ([2, 0], np.array([2, 0]), (2, 0), np.array([-1, -3])):
        taken = pairs.take(indices)
        assert (taken.left, taken.scores.tolist()) == (["b", "a"], [0.0, 0.5])
        assert taken.frame["line"].tolist() == [3, 1]
        assert taken.frame.index.tolist() == [0, 1]
    assert pairs.take([True, False, True]).left == ["a", "b"]
    assert pairs.take(range(3)).fingerprint == pairs.fingerprint
    assert taken.source == pairs.source


def test_taking_nothing_gives_no_pairs():
    empty = pairs_of().take([])
    assert len(empty) == 0
    assert (empty.left, empty.scores.tolist(), empty.texts(), empty.duplicates) == ([], [], [], 0)
    assert empty.summary() == "0 pairs from DataFrame, 0 different texts"


def test_taking_a_row_that_is_not_there_is_an_error():
    with pytest.raises(IndexError):
        pairs_of().take([3])


def test_the_counts_of_taken_rows_are_their_own():
    pairs = pairs_of([*ROWS, *ROWS])
    assert pairs.duplicates == 3
    assert pairs.take([0, 1, 2]).duplicates == 0


def test_the_representation_tells_size_source_and_scores():
    assert repr(pairs_of()) == "<Pairs: 3 pairs from DataFrame, scores 0 to 1>"
    assert repr(pairs_of(ROWS[:1])) == "<Pairs: 1 pair from DataFrame, scores 0.5 to 0.5>"
    assert "scores 0 to 0.2 (given on a scale of 0 to 5)" in repr(pairs_of(score_range=(0, 5)))


def test_the_fingerprint_is_this_one_on_every_machine():
    assert pairs_of().fingerprint == "110ed565a4961571daa1250902ef9dff24623f991e24d57502b8e24f98ec3016"


def test_the_fingerprint_does_not_depend_on_path_format_or_lines(write_file):
    expected = pairs_of().fingerprint
    contents = {
        "one.csv": "base,ref,similarity\na,b,0.5\n\nc,a,1\nb,d,0\n",
        "two.csv": '\n"left";right;x;score\n"a";b;;.5\n"c";a;;1.0\n"b";d;;-0.0\n',
        "three.jsonl": '{"left": "a", "right": "b", "score": 0.5}\n{"left": "c", "right": "a", "score": 1}\n'
        '{"left": "b", "right": "d", "score": 0}\n',
    }
    for name, content in contents.items():
        path = write_file(name, content)
        assert read_pairs(path, delimiter=";" if name == "two.csv" else None).fingerprint == expected
    assert pairs_of([("a", "b", 2.5), ("c", "a", 5), ("b", "d", 0)], score_range=(0, 5)).fingerprint == expected


@pytest.mark.parametrize(
    "rows",
    [
        [ROWS[1], ROWS[0], ROWS[2]],
        [("b", "a", 0.5), *ROWS[1:]],
        [("a", "b", 0.5000001), *ROWS[1:]],
        [("ac", "b", 0.5), *ROWS[1:]],
        [("a", "ba", 0.5), ("c", "d", 1.0), ("b", "a", 0.0)],
        ROWS[:2],
        [*ROWS, ROWS[0]],
    ],
)
def test_the_fingerprint_changes_with_any_text_score_or_order(rows):
    assert pairs_of(rows).fingerprint != pairs_of().fingerprint


def test_the_fingerprint_tells_texts_apart_that_join_to_the_same():
    first = pairs_of([("ab", "x", 1.0), ("c", "y", 1.0)])
    second = pairs_of([("a", "x", 1.0), ("bc", "y", 1.0)])
    assert first.fingerprint != second.fingerprint
