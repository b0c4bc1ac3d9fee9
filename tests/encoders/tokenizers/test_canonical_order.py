import random
import unicodedata

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.tokenizers.canonical_order import Compose, OrderMarks
from tfsiamese.encoders.tokenizers.characters import combining_classes, compositions
from tfsiamese.encoders.tokenizers.code_points import decode, encode


def apply(step, texts):
    return [text.decode() for text in encode(step(decode(tf.constant(texts)))).numpy()]


@pytest.fixture(scope="module")
def compose():
    return Compose(compatible=False)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\u0301\u0316", "a\u0316\u0301"),
        ("a\u0301\u0300", "a\u0301\u0300"),
        ("a\u0301\u034f\u0316", "a\u0301\u034f\u0316"),
        ("\u0301\u0316a\u0345\u0315\u0300\u05b0", "\u0316\u0301a\u05b0\u0300\u0315\u0345"),
    ],
)
def test_marks_are_ordered_by_class_and_else_stay(text, expected):
    assert apply(OrderMarks(), [text]) == [expected]


def test_marks_are_never_ordered_across_texts():
    texts = ["a\u0301", "\u0316b", "", "\u0316\u0301", "\u0316"]
    assert apply(OrderMarks(), texts) == texts


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("e\u0301", "é"),
        ("a\u0323\u0302", "ậ"),
        ("a\u0302\u0323", "ậ"),
        ("a\u0316\u0301", "á\u0316"),
        ("a\u0300\u0301", "à\u0301"),
        ("a\u034f\u0301", "a\u034f\u0301"),
        ("\u1112\u1161\u11ab\u1112\u1161", "한하"),
        ("\u0dd9\u0dcf\u0dca", "\u0ddd"),
        ("\u212b\u0958", "Å\u0915\u093c"),
        ("\u0301e", "\u0301e"),
    ],
)
def test_composition_of_awkward_texts(compose, text, expected):
    assert apply(compose, [text]) == [expected]


def test_nothing_is_composed_across_texts(compose):
    texts = ["e", "\u0301", "\u1100", "\u1161", "", "\u0301"]
    assert apply(compose, texts) == texts


@pytest.mark.parametrize(("compatible", "form"), [(False, "NFC"), (True, "NFKC")])
def test_random_texts_compose_as_unicodedata_says(compatible, form):
    source = random.Random(5)
    settled = [code for code in combining_classes() if unicodedata.ucd_3_2_0.category(chr(code)) != "Cn"]
    pairs = [pair for pair in compositions() if unicodedata.ucd_3_2_0.category(chr(pair[0])) != "Cn"]
    firsts, seconds = zip(*source.sample(pairs, 400), strict=True)
    pools = [settled, firsts, seconds, list(range(0x1100, 0x1200)), list(range(0xAC00, 0xAC40)), [0x34F, 0x20, 0x61]]
    texts = [
        "".join(chr(source.choice(source.choice(pools))) for _ in range(source.randrange(25))) for _ in range(1500)
    ]
    assert apply(Compose(compatible), texts) == [unicodedata.normalize(form, text) for text in texts]


def test_a_long_run_of_marks_composes_once(compose):
    assert apply(compose, ["e" + "\u0301\u0316" * 5000]) == ["é" + "\u0316" * 5000 + "\u0301" * 4999]


def test_no_texts_compose_to_none(compose):
    np.testing.assert_array_equal(encode(compose(decode(tf.constant([], tf.string)))), [])
