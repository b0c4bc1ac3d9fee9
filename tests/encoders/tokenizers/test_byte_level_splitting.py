"""Words of byte-level BPE: by hand, against Python's regular expressions, and against Hugging Face tokenizers."""

import functools
import itertools
import json
import random
import re
import unicodedata
from collections.abc import Callable

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.tokenizers.frozen import read_frozen
from tfsiamese.encoders.tokenizers.byte_level_patterns import LETTER, NUMBER, OTHER, WHITESPACE, character_kinds
from tfsiamese.encoders.tokenizers.byte_level_splitting import make_byte_level_splitter
from tfsiamese.errors import EncoderError

FROZEN = read_frozen("bpe")
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|"
    r"\s+(?!\S)|\s+"
)
QWEN2 = LLAMA3.replace("{1,3}", "")


def byte_level(prefix: bool = False, regex: bool = True) -> dict:
    return {"type": "ByteLevel", "add_prefix_space": prefix, "trim_offsets": True, "use_regex": regex}


def split(expression: str, **options) -> dict:
    return {"type": "Split", "pattern": {"Regex": expression}, "behavior": "Isolated", "invert": False, **options}


def sequence(*steps: dict) -> dict:
    return {"type": "Sequence", "pretokenizers": list(steps)}


def with_pattern(expression: str) -> dict:
    return sequence(split(expression), byte_level(regex=False))


@functools.cache
def make_graph(config: str) -> Callable:
    splitter = make_byte_level_splitter(json.loads(config))

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def graph(batch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        words = splitter(batch)
        return words.words(), words.words_of_texts()

    return graph


def cut(config: dict, texts: list) -> list[list[str]]:
    words, splits = make_graph(json.dumps(config))(tf.constant(texts, tf.string))
    decoded = [word.decode() for word in words.numpy()]
    return [decoded[first:last] for first, last in itertools.pairwise(splits.numpy())]


@pytest.mark.parametrize("name", FROZEN["cases"])
def test_words_have_the_lengths_of_hugging_face(name):
    case = FROZEN["cases"][name]
    words = cut(case["tokenizer"]["pre_tokenizer"], FROZEN["texts"])
    assert len(words) == len(case["word_lengths"]) > 100
    for text, found, lengths in zip(FROZEN["texts"], words, case["word_lengths"], strict=True):
        assert [len(word) for word in found] == lengths, repr(text)


@pytest.mark.parametrize("name", ["gpt2", "llama3", "qwen2", "whole_texts"])
def test_without_a_prefix_the_words_of_a_text_make_the_text(name):
    words = cut(FROZEN["cases"][name]["tokenizer"]["pre_tokenizer"], FROZEN["texts"])
    assert ["".join(found) for found in words] == FROZEN["texts"]


@pytest.mark.parametrize("expression", [GPT2, LLAMA3, QWEN2])
def test_ascii_texts_are_cut_as_by_a_regular_expression(expression):
    plain = expression.replace(r"[^\s\p{L}\p{N}]", r"[^\sA-Za-z0-9]").replace(r"[^\r\n\p{L}\p{N}]", r"[^\r\nA-Za-z0-9]")
    pattern = re.compile(plain.replace(r"\p{L}", "[A-Za-z]").replace(r"\p{N}", "[0-9]"), re.ASCII)
    choose = random.Random(3)
    texts = ["".join(choose.choices(" \n\r\t'sSrReEvlL12.(", k=choose.randint(0, 24))) for _ in range(1500)]
    assert cut(with_pattern(expression), texts) == [pattern.findall(text) for text in texts]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello world", ["Hello", " world"]),
        ("a  b", ["a", " ", " b"]),
        ("a \n b", ["a", " \n", " b"]),
        ("a\tb", ["a", "\t", "b"]),
        ("end  ", ["end", "  "]),
        ("it's 'sure IT'S", ["it", "'s", " '", "sure", " IT", "'", "S"]),
        ("'re''ve", ["'re", "''", "ve"]),
        ("we'll've", ["we", "'ll", "'ve"]),
        ("12345!? 7", ["12345", "!?", " 7"]),
        ("½x日本\u3000語", ["½", "x日本", "\u3000", "語"]),
    ],
)
def test_gpt2_words_worked_by_hand(text, words):
    assert cut(byte_level(), [text]) == [words]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Hello world", ["Hello", " world"]),
        ("\tif(x)", ["\tif", "(x", ")"]),
        ("((x", ["((", "x"]),
        (" (x", [" (", "x"]),
        ("a \n\n  b", ["a", " \n\n", " ", " b"]),
        ("a;\n\n  b", ["a", ";\n\n", " ", " b"]),
        ("-\n-a", ["-\n", "-a"]),
        ("\n\r", ["\n\r"]),
        ("IT'S x'ſ we'LL", ["IT", "'S", " x", "'ſ", " we", "'LL"]),
        ("'sure 's", ["'s", "ure", " '", "s"]),
        ("1234567 8", ["123", "456", "7", " ", "8"]),
    ],
)
def test_llama3_words_worked_by_hand(text, words):
    assert cut(with_pattern(LLAMA3), [text]) == [words]


def test_qwen2_takes_each_digit_alone():
    assert cut(with_pattern(QWEN2), ["a12 3"]) == [["a", "1", "2", " ", "3"]]


def test_without_the_expression_a_text_is_one_word():
    assert cut(byte_level(regex=False), ["a b\n1", ""]) == [["a b\n1"], []]


def test_a_prefix_space_is_put_before_texts_that_do_not_begin_with_a_space():
    texts = ["a b", " a", "\ta", "", "\u00a0a"]
    assert cut(byte_level(prefix=True), texts) == [[" a", " b"], [" a"], [" ", "\t", "a"], [], [" ", "\u00a0", "a"]]


def test_a_prefix_space_is_put_before_each_piece_that_an_earlier_step_made():
    steps = sequence({"type": "Digits", "individual_digits": True}, byte_level(prefix=True))
    assert cut(steps, ["a12 b"]) == [[" a", " 1", " 2", " b"]]


@pytest.mark.parametrize(("individual", "words"), [(True, ["a", "1", "2", " b"]), (False, ["a", "12", " b"])])
def test_digits_are_cut_off(individual, words):
    steps = sequence({"type": "Digits", "individual_digits": individual}, byte_level(regex=False))
    assert cut(steps, ["a12 b"]) == [words]


def test_digits_keep_what_is_beside_them_from_being_one_match():
    # Without the cut, "½" and "1" are one number, and the space would join it.
    steps = sequence({"type": "Digits", "individual_digits": True}, byte_level())
    assert cut(steps, ["a ½1 b"]) == [["a", " ", "½", "1", " b"]]


def test_digits_of_a_newer_unicode_are_digits_but_not_numbers():
    digit = "\U00016ff4"
    assert cut(sequence({"type": "Digits", "individual_digits": True}, byte_level()), [f"!{digit}!"]) == [
        ["!", digit, "!"]
    ]
    assert cut(byte_level(), [f"!{digit}!"]) == [[f"!{digit}!"]]


def test_texts_do_not_run_into_each_other():
    texts = ["a", "b", "", "'", "s", " ", "c", "1", "2", "\n", "-", "\n"]
    for config in (byte_level(), with_pattern(LLAMA3)):
        assert cut(config, texts) == [[text] if text else [] for text in texts]


@pytest.mark.parametrize("texts", [[], [""], ["", "", ""]])
@pytest.mark.parametrize("config", [byte_level(), byte_level(prefix=True), with_pattern(LLAMA3)])
def test_without_characters_there_are_no_words(config, texts):
    assert cut(config, texts) == [[] for _ in texts]


def test_invalid_utf8_becomes_replacement_characters():
    assert cut(byte_level(), [b"a\xff b", b"\xe2\x82"]) == [["a", "\ufffd", " b"], ["\ufffd"]]


def test_nul_and_byte_order_marks_stay():
    assert cut(byte_level(), ["a\x00b", "\ufeffa"]) == [["a", "\x00", "b"], ["\ufeff", "a"]]


def test_kinds_agree_with_the_unicode_database():
    database = unicodedata.ucd_3_2_0
    codes = [code for code in range(0x110000) if database.category(chr(code)) != "Cn"]
    kinds = character_kinds()(tf.constant(codes)).numpy()
    letters = [database.category(chr(code))[0] == "L" for code in codes]
    numbers = [database.category(chr(code))[0] == "N" for code in codes]
    # A handful of characters has changed its category since Unicode 3.2.
    assert np.sum((kinds == LETTER) != letters) < 20
    assert np.sum((kinds == NUMBER) != numbers) < 20


def test_a_character_has_one_kind():
    codes = tf.constant([ord(character) for character in "aʼ²\u0301字\u2028 "])
    assert character_kinds()(codes).numpy().tolist() == [LETTER, LETTER, NUMBER, OTHER, LETTER, WHITESPACE, WHITESPACE]


@pytest.mark.parametrize(
    ("config", "message"),
    [
        (None, "pre-tokenizers none are not supported"),
        ({"type": "Whitespace"}, "pre-tokenizers Whitespace are not supported"),
        (sequence(byte_level(), split(GPT2)), "ByteLevel, Split are not supported"),
        (sequence(byte_level(), byte_level()), "Expected ByteLevel, alone or at the end"),
        (sequence({"type": "Punctuation"}, byte_level()), "pre-tokenizer Punctuation is not supported"),
        (sequence(split(r"\w+"), byte_level()), r"Split with the pattern .*\\\\w\+.* is not supported"),
        (sequence({"type": "Split", "pattern": {"String": " "}}, byte_level()), "'String': ' '.* is not supported"),
        (sequence(split(GPT2, behavior="Removed"), byte_level()), "behavior='Removed' is not supported"),
        (sequence(split(GPT2, invert=True), byte_level()), "invert=True is not supported"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(config, message):
    with pytest.raises(EncoderError, match=message):
        make_byte_level_splitter(config)
