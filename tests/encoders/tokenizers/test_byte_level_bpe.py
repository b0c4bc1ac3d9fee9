"""Ids of byte-level BPE: by hand, and against Hugging Face tokenizers."""

import functools
import json
from collections.abc import Callable

import pytest
import tensorflow as tf

from tests.encoders.tokenizers.frozen import read_frozen
from tfsiamese.encoders.tokenizers.byte_level_bpe import make_byte_level_bpe
from tfsiamese.encoders.tokenizers.byte_level_vocabulary import byte_characters
from tfsiamese.errors import EncoderError

FROZEN = read_frozen("bpe")
TEXTS = FROZEN["texts"]
ALPHABET = {character: number for number, character in enumerate(byte_characters())}
A, B, C, SPACE = (ALPHABET[character] for character in "abcĠ")


def toy(tokens: tuple[str, ...], merges: list, prefix: bool = False, **options) -> dict:
    vocabulary = ALPHABET | {token: 300 + number for number, token in enumerate(tokens)}
    return {
        "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": prefix, "use_regex": True},
        "model": {"type": "BPE", "vocab": vocabulary, "merges": merges, **options},
    }


@functools.cache
def make_graph(tokenizer: str) -> Callable:
    signature = [tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.bool)]
    return tf.function(make_byte_level_bpe(json.loads(tokenizer)), input_signature=signature)


def encode(tokenizer: dict, texts: list, begins: bool = True) -> list[list[int]]:
    return make_graph(json.dumps(tokenizer))(tf.constant(texts, tf.string), tf.fill([len(texts)], begins)).to_list()


@pytest.mark.parametrize("name", FROZEN["cases"])
def test_ids_are_those_of_hugging_face(name):
    case = FROZEN["cases"][name]
    found = encode(case["tokenizer"], TEXTS)
    assert len(found) == len(case["ids"]) > 100
    for text, ids, expected in zip(TEXTS, found, case["ids"], strict=True):
        assert ids == expected, repr(text)


@pytest.mark.parametrize("name", ["roberta", "llama3"])
def test_a_text_has_the_same_ids_whatever_else_is_in_the_batch(name):
    case = FROZEN["cases"][name]
    for index in (0, 4, 40, 90):
        assert encode(case["tokenizer"], [TEXTS[index]]) == [case["ids"][index]]
    assert encode(case["tokenizer"], TEXTS[::-1]) == case["ids"][::-1]


def test_bytes_merge_into_the_tokens_of_the_merges():
    tokenizer = toy(("ab", "abc", "Ġa"), ["a b", "ab c", "Ġ a"])
    assert encode(tokenizer, ["abc", "cab", " ab", "aabb a"]) == [[301], [C, 300], [SPACE, 300], [A, 300, B, 302]]


def test_a_prefix_space_takes_part_in_merges():
    assert encode(toy(("Ġa",), ["Ġ a"], prefix=True), ["a", "ba", " a"]) == [[300], [SPACE, B, A], [300]]


def test_whole_words_are_taken_as_they_are_where_merges_are_ignored():
    tokens, merges = ("ab", "bc", "abc", "Ġabc"), ["b c", "a b"]
    assert encode(toy(tokens, merges), ["abc abc"]) == [[A, 301, SPACE, A, 301]]
    assert encode(toy(tokens, merges, ignore_merges=True), ["abc abc", "abcb", "a"]) == [
        [302, 303],
        [A, 301, B],
        [A],
    ]


def test_bytes_without_a_token_are_left_out():
    tokenizer = toy(("ac",), ["a c"])
    del tokenizer["model"]["vocab"]["b"]
    assert encode(tokenizer, ["abc", "b", "cb a"]) == [[300], [], [C, SPACE, A]]


@pytest.mark.parametrize("texts", [[], [""], ["", "", ""]])
@pytest.mark.parametrize("name", ["gpt2", "roberta", "llama3"])
def test_without_characters_there_are_no_ids(name, texts):
    assert encode(FROZEN["cases"][name]["tokenizer"], texts) == [[] for _ in texts]


def test_invalid_utf8_has_the_ids_of_the_replacement_character():
    tokenizer = FROZEN["cases"]["gpt2"]["tokenizer"]
    broken, mended = encode(tokenizer, [b"a\xff b", "a\ufffd b".encode()])
    assert broken == mended


def test_the_place_of_a_piece_in_its_text_has_no_influence():
    tokenizer = FROZEN["cases"]["roberta"]["tokenizer"]
    assert encode(tokenizer, TEXTS[:20], begins=False) == encode(tokenizer, TEXTS[:20], begins=True)


def test_long_runs_of_one_letter_and_long_words_are_right():
    tokenizer = toy(("aa", "aaaa"), ["a a", "aa aa"])
    assert encode(tokenizer, ["a" * 1003, "ab" * 5000]) == [[301] * 250 + [300, A], [A, B] * 5000]


def test_ids_are_int32_and_the_vocabulary_is_counted():
    model = make_byte_level_bpe(toy(("ab",), ["a b"]))
    ids = model(tf.constant(["ab"]), tf.constant([True]))
    assert (ids.dtype, ids.shape.as_list(), model.vocab_size) == (tf.int32, [1, None], 257)


@pytest.mark.parametrize("name", ["gpt2", "llama3"])
def test_a_saved_model_has_the_same_ids(name, tmp_path):
    module = tf.Module()
    module.model = make_byte_level_bpe(FROZEN["cases"][name]["tokenizer"])

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def tokenize(texts: tf.Tensor) -> tf.RaggedTensor:
        return module.model(texts, tf.fill(tf.shape(texts), True))

    module.tokenize = tokenize
    tf.saved_model.save(module, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    assert loaded.tokenize(tf.constant(TEXTS)).to_list() == FROZEN["cases"][name]["ids"]
    assert loaded.tokenize(tf.constant([], tf.string)).to_list() == []


def test_a_pre_tokenizer_of_another_kind_is_refused():
    tokenizer = toy((), []) | {"pre_tokenizer": {"type": "Metaspace"}}
    with pytest.raises(EncoderError, match="Metaspace"):
        make_byte_level_bpe(tokenizer)
