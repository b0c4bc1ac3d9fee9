import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.tokenizers.frozen import read_frozen
from tfsiamese.encoders.tokenizers.normalization import make_normalizer
from tfsiamese.errors import EncoderError

STORED = read_frozen("normalizers")
BERT = {"type": "BertNormalizer"}


def apply(config, texts):
    return [text.decode() for text in make_normalizer(config)(tf.constant(texts)).numpy()]


@pytest.mark.parametrize(
    "case", STORED["cases"], ids=[f"{i}-{case['normalizer']['type']}" for i, case in enumerate(STORED["cases"])]
)
def test_strings_equal_those_of_hugging_face(case):
    expected = [
        text if string is None else string for text, string in zip(STORED["texts"], case["strings"], strict=True)
    ]
    assert apply(case["normalizer"], STORED["texts"]) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Café\tCRÈME", "cafe creme"),
        ("ﬁn ＡＢ ½", "ﬁn ａｂ ½"),
        ("ΣΑΣ İ ı", "σασ i ı"),
        ("a\0b\ufffdc\u200bd\ue000", "abcd"),
        ("漢字kana かな", " 漢  字 kana かな"),
        ("\U0002f800", " 丽 "),
        ("가\u0e33", "\u1100\u1161\u0e33"),
        ("\x85\x0b\x1c|", "|"),
    ],
)
def test_bert_lowercases_cleans_strips_accents_and_isolates_chinese(text, expected):
    assert apply(BERT, [text]) == [expected]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"lowercase": False}, " É "),
        ({"lowercase": False, "strip_accents": True}, " E "),
        ({"strip_accents": False}, " é "),
        ({"clean_text": False}, "\te\u2003"),
        ({"clean_text": False, "lowercase": False, "handle_chinese_chars": False}, "\tÉ\u2003"),
    ],
)
def test_accents_are_stripped_as_told_or_else_where_it_lowercases(options, expected):
    assert apply({**BERT, **options}, ["\tÉ\u2003"]) == [expected]


def test_marks_that_bert_keeps_are_ordered_before_others_are_stripped():
    # U+302E and U+1D16D are spacing marks of classes 224 and 226; U+034F has class 0, so nothing moves across it.
    texts = ["a\U0001d16d\u302e", "a\U0001d16d\u0301\u302e", "a\U0001d16d\u034f\u302e"]
    assert apply(BERT, texts) == ["a\u302e\U0001d16d", "a\u302e\U0001d16d", "a\U0001d16d\u302e"]


def test_a_sequence_does_one_after_the_other():
    config = {
        "type": "Sequence",
        "normalizers": [
            {"type": "Strip", "strip_left": True, "strip_right": True},
            {"type": "Lowercase"},
            {"type": "Sequence", "normalizers": [{"type": "NFD"}, {"type": "StripAccents"}]},
            {"type": "Replace", "pattern": {"String": "e"}, "content": "É"},
            {"type": "Lowercase"},
            {"type": "Prepend", "prepend": "▁"},
        ],
    }
    assert apply(config, [" ÉTÉ ", "  ", "A"]) == ["▁été", "", "▁a"]


@pytest.mark.parametrize("config", [None, {"type": "Sequence", "normalizers": []}])
def test_without_a_normalizer_texts_stay(config):
    assert apply(config, [" É\0", ""]) == [" É\0", ""]


@pytest.mark.parametrize("name", ["BertNormalizer", "NFC", "NFKD", "Strip", "StripAccents", "Prepend"])
def test_a_text_is_normalized_alike_alone_and_among_others(name):
    normalize = make_normalizer({"type": name})
    texts = tf.constant(STORED["texts"])
    alone = [normalize(texts[i : i + 1]).numpy()[0] for i in range(0, len(STORED["texts"]), 7)]
    assert alone == normalize(texts).numpy()[::7].tolist()


@pytest.mark.parametrize("name", ["BertNormalizer", "NFC", "NFKC", "NFD", "Strip", "Prepend"])
def test_no_texts_are_normalized_to_none(name):
    normalize = tf.function(
        make_normalizer({"type": name}).__call__, input_signature=[tf.TensorSpec([None], tf.string)]
    )
    assert normalize(tf.constant([], tf.string)).shape == [0]


def test_broken_utf_8_counts_as_replacement_characters():
    normalize = make_normalizer({"type": "NFC"})
    assert normalize(tf.constant([b"e\xcc\x81\xff", b"\xe2\x82"])).numpy().tolist() == [
        "é\ufffd".encode(),
        "\ufffd".encode(),
    ]
    assert make_normalizer(BERT)(tf.constant([b"A\xffB"])).numpy().tolist() == [b"ab"]


def test_a_saved_normalizer_gives_equal_strings(tmp_path):
    module = tf.Module()
    config = {
        "type": "Sequence",
        "normalizers": [{"type": "NFKC"}, BERT, {"type": "Strip"}, {"type": "Prepend", "prepend": "x"}],
    }
    module.normalizer = make_normalizer(config)
    module.normalize = tf.function(module.normalizer.__call__, input_signature=[tf.TensorSpec([None], tf.string)])
    tf.saved_model.save(module, str(tmp_path / "saved"))
    texts = tf.constant(STORED["texts"])
    loaded = tf.saved_model.load(str(tmp_path / "saved"))
    np.testing.assert_array_equal(loaded.normalize(texts), module.normalizer(texts))


@pytest.mark.parametrize("config", [{"type": "Nmt"}, {"type": "ByteLevel"}, {}, "NFC"])
def test_another_type_is_refused_by_name(config):
    with pytest.raises(EncoderError, match="not supported: .*expected one of BertNormalizer, Lowercase, NFC") as caught:
        make_normalizer({"type": "Sequence", "normalizers": [config]})
    assert (config.get("type") or "{}" if isinstance(config, dict) else config) in str(caught.value)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({**BERT, "fast": True}, "BertNormalizer normalizer has an option that is not supported: 'fast'"),
        ({"type": "NFC", "form": 1}, "'form'; expected none"),
        ({**BERT, "lowercase": None}, "lowercase=None, which is of the wrong type"),
        ({**BERT, "strip_accents": "yes"}, "strip_accents='yes', which is of the wrong type"),
        ({"type": "Sequence", "normalizers": None}, "normalizers=None"),
        ({"type": "Replace", "pattern": {}, "content": ""}, "has the pattern {}"),
        ({"type": "Replace", "pattern": {"String": 1}, "content": ""}, "has the pattern {'String': 1}"),
        ({"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "}, "which TensorFlow may read otherwise"),
    ],
)
def test_wrong_options_are_refused_by_name(config, message):
    with pytest.raises(EncoderError) as caught:
        make_normalizer(config)
    assert message in str(caught.value)
