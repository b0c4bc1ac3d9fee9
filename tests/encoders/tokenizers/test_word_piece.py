import random

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.tokenizers.frozen import read_frozen
from tfsiamese.encoders.tokenizers.normalization import make_normalizer
from tfsiamese.encoders.tokenizers.word_piece import make_word_piece
from tfsiamese.errors import EncoderError

STORED = read_frozen("word_piece")
VOCAB = {"[UNK]": 0, "un": 1, "##aff": 2, "##able": 3, "##a": 4, "!": 5, "aff": 6, "[": 7, "]": 8, "unk": 9, "##é": 10}


def tokenizer(vocab=VOCAB, **options):
    model = {"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": "##", "vocab": vocab}
    return {
        "pre_tokenizer": {"type": "BertPreTokenizer"},
        "model": {"max_input_chars_per_word": 100, **model, **options},
    }


def ids(model, texts):
    texts = tf.constant(texts, tf.string)
    return model(texts, tf.ones_like(texts, tf.bool)).to_list()


def longest_match_first(words, vocab, max_characters):
    """The greedy search as it is defined, piece by piece."""
    found = []
    for word in words:
        start, pieces = 0, []
        while start < len(word) <= max_characters:
            candidates = [("##" if start else "") + word[start:end] for end in range(len(word), start, -1)]
            piece = next((candidate for candidate in candidates if candidate in vocab), None)
            if piece is None:
                pieces = []
                break
            pieces.append(vocab[piece])
            start += len(piece) - 2 * bool(start)
        found += pieces or [vocab["[UNK]"]]
    return found


@pytest.mark.parametrize(
    "case",
    STORED["cases"],
    ids=[f"{case['tokenizer']}-{case['normalizer']['strip_accents']}" for case in STORED["cases"]],
)
def test_ids_equal_those_of_hugging_face(case):
    texts = make_normalizer(case["normalizer"])(tf.constant(STORED["texts"]))
    assert ids(make_word_piece(STORED["tokenizers"][case["tokenizer"]]), texts) == case["ids"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("unaffable", [1, 2, 3]),
        ("unaff aff", [1, 2, 6]),
        ("unx", [0]),
        ("un!aff!!", [1, 5, 6, 5, 5]),
        ("[UNK] [unk]", [7, 0, 8, 7, 9, 8]),
        ("uné", [1, 10]),
        ("\u3000un\u2028\n un\u00a0", [1, 1]),
        ("a", [0]),
        ("", []),
        (" \t ", []),
        ("un\0", [0]),
        ("\ufffd", [0]),
    ],
)
def test_words_are_cut_into_the_longest_pieces(text, expected):
    assert ids(make_word_piece(tokenizer()), [text]) == [expected]


def test_a_word_is_measured_in_characters():
    model = make_word_piece(tokenizer({"[UNK]": 0, "é": 1, "##é": 2, "日": 3, "##日": 4}, max_input_chars_per_word=5))
    assert ids(model, ["é" * 5, "é" * 6, "日" * 5, "日" * 6, "é" * 1000]) == [
        [1, 2, 2, 2, 2],
        [0],
        [3, 4, 4, 4, 4],
        [0],
        [0],
    ]


def test_random_words_are_cut_as_by_the_plain_search():
    source = random.Random(11)
    for max_characters in (100, 7):
        pieces = ["".join(source.choices("abé", k=source.randrange(1, 6))) for _ in range(60)]
        vocab = {
            piece: i for i, piece in enumerate(dict.fromkeys(["[UNK]", *pieces[:30], *(f"##{p}" for p in pieces[20:])]))
        }
        model = make_word_piece(tokenizer(vocab, max_input_chars_per_word=max_characters))
        batch = [
            ["".join(source.choices("abé", k=source.randrange(1, 12))) for _ in range(source.randrange(5))]
            for _ in range(300)
        ]
        expected = [longest_match_first(words, vocab, max_characters) for words in batch]
        assert ids(model, [" ".join(words) for words in batch]) == expected


def test_texts_keep_their_tokens_apart():
    assert ids(make_word_piece(tokenizer()), ["", "un", "aff", " ", "!un", ""]) == [[], [1], [6], [], [5, 1], []]


def test_ids_may_have_gaps_and_any_order():
    model = make_word_piece(tokenizer({"un": 70, "[UNK]": 9, "##aff": 3}))
    assert model.vocab_size == 71
    assert ids(model, ["unaff x"]) == [[70, 3, 9]]


def test_no_texts_have_no_ids():
    model = make_word_piece(tokenizer())
    call = tf.function(
        model.__call__, input_signature=[tf.TensorSpec([None], tf.string), tf.TensorSpec([None], tf.bool)]
    )
    found = call(tf.constant([], tf.string), tf.constant([], tf.bool))
    assert found.shape[0] == 0
    assert found.dtype == tf.int32


def test_broken_utf_8_is_unknown():
    assert ids(make_word_piece(tokenizer()), [b"un\xff un", b"\xe2\x82"]) == [[0, 1], [0]]


def test_a_saved_model_gives_equal_ids(tmp_path):
    module = tf.Module()
    module.model = make_word_piece(STORED["tokenizers"]["uncased"])
    module.tokenize = tf.function(
        lambda texts: module.model(texts, tf.ones_like(texts, tf.bool)),
        input_signature=[tf.TensorSpec([None], tf.string)],
    )
    tf.saved_model.save(module, str(tmp_path / "saved"))
    loaded = tf.saved_model.load(str(tmp_path / "saved")).tokenize(tf.constant(STORED["texts"]))
    expected = module.tokenize(tf.constant(STORED["texts"]))
    np.testing.assert_array_equal(loaded.values, expected.values)
    np.testing.assert_array_equal(loaded.row_splits, expected.row_splits)


@pytest.mark.parametrize("splitter", [None, {"type": "Whitespace"}, {"type": "BertPreTokenizer", "more": 1}])
def test_another_pre_tokenizer_is_refused(splitter):
    with pytest.raises(EncoderError, match="pre-tokenizer that is not supported: .*; expected BertPreTokenizer"):
        make_word_piece({**tokenizer(), "pre_tokenizer": splitter})


@pytest.mark.parametrize(
    ("model", "message"),
    [
        ({"type": "BPE"}, "not a WordPiece model"),
        ({"dropout": 0.1}, "options that are not supported: dropout"),
        ({"vocab": {}}, "no vocabulary"),
        ({"vocab": {"[UNK]": "0"}}, "no vocabulary"),
        ({"vocab": {"[UNK]": 0, "a": 0}}, "an id twice"),
        ({"vocab": {"[UNK]": 0, "a": -1}}, "below zero"),
        ({"unk_token": "<unk>"}, "lacks its unknown token '<unk>'"),
        ({"continuing_subword_prefix": ""}, "continuing_subword_prefix=''"),
        ({"continuing_subword_prefix": "Ġ"}, "continuing_subword_prefix='Ġ'"),
        ({"max_input_chars_per_word": -1}, "max_input_chars_per_word=-1"),
        ({"max_input_chars_per_word": 2.5}, "max_input_chars_per_word=2.5"),
        ({"vocab": {"[UNK]": 0, "a" * 300: 1}}, "cannot be used"),
    ],
)
def test_a_model_that_is_not_supported_is_refused(model, message):
    with pytest.raises(EncoderError) as caught:
        make_word_piece(tokenizer(**model))
    assert message in str(caught.value)
