import pandas as pd
import pytest

from tfsiamese.errors import DataError
from tfsiamese.pairs import LabelledTexts, Pairs, Triplets
from tfsiamese.pairs.contrast import contrasting_pairs


def rows_of(pairs: Pairs) -> set[tuple[str, str, float]]:
    return set(zip(pairs.left, pairs.right, pairs.scores.tolist(), strict=True))


def triplets_of(*rows: tuple, **columns) -> Triplets:
    frame = pd.DataFrame(rows, columns=["anchor", "positive", "negatives"]).assign(**columns)
    return Triplets.from_frame(frame)


def classes_of(**texts: str) -> LabelledTexts:
    return LabelledTexts.from_frame(pd.DataFrame(texts.items(), columns=["text", "class"]))


def test_an_anchor_stands_with_its_positive_and_its_first_negative():
    pairs = contrasting_pairs(triplets_of(("a", "p", ("n", "m")), ("b", "q", ("k",))))
    assert rows_of(pairs) == {("a", "p", 1.0), ("a", "n", 0.0), ("b", "q", 1.0), ("b", "k", 0.0)}


def test_without_negatives_the_positive_of_another_anchor_stands_in_and_never_a_known_one():
    rows = [(anchor, positive, ()) for anchor in "abc" for positive in (f"{anchor}1", f"{anchor}2")]
    for seed in range(20):
        for left, right, score in rows_of(contrasting_pairs(triplets_of(*rows), seed)):
            assert (left == right[0]) == (score == 1.0)


def test_rows_of_one_group_are_not_contrasted():
    rows = [("a", "p", ()), ("b", "q", ()), ("c", "r", ())]
    triplets = triplets_of(*rows, group=["x", "x", "y"])
    for seed in range(20):
        made = rows_of(contrasting_pairs(triplets, seed))
        assert {("a", "r", 0.0), ("b", "r", 0.0)} <= made
        assert not {("a", "q", 0.0), ("b", "p", 0.0)} & made


def test_texts_stand_with_one_of_their_class_and_one_of_another():
    pairs = contrasting_pairs(classes_of(a1="A", a2="A", b1="B", b2="B"))
    assert len(pairs) == 8
    assert all((left[0] == right[0]) == (score == 1.0) for left, right, score in rows_of(pairs))
    assert all(left != right for left, right, _ in rows_of(pairs))


def test_held_out_texts_find_their_partners_in_the_pool():
    pairs = contrasting_pairs(classes_of(b9="B", a9="A"), pool=classes_of(a1="A", b1="B", c1="C"))
    assert {left for left, _, _ in rows_of(pairs)} == {"a9", "b9"}
    assert {("a9", "a1", 1.0), ("b9", "b1", 1.0)} <= rows_of(pairs)


def test_scored_pairs_are_returned_as_they_are():
    pairs = Pairs.from_frame(pd.DataFrame({"left": ["a"], "right": ["b"], "score": [0.5]}))
    assert contrasting_pairs(pairs) is pairs


def test_where_only_one_kind_of_pair_can_be_made_the_source_is_named():
    with pytest.raises(DataError, match="DataFrame: pairs that belong together"):
        contrasting_pairs(classes_of(a1="A", a2="A"))
