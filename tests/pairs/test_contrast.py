import pandas as pd
import pytest

from tfsiamese.errors import DataError, SettingsError
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


def test_a_single_held_out_row_finds_its_negative_in_the_pool():
    triplets = triplets_of(*[(f"a{i}", f"p{i}", ()) for i in range(12)])
    held_out, training = triplets.take([3]), triplets.take([row for row in range(12) if row != 3])
    with pytest.raises(DataError):
        contrasting_pairs(held_out)
    negatives = set()
    for seed in range(60):
        made = rows_of(contrasting_pairs(held_out, seed, pool=training))
        assert ("a3", "p3", 1.0) in made
        assert len(made) == 2
        negatives |= made - {("a3", "p3", 1.0)}
    assert negatives == {("a3", f"p{i}", 0.0) for i in range(12) if i != 3}


def test_what_the_pool_knows_of_an_anchor_or_its_group_is_no_negative():
    held_out = triplets_of(("a", "p", ()), group=["x"])
    pool = triplets_of(("a", "q", ()), ("b", "r", ()), ("c", "s", ()), ("p2", "a", ()), ("d", "p2", ()), ("e", "a", ()))
    grouped = Triplets.from_frame(pool.frame.drop(columns="line").assign(group=["z", "x", "y", "w", "v", "u"]))
    for seed in range(20):
        # By the pool q is a positive of a, r is of its group, and a is a positive of p2.
        assert rows_of(contrasting_pairs(held_out, seed, pool=grouped)) == {("a", "p", 1.0), ("a", "s", 0.0)}


def test_a_text_of_the_group_by_one_row_is_no_negative_by_another():
    triplets = triplets_of(("a", "p", ()), ("b", "q", ()), ("c", "q", ()), ("d", "s", ()), group=["x", "x", "y", "z"])
    for seed in range(20):
        assert ("a", "q", 0.0) not in rows_of(contrasting_pairs(triplets, seed))


def test_a_pool_of_another_shape_is_left_aside():
    triplets = triplets_of(("a", "p", ()), ("b", "q", ()))
    assert rows_of(contrasting_pairs(triplets, pool=classes_of(x="A", y="B"))) == rows_of(contrasting_pairs(triplets))


def test_a_text_of_several_classes_is_a_partner_of_another_class_in_none_of_them():
    frame = pd.DataFrame({"text": ["t", "t", "s", "u"], "class": ["A", "B", "A", "C"]})
    for seed in range(20):
        made = rows_of(contrasting_pairs(LabelledTexts.from_frame(frame), seed))
        assert {("t", "s", 1.0), ("s", "t", 1.0), ("s", "u", 0.0), ("t", "u", 0.0)} <= made
        assert not {("s", "t", 0.0), ("t", "t", 0.0), ("t", "t", 1.0)} & made


def test_every_partner_of_the_class_and_of_the_others_can_come():
    texts = classes_of(a1="A", b1="B", a2="A", c1="C", a3="A", b2="B")
    made = set().union(*(rows_of(contrasting_pairs(texts, seed)) for seed in range(80)))
    names = list(texts.texts())
    assert made == {(one, other, float(one[0] == other[0])) for one in names for other in names if one != other} - {
        ("c1", "c1", 1.0)
    }


@pytest.mark.parametrize("most_rows", [1, 5, 30])
def test_at_most_so_many_random_rows_give_pairs(most_rows: int):
    texts = classes_of(**{f"{name}{i}": name for name in "ABC" for i in range(10)})
    triplets = triplets_of(*[(f"a{i}", f"p{i}", ()) for i in range(30)])
    for examples, row_texts in ((texts, texts.texts()), (triplets, triplets.anchors)):
        lefts = [list(dict.fromkeys(contrasting_pairs(examples, seed, most_rows=most_rows).left)) for seed in (0, 1)]
        assert len(lefts[0]) == len(lefts[1]) == most_rows
        assert all(left == [text for text in row_texts if text in left] for left in lefts)
        assert most_rows == 30 or lefts[0] != lefts[1]


def test_at_most_so_many_scored_pairs_are_returned():
    columns = {"left": [f"a{i}" for i in range(9)], "right": [f"b{i}" for i in range(9)], "score": [0.5] * 9}
    pairs = Pairs.from_frame(pd.DataFrame(columns))
    few = contrasting_pairs(pairs, most_rows=4)
    assert len(few) == 4
    assert rows_of(few) < rows_of(pairs)
    assert contrasting_pairs(pairs, most_rows=9) is pairs


def test_partners_of_a_few_rows_come_from_all_rows():
    triplets = triplets_of(*[(f"a{i}", f"p{i}", ()) for i in range(8)])
    assert {score for _, _, score in rows_of(contrasting_pairs(triplets, most_rows=1))} == {0.0, 1.0}


def test_less_than_one_row_is_refused():
    with pytest.raises(SettingsError, match="most_rows=0"):
        contrasting_pairs(classes_of(a="A", b="B"), most_rows=0)
