"""Tokens, merges and options of byte-level BPE, as `tokenizer.json` holds them."""

import numpy as np
import pytest

from tfsiamese.encoders.tokenizers.byte_level_vocabulary import byte_characters, read_byte_level_vocabulary
from tfsiamese.errors import EncoderError

ALPHABET = {character: number for number, character in enumerate(byte_characters())}


def model(tokens: tuple[str, ...] = (), merges: list | None = None, **options) -> dict:
    vocabulary = ALPHABET | {token: len(ALPHABET) + number for number, token in enumerate(tokens)}
    return {"type": "BPE", "dropout": None, "unk_token": None, "vocab": vocabulary, "merges": merges or [], **options}


def test_printable_bytes_stand_for_themselves_and_others_for_characters_from_256_on():
    characters = byte_characters()
    assert (len(characters), len(set(characters))) == (256, 256)
    assert (characters[ord("a")], characters[ord(" ")], characters[ord("\n")], characters[0]) == ("a", "Ġ", "Ċ", "Ā")
    assert (characters[0xAD], characters[0xAE], characters[0xFF]) == ("Ń", "®", "ÿ")


def test_tokens_are_known_by_their_bytes():
    vocabulary = read_byte_level_vocabulary(model(("Ġthe", "Ã©")))
    assert vocabulary.tokens[b" the"] == 256
    assert vocabulary.tokens["é".encode()] == 257
    assert vocabulary.byte_ids.tolist() == list(range(256))
    assert vocabulary.vocab_size == 258


def test_a_token_that_bytes_cannot_spell_counts_but_is_never_found():
    vocabulary = read_byte_level_vocabulary(model(("字",)))
    assert vocabulary.vocab_size == 257
    assert len(vocabulary.tokens) == 256


@pytest.mark.parametrize("merges", [["a b", "ab c"], [["a", "b"], ["ab", "c"]]])
def test_merges_are_strings_or_pairs(merges):
    vocabulary = read_byte_level_vocabulary(model(("ab", "abc"), merges))
    assert vocabulary.merges.tolist() == [[ALPHABET["a"], ALPHABET["b"], 256], [256, ALPHABET["c"], 257]]


def test_of_a_merge_that_stands_there_twice_the_later_counts():
    vocabulary = read_byte_level_vocabulary(model(("ab", "bc"), ["a b", "b c", "a b"]))
    assert vocabulary.merges[:, 2].tolist() == [257, 256]


def test_without_merges_the_array_has_no_rows():
    assert read_byte_level_vocabulary(model()).merges.shape == (0, 3)


@pytest.mark.parametrize("ignore", [True, False])
def test_ignore_merges_takes_whole_words(ignore):
    assert read_byte_level_vocabulary(model(ignore_merges=ignore)).takes_whole_words is ignore


@pytest.mark.parametrize(
    "options",
    [
        {"continuing_subword_prefix": "", "end_of_word_suffix": ""},
        {"unk_token": "<unk>", "fuse_unk": True, "byte_fallback": True},
        {"dropout": 0.0},
    ],
)
def test_options_without_an_effect_are_accepted(options):
    assert read_byte_level_vocabulary(model(**options)).vocab_size == 256


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"dropout": 0.1}, "dropout=0.1 is not supported"),
        ({"continuing_subword_prefix": "##"}, "continuing_subword_prefix='##' is not supported"),
        ({"end_of_word_suffix": "</w>"}, "end_of_word_suffix='</w>' is not supported"),
        ({"type": "Unigram"}, "The model Unigram is not byte-level BPE"),
    ],
)
def test_other_options_are_refused_by_name(options, message):
    with pytest.raises(EncoderError, match=message):
        read_byte_level_vocabulary(model(**options))


@pytest.mark.parametrize("option", [{"unk_token": "<unk>"}, {"byte_fallback": True}])
def test_unknown_bytes_are_refused_where_they_would_need_an_unknown_token(option):
    incomplete = model(**option)
    incomplete["vocab"] = {token: number for token, number in ALPHABET.items() if token != "a"}
    with pytest.raises(EncoderError, match=r"without the bytes \[97\] is not supported"):
        read_byte_level_vocabulary(incomplete)


def test_bytes_that_utf8_never_has_need_no_token():
    incomplete = model(unk_token="<unk>")
    incomplete["vocab"] = {token: number for token, number in ALPHABET.items() if token not in ("À", "ÿ")}
    vocabulary = read_byte_level_vocabulary(incomplete)
    assert np.flatnonzero(vocabulary.byte_ids < 0).tolist() == [0xC0, 0xFF]


@pytest.mark.parametrize(
    ("merge", "message"),
    [
        ("a", "Merge 2 is 'a'. Expected two tokens"),
        ("a b c", "Merge 2 is 'a b c'. Expected two tokens"),
        (["a", ""], "Merge 2 is .*Expected two tokens"),
        ("b c", "Merge 2, of 'b' and 'c', needs the token 'bc'"),
        ("xx b", "needs the token 'xx', which the vocabulary does not have"),
    ],
)
def test_a_merge_that_makes_no_token_is_reported_with_its_number(merge, message):
    with pytest.raises(EncoderError, match=message):
        read_byte_level_vocabulary(model(("ab",), ["a b", merge]))
