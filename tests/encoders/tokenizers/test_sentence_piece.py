import itertools
import math

import pytest
import tensorflow as tf

from tests.encoders.tokenizers.sentence_piece_cases import CASES, expected_ids, frozen_texts, strings, tokenizer_of
from tfsiamese.encoders.tokenizers.code_points import decode, encode
from tfsiamese.encoders.tokenizers.precompiled import ReplaceClusters
from tfsiamese.encoders.tokenizers.sentence_piece import make_sentence_piece
from tfsiamese.encoders.tokenizers.tokenizer import Tokenizer
from tfsiamese.errors import EncoderError

BYTES = [f"<0x{byte:02X}>" for byte in range(256)]


def unigram(vocab, pre_tokenizer=None, unk_id=0):
    return {"model": {"type": "Unigram", "unk_id": unk_id, "vocab": vocab}, "pre_tokenizer": pre_tokenizer}


def byte_fallback(tokens, merges):
    vocab = {token: index for index, token in enumerate(["<unk>", *BYTES, *tokens])}
    model = {"type": "BPE", "vocab": vocab, "merges": merges, "unk_token": "<unk>", "byte_fallback": True}
    return {"model": model, "pre_tokenizer": None}


def ids(tokenizer, *texts):
    texts = strings(*texts)
    return make_sentence_piece(tokenizer)(texts, tf.fill([tf.size(texts)], True)).to_list()


@pytest.mark.parametrize("case", CASES)
def test_ids_are_those_of_hugging_face(case):
    tokenizer = Tokenizer(tokenizer_of(case))
    found = tf.function(tokenizer.tokenize, input_signature=[tf.TensorSpec([None], tf.string)])(
        strings(*frozen_texts())
    )
    for text, row, expected in zip(frozen_texts(), found.ids.to_list(), expected_ids(case), strict=True):
        assert row == expected, ascii(text)


def test_the_best_sum_wins_over_the_longest_first_piece():
    vocab = [["<unk>", 0.0], ["ab", -3.0], ["c", -3.0], ["a", -2.0], ["bc", -2.0], ["b", -9.0]]
    assert ids(unigram(vocab), "abc", "ab") == [[3, 4], [1]]


def test_of_equal_sums_the_one_with_the_longest_last_piece_wins():
    vocab = [["<unk>", 0.0], ["a", -1.5], ["aa", -2.0], ["aaa", -2.5]]
    assert ids(unigram(vocab), "aaaa", "aaaaa") == [[1, 3], [2, 3]]


def test_segmentations_equal_those_of_trying_all():
    vocab = [
        ["<unk>", 0.0],
        ["a", -3.113],
        ["b", -2.741],
        ["ab", -4.917],
        ["ba", -5.239],
        ["aba", -7.701],
        ["bb", -4.057],
    ]
    scores = dict(vocab[1:])
    number = {piece: index for index, (piece, _) in enumerate(vocab)}

    def best(text):
        ways = [[]] if not text else None
        for size in range(1, len(text) + 1):
            if text[:size] in scores:
                ways = [*(ways or []), [text[:size], *best(text[size:])]]
        return max(ways, key=lambda way: math.fsum(scores[piece] for piece in way))

    texts = ["".join(letters) for size in (1, 4, 7) for letters in itertools.product("ab", repeat=size)]
    assert ids(unigram(vocab), *texts) == [[number[piece] for piece in best(text)] for text in texts]


def test_adjacent_unknown_characters_of_a_word_are_one_token():
    vocab = [["<unk>", 0.0], ["▁", -1.0], ["a", -2.0]]
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": True}
    assert ids(unigram(vocab, metaspace), "xya xx", "zz") == [[1, 0, 2, 1, 0], [1, 0]]


def test_unknown_characters_of_two_words_are_two_tokens():
    split = {"type": "WhitespaceSplit"}
    assert ids(unigram([["<unk>", 0.0], ["a", -1.0]], split), "x yz") == [[0, 0]]


def test_texts_without_anything_have_no_ids():
    vocab = [["<unk>", 0.0], ["a", -1.0]]
    split = {"type": "WhitespaceSplit"}
    assert ids(unigram(vocab, split), "", " ", "a", "\t\n") == [[], [], [1], []]
    assert ids(unigram(vocab, split)) == []


def test_a_long_word_is_not_slow():
    vocab = [["<unk>", 0.0], ["a", -1.5], ["aa", -2.0]]
    assert ids(unigram(vocab), "a" * 3001)[0] == [1, *[2] * 1500]


@pytest.mark.parametrize(
    ("scheme", "expected"), [("always", [[1, 2], [1, 2]]), ("first", [[1, 2], [2]]), ("never", [[2], [2]])]
)
def test_the_prefix_depends_on_the_scheme_and_on_where_a_piece_begins(scheme, expected):
    metaspace = {"type": "Metaspace", "replacement": "▁", "prepend_scheme": scheme, "split": False}
    model = make_sentence_piece(unigram([["<unk>", 0.0], ["▁", -1.0], ["a", -2.0]], metaspace))
    assert model(strings("a", "a"), tf.constant([True, False])).to_list() == expected


def test_an_old_metaspace_that_adds_no_prefix_adds_none():
    metaspace = {"type": "Metaspace", "replacement": "▁", "add_prefix_space": False}
    assert ids(unigram([["<unk>", 0.0], ["▁", -1.0], ["a", -2.0]], metaspace), "a a") == [[2, 1, 2]]


def test_merges_are_made_in_their_order():
    tokenizer = byte_fallback(["a", "b", "c", "bc", "ab", "abc"], [["b", "c"], ["a", "b"], ["a", "bc"], ["ab", "c"]])
    assert ids(tokenizer, "abc", "ab", "cab") == [[262], [261], [259, 261]]


def test_merges_may_be_written_as_texts():
    assert ids(byte_fallback(["a", "b", "ab"], ["a b"]), "ab") == [[259]]


def test_unknown_characters_become_bytes():
    assert ids(byte_fallback(["a"], []), "a☃", "é") == [[257, 1 + 0xE2, 1 + 0x98, 1 + 0x83], [1 + 0xC3, 1 + 0xA9]]


def test_tokens_that_no_merge_makes_are_not_found_in_texts():
    assert ids(byte_fallback(["a", "b", "<s>", "<", "s", ">", "ab"], []), "<s>", "ab") == [[260, 261, 262], [257, 258]]


def test_merges_that_scores_cannot_say_are_refused():
    with pytest.raises(EncoderError, match="very different rank"):
        make_sentence_piece(byte_fallback(["a", "ab", "b", "bb", "abb"], ["a b", "ab b", "b b", "a bb"]))
    with pytest.raises(EncoderError, match="does not merge 'a' and 'bb'"):
        make_sentence_piece(byte_fallback(["a", "ab", "b", "bb", "abb"], ["a b", "b b", "ab b"]))
    with pytest.raises(EncoderError, match="is not a piece"):
        make_sentence_piece(byte_fallback(["a", "b"], ["a b"]))


def test_a_vocabulary_with_gaps_or_without_bytes_is_refused():
    tokenizer = byte_fallback(["a"], [])
    tokenizer["model"]["vocab"]["b"] = 999
    with pytest.raises(EncoderError, match="gaps"):
        make_sentence_piece(tokenizer)
    tokenizer = byte_fallback([], [])
    del tokenizer["model"]["vocab"]["<0xFF>"]
    with pytest.raises(EncoderError, match="<0xFF>"):
        make_sentence_piece(tokenizer)


@pytest.mark.parametrize(
    ("key", "value"),
    [("byte_fallback", False), ("dropout", 0.1), ("ignore_merges", True), ("end_of_word_suffix", "</w>"), ("new", 1)],
)
def test_options_of_bpe_that_are_not_supported_are_refused(key, value):
    tokenizer = byte_fallback(["a"], [])
    tokenizer["model"][key] = value
    with pytest.raises(EncoderError, match=key):
        make_sentence_piece(tokenizer)


def test_options_of_unigram_that_are_not_supported_are_refused():
    tokenizer = unigram([["<unk>", 0.0]])
    tokenizer["model"]["byte_fallback"] = True
    with pytest.raises(EncoderError, match="byte_fallback=True"):
        make_sentence_piece(tokenizer)
    with pytest.raises(EncoderError, match="unk_id=None"):
        make_sentence_piece(unigram([["<unk>", 0.0]], unk_id=None))
    with pytest.raises(EncoderError, match="pairs"):
        make_sentence_piece(unigram([["<unk>"]]))


@pytest.mark.parametrize(
    "pre_tokenizer",
    [
        {"type": "Digits", "individual_digits": True},
        {"type": "Sequence", "pretokenizers": [{"type": "Metaspace"}, {"type": "WhitespaceSplit"}]},
        {"type": "Metaspace", "replacement": "▁▁"},
        {"type": "Metaspace", "prepend_scheme": "second"},
        {"type": "Metaspace", "unheard_of": 1},
        {
            "type": "Sequence",
            "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "prepend_scheme": "first"}],
        },
    ],
)
def test_pre_tokenizers_that_are_not_supported_are_refused(pre_tokenizer):
    with pytest.raises(EncoderError, match="Metaspace|Digits"):
        make_sentence_piece(unigram([["<unk>", 0.0]], pre_tokenizer))


def normalized(changes, *texts):
    return [text.decode() for text in encode(ReplaceClusters(changes)(decode(strings(*texts)))).numpy()]


def test_a_short_grapheme_cluster_is_replaced_as_a_whole_by_its_first_match():
    changes = {"ª": "a", "e\u0301": "é", "\r": " "}
    assert normalized(changes, "xªy ª\u0301 e\u0301e") == ["xay a ée"]
    assert normalized(changes, "a\r\nb\rc") == ["a b c"]


def test_a_grapheme_cluster_of_six_bytes_is_replaced_character_by_character():
    changes = {"ª": "a", "e\u0301": "é"}
    assert normalized(changes, "ª\u0301\u0302 e\u0301\u20d0") == ["a\u0301\u0302 e\u0301\u20d0"]


def test_a_pictograph_behind_a_joiner_belongs_to_the_one_before_it():
    changes = {"™": "TM"}
    assert normalized(changes, "❤\u200d™\u0301", "x\u200d™\u0301", "❤", "\u200d™\u0301") == [
        "❤\u200dTM\u0301",
        "x\u200dTM",
        "❤",
        "\u200dTM",
    ]
    assert normalized(changes, "❤\ufe0f\u200d™\u0301x™") == ["❤\ufe0f\u200dTM\u0301xTM"]


def test_nothing_is_joined_to_a_control_character_or_over_the_end_of_a_text():
    changes = {"\u200b": " ", "e\u0301": "é"}
    assert normalized(changes, "\u200b\u0301", "e", "\u0301") == [" \u0301", "e", "\u0301"]


def test_a_damaged_character_map_is_refused():
    tokenizer = tokenizer_of("xlm_roberta")
    for damaged in ("no base64!", "AAAA", "////" + tokenizer["normalizer"]["precompiled_charsmap"][4:]):
        tokenizer["normalizer"]["precompiled_charsmap"] = damaged
        with pytest.raises(EncoderError, match="character map is damaged"):
            Tokenizer(tokenizer)


@pytest.mark.parametrize("case", ["xlm_roberta", "byte_fallback"])
def test_a_saved_model_gives_the_same_ids(case, tmp_path):
    class Saved(tf.Module):
        def __init__(self):
            super().__init__()
            self.tokenizer = Tokenizer(tokenizer_of(case))

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, texts):
            return self.tokenizer.tokenize(texts).ids

    tf.saved_model.save(Saved(), str(tmp_path))
    loaded = tf.saved_model.load(str(tmp_path))
    assert loaded(strings(*frozen_texts())).to_list() == expected_ids(case)
    assert loaded(tf.zeros([0], tf.string)).to_list() == []
    assert loaded(strings(b"\xff\xfe", b"a\xc3")).shape[0] == 2
