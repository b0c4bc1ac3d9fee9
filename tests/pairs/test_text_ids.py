import pandas as pd

from tfsiamese.pairs import LabelledTexts, Pairs, Triplets
from tfsiamese.pairs.text_ids import TextIds, text_ids

TRIPLETS = Triplets.from_frame(
    pd.DataFrame([("a", "b", ("c", "a")), ("b", "a", ())], columns=["anchor", "positive", "negatives"])
)


def texts(ids: TextIds) -> list[list[str]]:
    return [[ids.vocabulary[number] for number in numbers] for numbers in (*ids.columns, ids.negatives)]


def test_anchors_have_the_query_prompt_and_positives_and_negatives_that_of_passages():
    ids = text_ids(TRIPLETS, query_prompt="q: ", passage_prompt="p: ")
    assert texts(ids) == [["q: a", "q: b"], ["p: b", "p: a"], ["p: c", "p: a"]]
    assert ids.negatives_of(0).tolist() == ids.negatives.tolist()
    assert ids.negatives_of(1).tolist() == []


def test_a_text_on_both_sides_has_a_number_for_each_prompt_and_one_without():
    assert sorted(text_ids(TRIPLETS, "q: ", "p: ").vocabulary) == ["p: a", "p: b", "p: c", "q: a", "q: b"]
    assert sorted(text_ids(TRIPLETS, "x: ", "x: ").vocabulary) == ["x: a", "x: b", "x: c"]
    assert sorted(text_ids(TRIPLETS).vocabulary) == ["a", "b", "c"]


def test_the_plain_texts_stand_in_the_order_of_the_vocabulary():
    ids = text_ids(TRIPLETS, "q: ", "p: ")
    assert [prompted[3:] for prompted in ids.vocabulary] == ids.plain
    without = text_ids(TRIPLETS)
    assert without.plain == without.vocabulary


def test_left_texts_and_texts_with_classes_count_as_queries():
    pairs = Pairs.from_frame(pd.DataFrame({"left": ["a"], "right": ["a"], "score": [1.0]}))
    assert texts(text_ids(pairs, "q: ", "p: ")) == [["q: a"], ["p: a"], []]
    classes = LabelledTexts.from_frame(pd.DataFrame({"text": ["a", "b"], "class": ["x", "y"]}))
    assert texts(text_ids(classes, "q: ", "p: ")) == [["q: a", "q: b"], []]
