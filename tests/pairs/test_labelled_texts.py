import hashlib
import random
import struct
from collections import Counter

import numpy as np
import pandas as pd
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import LabelledTexts

ROWS = [("nurse", "health"), ("baker", "food"), ("doctor", "health"), ("cook", "food"), ("judge", "law")]


def texts_of(rows=ROWS, names=("text", "class")) -> LabelledTexts:
    return LabelledTexts.from_frame(pd.DataFrame(rows, columns=list(names)))


def test_classes_are_named_in_order_of_first_appearance_and_labels_are_their_positions():
    texts = texts_of()
    assert texts.shape == "classes"
    assert texts.frame.columns.tolist() == ["text", "label", "line"]
    assert texts.frame["line"].tolist() == [1, 2, 3, 4, 5]
    assert texts.classes == ["health", "food", "law"]
    assert texts.labels.tolist() == [0, 1, 0, 1, 2]
    assert texts.labels.dtype == np.int64
    assert texts.texts() == ["nurse", "baker", "doctor", "cook", "judge"]
    assert len(texts) == 5


def test_what_the_properties_return_can_be_changed_without_changing_the_texts():
    texts = texts_of()
    texts.labels[0] = 9
    texts.classes.append("x")
    texts.texts().append("x")
    assert texts.labels[0] == 0
    assert (len(texts.classes), len(texts.texts())) == (3, 5)


@pytest.mark.parametrize("names", [("text", "label"), ("Sentence", " LABEL "), ("text", "class")])
def test_other_names_of_the_columns_are_known(names):
    assert texts_of(names=names).fingerprint == texts_of().fingerprint


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("7", "7"),
        (7, "7"),
        (7.0, "7"),
        (np.int8(7), "7"),
        (0.5, "0.5"),
        (" a b ", "a b"),
        ("007", "007"),
        (True, "true"),
    ],
)
def test_a_class_is_a_name_whatever_its_type(value, name):
    assert texts_of([("a", value)]).classes == [name]
    assert LabelledTexts.from_frame(pd.DataFrame({"text": ["a"], "class": [value]}, dtype=object)).classes == [name]


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (("", "a"), "row 2: 'text' is blank."),
        ((None, "a"), "row 2: 'text' is missing."),
        ((5, "a"), "row 2: 'text' is 5, not a text."),
        (("x", " "), "row 2: 'class' is blank."),
        (("x", None), "row 2: 'class' is missing."),
        (("x", float("nan")), "row 2: 'class' is missing."),
        (("x", float("inf")), "row 2: 'class' is inf, not a name."),
        (("x", ["a"]), "row 2: 'class' is ['a'], not a name."),
        (("x", "a\0"), "row 2: 'class' has a NUL character."),
    ],
)
def test_rows_that_cannot_be_used_are_reported(row, problem):
    with pytest.raises(DataError) as caught:
        LabelledTexts.from_frame(pd.DataFrame([("x", "a"), row], columns=["text", "class"], dtype=object))
    assert str(caught.value) == f"DataFrame: {problem} Correct or remove this row."


def test_two_columns_of_classes_are_reported():
    with pytest.raises(DataError, match=r"\(text, class\) and \(text, label\) are all there"):
        texts_of([("a", "b", "c")], ("text", "class", "label"))


def test_take_counts_the_classes_that_are_left():
    texts = texts_of()
    taken = texts.take([4, 1])
    assert (taken.texts(), taken.classes, taken.labels.tolist()) == (["judge", "baker"], ["law", "food"], [0, 1])
    assert texts.take(range(5)).fingerprint == texts.fingerprint
    assert texts.take([True, False, False, False, False]).classes == ["health"]
    empty = texts.take([])
    assert (len(empty), empty.classes, empty.labels.tolist()) == (0, [], [])
    assert empty.summary() == "0 texts from DataFrame, 0 different texts"


def test_the_summary_counts_classes_repeats_and_texts_of_several_classes():
    texts = texts_of([*ROWS, ("nurse", "health"), ("nurse", "care"), ("cook", "food"), ("cook", "law")])
    assert (texts.duplicates, texts.contradictions) == (2, 2)
    assert texts.summary().splitlines() == [
        "9 texts from DataFrame, 4 classes of 1 to 3 texts, 5 different texts",
        "2 duplicate rows",
        "2 texts with several classes",
    ]
    assert repr(texts_of(ROWS[:2])) == "<LabelledTexts: 2 texts from DataFrame, 2 classes of 1 text>"


def test_the_fingerprint_is_this_one_on_every_machine_and_counts_names_not_positions():
    parts = [b"classes", struct.pack("<2q", 2, 1), b"xyz", struct.pack("<2q", 1, 2), b"abc"]
    assert texts_of([("xy", "a"), ("z", "bc")]).fingerprint == hashlib.sha256(b"".join(parts)).hexdigest()
    others = [[("xy", "a"), ("z", "b")], [("xy", "b"), ("z", "a")], [("x", "a"), ("yz", "bc")]]
    assert len({texts_of(rows).fingerprint for rows in [*others, [("xy", "a"), ("z", "bc")]]}) == 4


@pytest.mark.parametrize("seed", range(20))
def test_a_split_keeps_one_text_of_each_class_in_training_and_takes_from_each_in_proportion(seed):
    generator = random.Random(seed)
    sizes = [generator.choice([1, 2, 5, 20, 60]) for _ in range(8)] + [40]
    rows = [(f"text {label} {n}", f"class {label}") for label, size in enumerate(sizes) for n in range(size)]
    generator.shuffle(rows)
    texts = texts_of(rows)
    training, validation = texts.split(0.3, seed)
    assert not set(training.texts()) & set(validation.texts())
    assert len(training) + len(validation) == len(texts)
    assert set(training.classes) == set(texts.classes)
    counts = Counter(validation.frame["label"])
    share = len(validation) / sum(size - 1 for size in sizes)
    assert all(abs(counts[f"class {label}"] - share * (size - 1)) < 1 for label, size in enumerate(sizes))
    for side in (training, validation):
        assert side.frame["line"].is_monotonic_increasing


def test_the_size_of_a_split_is_exact_where_the_classes_allow():
    texts = texts_of([(f"t{n}", f"c{n % 7}") for n in range(100)])
    assert [len(texts.split(size)[1]) for size in (0.1, 0.5, 13, 93)] == [10, 50, 13, 93]
    assert len(texts.split(99)[1]) == 93  # one text of each of the seven classes stays in training


def test_all_rows_of_one_text_are_on_one_side():
    texts = texts_of([(f"t{n % 20}", f"c{n % 5}") for n in range(60)])
    for seed in range(10):
        training, validation = texts.split(0.25, seed)
        assert not set(training.texts()) & set(validation.texts())
        assert len(validation) == 15


def test_classes_of_one_text_each_can_be_split():
    training, validation = texts_of([(f"t{n}", f"c{n}") for n in range(10)]).split(0.2)
    assert (len(training), len(validation)) == (8, 2)


def test_the_choice_does_not_depend_on_the_order_of_rows_and_differs_by_seed():
    rows = [(f"t{n}", f"c{n % 4}") for n in range(80)]
    texts, turned = texts_of(rows), texts_of(rows[::-1])
    assert sorted(texts.split(0.25, 1)[1].texts()) == sorted(turned.split(0.25, 1)[1].texts())
    assert len({frozenset(texts.split(0.25, seed)[1].texts()) for seed in range(10)}) == 10


def test_one_text_cannot_be_split_and_a_wrong_size_is_refused():
    with pytest.raises(DataError, match=r"cannot split 2 rows with 1 different text\. Expected at least 2: add texts"):
        texts_of([("a", "x"), ("a", "y")]).split(0.5)
    with pytest.raises(SettingsError, match="Received: validation=0"):
        texts_of().split(0)
