import dataclasses
import hashlib
import logging
import struct

import numpy as np
import pandas as pd
import pytest

from tfsiamese.errors import DataError
from tfsiamese.pairs import Triplets

COLUMNS = {
    "anchor": ["a", "b", "c"],
    "positive": ["p", "q", "r"],
    "negatives": [("x", "y"), (), ("x",)],
    "scores": [(0.9, 0.1, -2.0), (3.5,), (1.0, 0.0)],
    "group": ["g", "h", "g"],
}


def triplets_of(**changes) -> Triplets:
    """The rows above with other columns, or without those that are None."""
    columns = {name: values for name, values in {**COLUMNS, **changes}.items() if values is not None}
    return Triplets.from_frame(pd.DataFrame(columns))


def plain(**changes) -> Triplets:
    return triplets_of(**{"negatives": None, "scores": None, "group": None, **changes})


def test_columns_have_their_types():
    triplets = triplets_of()
    assert triplets.shape == "triplets"
    assert triplets.frame.columns.tolist() == ["anchor", "positive", "negatives", "line", "scores", "group"]
    assert triplets.frame["line"].tolist() == [1, 2, 3]
    assert triplets.frame["line"].dtype == np.int64
    assert (triplets.anchors, triplets.positives) == (["a", "b", "c"], ["p", "q", "r"])
    assert triplets.negatives == COLUMNS["negatives"]
    assert triplets.scores == COLUMNS["scores"]
    assert triplets.groups == ["g", "h", "g"]
    assert (len(triplets), triplets.num_negatives) == (3, 3)


def test_anchors_and_positives_are_enough():
    triplets = plain()
    assert triplets.frame.columns.tolist() == ["anchor", "positive", "negatives", "line"]
    assert triplets.negatives == [(), (), ()]
    assert (triplets.scores, triplets.groups, triplets.num_negatives) == (None, None, 0)


def test_negatives_in_columns_of_their_own_are_the_same_as_lists_and_empty_cells_are_passed_over():
    triplets = triplets_of(
        negatives=None,
        scores=None,
        negative_2=["x", None, float("nan")],
        negative_10=["y", " ", "x"],
        negative=[pd.NA, "", None],
        positive_score=[0.9, 3.5, 1],
        negative_2_score=[0.1, None, None],
        negative_10_score=["-2", "", "0"],
        negative_score=[None, None, ""],
    )
    assert triplets.negatives == COLUMNS["negatives"]
    assert triplets.scores == COLUMNS["scores"]
    assert triplets.fingerprint == triplets_of().fingerprint


def test_lists_of_negatives_may_be_lists_arrays_or_missing():
    triplets = triplets_of(
        negatives=[["x", "y"], None, np.array(["x"])],
        scores=None,
        positive_score=[0.9, 3.5, 1.0],
        negative_scores=[np.array([0.1, -2.0]), [], (0,)],
    )
    assert triplets.fingerprint == triplets_of().fingerprint


def test_its_own_frame_makes_the_same_triplets():
    assert Triplets.from_frame(triplets_of().frame).fingerprint == triplets_of().fingerprint
    assert Triplets.from_frame(plain().frame, source="mine").source == "mine"


def test_groups_may_be_numbers_and_a_gap_in_their_types_makes_no_other_group():
    assert plain(group=[1, 1.0, " 1 "]).groups == ["1", "1", "1"]


@pytest.mark.parametrize("names", [("query", "positive"), ("Query ", "PASSAGE"), ("question", "answer")])
def test_other_names_of_anchor_and_positive_are_known(names):
    assert Triplets.from_frame(pd.DataFrame([("a", "p")], columns=names)).positives == ["p"]


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"anchor": ["a", " ", "c"]}, "row 2: 'anchor' is blank."),
        ({"positive": ["p", "q", None]}, "row 3: 'positive' is missing."),
        ({"positive": ["p\0", "q", "r"]}, "row 1: 'positive' has a NUL character."),
        ({"negatives": [("x", "y"), (), ("",)]}, "row 3: 'negatives' holds a text that is blank."),
        ({"negatives": [("x", "y"), (), (7,)]}, "row 3: 'negatives' holds a text that is 7, not a text."),
        ({"negatives": [("x", "\ud800"), (), ("x",)]}, "row 1: 'negatives' holds a text that has half of a surrogate"),
        ({"negatives": [("x", "y"), "x", ("x",)]}, "row 2: 'negatives' is 'x', not a list of texts."),
        ({"scores": [(1, 2, 3), (1, 2), (1, 2)]}, "row 2: 'scores' holds 2 scores, expected 1, one for each of the"),
        ({"scores": [(1, 2, 3), (1,), (1, "x")]}, "row 3: 'scores' holds a score that is 'x', not a finite number."),
        ({"scores": [(1, 2, 3), (np.inf,), (1, 2)]}, "row 2: 'scores' holds a score that is inf, not a finite"),
        ({"scores": [(1, 2, True), (1,), (1, 2)]}, "row 1: 'scores' holds a score that is true"),
        ({"scores": [(1, 2, 3), 1.0, (1, 2)]}, "row 2: 'scores' is 1.0, not a list of numbers."),
        ({"scores": [(1, 2, 3), None, (1, 2)]}, "row 2: 'scores' holds 0 scores, expected 1"),
        ({"group": ["g", "", "g"]}, "row 2: 'group' is blank. Give each row a group, or none"),
        ({"group": ["g", ["h"], "g"]}, "row 2: 'group' is ['h'], not a name."),
    ],
)
def test_rows_that_cannot_be_used_are_reported(changes, problem):
    with pytest.raises(DataError) as caught:
        triplets_of(**changes)
    assert str(caught.value).startswith(f"DataFrame: {problem}")
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"negative": ["x", 5, None]}, "row 2: 'negative' is 5, not a text."),
        (
            {"negative": ["x", "y", ""], "negative_score": [1, None, None], "positive_score": [1, 1, 1]},
            "row 2: 'negative_score' is missing.",
        ),
        (
            {"negative": ["x", "y", ""], "negative_score": [1, 2, 3], "positive_score": [1, 1, 1]},
            "row 3: 'negative_score' is 3 for a negative that is missing.",
        ),
        (
            {"negative": ["x", "y", ""], "negative_score": [1, 2, None], "positive_score": ["0,5", 1, 1]},
            "row 1: 'positive_score' is '0,5', written with a comma. Write decimals with a point",
        ),
        (
            {"negatives": [["x"], ["y"], []], "negative_scores": [[1], [1, 2], []], "positive_score": [1, 1, 1]},
            "row 2: 'negative_scores' holds 2 scores, expected 1, one for each of the negatives.",
        ),
    ],
)
def test_rows_with_wrong_negatives_or_scores_in_columns_of_their_own_are_reported(changes, problem):
    with pytest.raises(DataError) as caught:
        plain(**changes)
    assert str(caught.value).startswith(f"DataFrame: {problem}")


def test_several_bad_rows_are_counted_and_the_first_five_described():
    with pytest.raises(DataError, match=r"^mine: 6 of 7 rows cannot be used: row 2: .*; row 6: .*; and 1 more\."):
        Triplets.from_frame(pd.DataFrame({"anchor": ["a"] + [""] * 6, "positive": ["p"] * 7}), source="mine")


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        (["anchor"], "the columns found are 'anchor'; expected an anchor and a positive, (anchor, positive) or"),
        (["anchor", "positive", "query"], "(anchor, positive) and (query, positive) are all there"),
        (["anchor", "positive", "negative", "negatives"], "the columns 'negatives' and 'negative' are all there"),
        (["anchor", "positive", "Negative", "negative"], "columns 3 and 4 have the same name 'negative'"),
        (["anchor", "positive", "positive_score", "negative"], "expected 'positive_score', 'negative_score', or none"),
        (["anchor", "positive", "negative_score", "negative"], "expected 'positive_score', 'negative_score', or none"),
        (["anchor", "positive", "positive_score", "negative_2_score"], "expected 'positive_score', or none"),
        (["anchor", "positive", "positive_score", "scores"], "are 'positive_score', 'scores'; expected"),
    ],
)
def test_columns_that_do_not_go_together_are_reported(columns, problem):
    with pytest.raises(DataError) as caught:
        Triplets.from_frame(pd.DataFrame([["a"] * len(columns)], columns=columns))
    assert str(caught.value).startswith("DataFrame: ")
    assert problem in str(caught.value)


def test_texts_are_distinct_and_in_order_of_first_appearance():
    assert triplets_of().texts() == ["a", "p", "x", "y", "b", "q", "c", "r"]


def test_take_gives_the_rows_at_the_positions_in_their_order():
    triplets = triplets_of()
    for indices in ([2, 0], np.array([2, 0]), np.array([-1, -3])):
        taken = triplets.take(indices)
        assert (taken.anchors, taken.negatives) == (["c", "a"], [("x",), ("x", "y")])
        assert taken.scores == [(1.0, 0.0), (0.9, 0.1, -2.0)]
        assert taken.frame.index.tolist() == [0, 1]
    assert triplets.take([True, False, True]).groups == ["g", "g"]
    assert triplets.take(range(3)).fingerprint == triplets.fingerprint
    assert taken.source == triplets.source
    with pytest.raises(IndexError):
        triplets.take([3])


def test_taking_nothing_gives_no_rows():
    empty = triplets_of().take([])
    assert (len(empty), empty.anchors, empty.negatives, empty.texts(), empty.num_negatives) == (0, [], [], [], 0)
    assert empty.summary() == "0 rows from DataFrame, no negatives, a teacher's scores, 0 groups, 0 different texts"


def test_triplets_cannot_be_assigned_to():
    with pytest.raises(dataclasses.FrozenInstanceError):
        triplets_of().source = "other"


def test_the_representation_tells_size_source_and_what_is_there():
    expected = "<Triplets: 3 rows from DataFrame, 3 negatives (0 to 2 in a row), a teacher's scores, 2 groups>"
    assert repr(triplets_of()) == expected
    assert repr(plain().take([0])) == "<Triplets: 1 row from DataFrame, no negatives>"
    assert repr(plain(negative=["x", "y", "z"])) == "<Triplets: 3 rows from DataFrame, 3 negatives (1 in a row)>"


def test_the_fingerprint_is_this_one_on_every_machine():
    parts = [b"triplets", struct.pack("<3q", 1, 1, 1), b"abc", struct.pack("<3q", 1, 1, 1), b"pqr"]
    parts += [struct.pack("<3q", 2, 0, 1), struct.pack("<3q", 1, 1, 1), b"xyx"]
    assert plain(negatives=COLUMNS["negatives"]).fingerprint == hashlib.sha256(b"".join(parts)).hexdigest()
    parts += [b"scores", struct.pack("<6d", 0.9, 0.1, -2.0, 3.5, 1.0, 0.0)]
    parts += [b"groups", struct.pack("<3q", 1, 1, 1), b"ghg"]
    assert triplets_of().fingerprint == hashlib.sha256(b"".join(parts)).hexdigest()


@pytest.mark.parametrize(
    "changes",
    [
        {"anchor": ["b", "a", "c"]},
        {"positive": ["p", "q", "s"]},
        {"negatives": [("y", "x"), (), ("x",)]},
        {"negatives": [("x",), (), ("y", "x")], "scores": [(0.9, 0.1), (3.5,), (-2.0, 1.0, 0.0)]},
        {"negatives": [("xy",), (), ("x",)], "scores": [(0.9, 0.1), (3.5,), (1.0, 0.0)]},
        {"scores": [(0.9, 0.1, -2.0), (3.5000001,), (1.0, 0.0)]},
        {"scores": None},
        {"group": ["g", "g", "g"]},
        {"group": None},
    ],
)
def test_the_fingerprint_changes_with_any_text_score_group_or_order(changes):
    assert triplets_of(**changes).fingerprint != triplets_of().fingerprint


def test_duplicates_and_false_negatives_are_counted_in_the_summary_and_false_negatives_logged(caplog):
    rows = [("a", "p", ("x",)), ("a", "q", ("y", "p")), ("b", "p", ("b",)), ("a", "p", ("x",)), ("b", "x", ("q",))]
    with caplog.at_level(logging.WARNING, "tfsiamese.pairs"):
        triplets = Triplets.from_frame(pd.DataFrame(rows, columns=["anchor", "positive", "negatives"]))
    assert (triplets.duplicates, triplets.contradictions) == (1, 2)
    expected = "2 rows with a negative that is the anchor or a positive of it, e.g. 'p' for 'a' on line 2"
    assert triplets.summary().splitlines()[1:] == ["1 duplicate row", expected]
    assert [record.getMessage() for record in caplog.records] == [f"DataFrame: {expected}. All rows are kept."]
