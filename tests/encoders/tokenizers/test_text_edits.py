import re

import pytest
import tensorflow as tf

from tfsiamese.encoders.tokenizers.code_points import decode, encode
from tfsiamese.encoders.tokenizers.text_edits import Prepend, Replace, Strip
from tfsiamese.errors import EncoderError

SPACED = ["", " ", " \u3000a b\u2028", "a", "\n\n", "\u200b ", " b\t", "\x85c\x1f "]


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        (True, True, ["", "", "a b", "a", "", "\u200b", "b", "c\x1f"]),
        (True, False, ["", "", "a b\u2028", "a", "", "\u200b ", "b\t", "c\x1f "]),
        (False, True, ["", "", " \u3000a b", "a", "", "\u200b", " b", "\x85c\x1f"]),
        (False, False, SPACED),
    ],
)
def test_strip_removes_white_space_from_the_ends_it_is_told(left, right, expected):
    stripped = encode(Strip(left, right)(decode(tf.constant(SPACED))))
    assert [text.decode() for text in stripped.numpy()] == expected


def test_prepend_leaves_empty_texts_empty():
    assert Prepend("▁")(tf.constant(["a", "", " "])).numpy().tolist() == ["▁a".encode(), b"", "▁ ".encode()]


@pytest.mark.parametrize(
    "text", [".", "a.b", "\\", "\\d", "(x)", "[a]", "^", "$", " ", "\n", "\0", "é▁", "a{2}", "-", "]"]
)
def test_a_string_is_replaced_wherever_it_stands_as_it_is(text):
    whole = f"{text}aab{text}{text}x1^é"
    replaced = Replace({"String": text}, "\\1\\\\_")(tf.constant([whole]))
    assert replaced.numpy()[0].decode() == whole.replace(text, "\\1\\\\_")


@pytest.mark.parametrize(
    "expression", [" {2,}", "a", "[a-c]+x", "(ab|a)(?:c|cd)", "\\.\\.", "x?y", "[▁ ]", "a{1,2}b", "é+", "[\\-\\]]"]
)
def test_a_plain_expression_is_replaced_as_by_python(expression):
    text = "a  b   ab.. abcd acd xyy ▁ aab ééé-]acx"
    assert Replace({"Regex": expression}, "#")(tf.constant([text])).numpy()[0].decode() == re.sub(expression, "#", text)


@pytest.mark.parametrize(
    "expression",
    [
        "\\s",
        "\\p{L}",
        ".",
        "^a",
        "a$",
        "(?=a)",
        "(?i)a",
        "[^a]",
        "[[:alpha:]]",
        "a+?",
        "a++",
        "a{2}{3}",
        "(a)+",
        "[a",
        "a{1001}",
        "a(",
        "[z-a]",
        "\\1",
        "\\n",
        "[a&&b]",
        "{,2}",
        "+",
    ],
)
def test_an_expression_that_could_be_read_otherwise_is_refused(expression):
    with pytest.raises(EncoderError, match="which TensorFlow may read otherwise") as caught:
        Replace({"Regex": expression}, "")
    assert repr(expression) in str(caught.value)


@pytest.mark.parametrize("pattern", [{"String": ""}, {"Regex": "a*"}, {"Regex": "(a|b?)"}])
def test_a_pattern_that_matches_between_characters_is_refused(pattern):
    with pytest.raises(EncoderError, match="matches between characters"):
        Replace(pattern, "x")
