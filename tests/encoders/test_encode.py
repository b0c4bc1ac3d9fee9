import logging
import types

import keras
import numpy as np
import pandas as pd
import pytest
import tensorflow as tf

from tests.encoders.checkpoint.frozen import expected, load, shared
from tfsiamese.encoders import Encoder, describe_cut_texts
from tfsiamese.errors import DataError, SettingsError

WORDS = ["red", "green", "apple", "plum", "nurse", "doctor", "data", "code", "road", "river", "stone", "bread"]


def _texts_of_many_lengths(count: int) -> list[str]:
    random = np.random.default_rng(5)
    return [" ".join(random.choice(WORDS, size=size)) for size in random.integers(0, 60, size=count)]


class LengthEncoder(Encoder):
    """The number of bytes of a text; counts what it is asked."""

    dimension = 2
    source = fingerprint = "lengths"

    def __init__(self):
        super().__init__()
        self.num_texts = tf.Variable(0, trainable=False)
        self.largest_batch = tf.Variable(0, trainable=False)
        self.most_bytes = tf.Variable(0, trainable=False)

    def call(self, texts: tf.Tensor, training: bool = False) -> tf.Tensor:
        lengths = tf.strings.length(texts)
        self.num_texts.assign_add(tf.size(texts))
        self.largest_batch.assign(tf.maximum(self.largest_batch, tf.size(texts)))
        self.most_bytes.assign(tf.maximum(self.most_bytes, tf.reduce_sum(lengths)))
        return tf.stack([tf.cast(lengths, tf.float32), tf.ones(tf.shape(texts))], axis=1)


class TestOrder:
    @pytest.mark.parametrize("batch_size", [1, 7, 64, 1000])
    def test_vectors_stand_in_the_order_of_the_texts_whatever_the_batch_size(self, tiny_encoder, batch_size):
        texts = _texts_of_many_lengths(100)
        alone = np.concatenate([tiny_encoder(tf.constant([text])) for text in texts])
        vectors = tiny_encoder.encode(texts, batch_size=batch_size)
        assert (vectors.shape, vectors.dtype) == ((100, 8), np.float32)
        np.testing.assert_allclose(vectors, alone, atol=1e-5)

    def test_a_text_that_occurs_repeatedly_is_computed_once(self):
        encoder = LengthEncoder()
        vectors = encoder.encode(["aaa", "b", "aaa", "cc", "b", b"aaa"], batch_size=2)
        assert vectors[:, 0].tolist() == [3, 1, 3, 2, 1, 3]
        assert int(encoder.num_texts) == 3

    def test_batches_are_no_larger_than_asked(self):
        encoder = LengthEncoder()
        encoder.encode([str(number) for number in range(50)], batch_size=8)
        assert (int(encoder.num_texts), int(encoder.largest_batch)) == (50, 8)

    def test_batches_of_very_long_texts_are_smaller(self):
        encoder = LengthEncoder()
        texts = [f"{number:02d}" * 10_000 for number in range(16)]
        assert encoder.encode(texts, batch_size=64)[:, 0].tolist() == [20_000] * 16
        assert int(encoder.most_bytes) < 100_000

    def test_a_text_that_is_longer_than_any_batch_is_encoded_whole(self):
        assert LengthEncoder().encode(["x" * 1_000_000, "y"])[:, 0].tolist() == [1_000_000, 1]


class TestInputs:
    def test_no_texts_have_no_vectors(self, tiny_encoder):
        vectors = tiny_encoder.encode([])
        assert (vectors.shape, vectors.dtype) == ((0, 8), np.float32)

    @pytest.mark.parametrize(
        "make",
        [
            pytest.param(tuple, id="tuple"),
            pytest.param(iter, id="iterator"),
            pytest.param(np.array, id="array of strings"),
            pytest.param(lambda texts: np.array(texts, object), id="array of objects"),
            pytest.param(pd.Series, id="series"),
            pytest.param(lambda texts: pd.Series(texts, index=[9, 9, 0]), id="series with an index of its own"),
            pytest.param(lambda texts: pd.Series(texts, dtype="category"), id="categories"),
            pytest.param(lambda texts: [text.encode() for text in texts], id="bytes"),
        ],
    )
    def test_texts_can_come_as_any_sequence(self, tiny_encoder, make):
        texts = ["red apple", "näher 中文 🍎", ""]
        np.testing.assert_array_equal(tiny_encoder.encode(make(texts)), tiny_encoder.encode(texts))

    @pytest.mark.parametrize("text", ["red apple", b"red apple"])
    def test_a_single_text_is_not_taken_for_a_list_of_letters(self, tiny_encoder, text):
        with pytest.raises(DataError, match=r"received a single text\. Put it in a list"):
            tiny_encoder.encode(text)

    @pytest.mark.parametrize(
        ("texts", "described"),
        [
            (["a", None], "Text 1 is None, of type NoneType"),
            ([3.5], "Text 0 is 3.5, of type float"),
            (pd.Series(["a", np.nan], dtype=object), "Text 1 is nan, of type float"),
            (pd.Series(["a", None], dtype="string"), "Text 1 is <NA>, of type NAType"),
            ([["a"]], r"Text 0 is \['a'\], of type list"),
        ],
    )
    def test_what_is_no_text_is_reported_with_its_place(self, tiny_encoder, texts, described):
        with pytest.raises(DataError, match=rf"{described}\. Expected a str\."):
            tiny_encoder.encode(texts)

    @pytest.mark.parametrize("batch_size", [0, -3, 2.5, "8", None])
    def test_a_batch_size_that_is_no_positive_integer_is_refused(self, tiny_encoder, batch_size):
        with pytest.raises(SettingsError, match=f"Received: batch_size={batch_size!r}"):
            tiny_encoder.encode(["a"], batch_size=batch_size)


class TestAwkwardTexts:
    def test_an_empty_text_has_a_vector_of_its_own(self, tiny_encoder):
        vectors = tiny_encoder.encode(["", "red", ""])
        assert np.isfinite(vectors).all()
        np.testing.assert_array_equal(vectors[0], vectors[2])
        assert np.abs(vectors[0] - vectors[1]).max() > 1e-3

    def test_nul_bytes_are_part_of_the_text(self, tiny_encoder):
        with_nul, without = tiny_encoder.encode(["red\0", "red"])
        assert np.abs(with_nul - without).max() > 1e-3

    def test_a_lone_surrogate_counts_as_replacement_characters(self, tiny_encoder):
        (vector,) = tiny_encoder.encode(["red \ud800"])
        expected = tiny_encoder.encode(["red \ufffd", "red \ufffd\ufffd", "red \ufffd\ufffd\ufffd"])
        assert np.abs(expected - vector).max(axis=1).min() == 0.0

    @pytest.mark.parametrize("text", [b"red \xff", b"\xc3", b"apple \xe4\xb8"])
    def test_bytes_that_are_not_utf8_count_as_replacement_characters(self, tiny_encoder, text):
        np.testing.assert_array_equal(
            tiny_encoder.encode([text]), tiny_encoder.encode([text.decode("utf-8", "replace")])
        )


class TestNormalize:
    def test_vectors_get_the_length_one_and_keep_their_direction(self, tiny_encoder):
        texts = _texts_of_many_lengths(10)
        plain, normalized = tiny_encoder.encode(texts), tiny_encoder.encode(texts, normalize=True)
        np.testing.assert_allclose(np.linalg.norm(normalized, axis=1), 1.0, rtol=1e-6)
        np.testing.assert_allclose(normalized * np.linalg.norm(plain, axis=1, keepdims=True), plain, atol=1e-5)

    def test_a_vector_of_zeros_stays_one(self, tiny_encoder):
        for variable in tiny_encoder.variables:
            variable.assign(keras.ops.zeros_like(variable))
        np.testing.assert_array_equal(tiny_encoder.encode(["red"], normalize=True), np.zeros([1, 8]))


class PromptedEncoder(LengthEncoder):
    """With prompts of different lengths, which show in the vectors."""

    prompts = types.MappingProxyType({"query": "12345", "passage": "1234567890", "none": ""})


class TestPrompts:
    def test_a_prompt_stands_before_each_text(self):
        vectors = PromptedEncoder().encode(["a", "bcd"], prompt_name="query")
        assert vectors[:, 0].tolist() == [6, 8]

    def test_a_prompt_can_be_given_as_text(self):
        assert PromptedEncoder().encode(["a"], prompt="xy ")[0, 0] == 4

    def test_one_prompt_after_another_can_be_asked_for(self):
        encoder = PromptedEncoder()
        found = [encoder.encode(["a"], prompt_name=name)[0, 0] for name in ("query", "passage", "query", "none", None)]
        assert found == [6, 11, 6, 1, 1]

    def test_the_default_prompt_is_taken_where_none_is_named(self):
        encoder = PromptedEncoder()
        encoder.default_prompt_name = "query"
        assert encoder.encode(["a"])[0, 0] == 6
        assert encoder.encode(["a"], prompt_name="passage")[0, 0] == 11

    @pytest.mark.parametrize("none", [{"prompt_name": ""}, {"prompt": ""}])
    def test_an_empty_name_or_text_is_no_prompt(self, none):
        encoder = PromptedEncoder()
        encoder.default_prompt_name = "query"
        assert encoder.encode(["a"], **none)[0, 0] == 1

    def test_an_unknown_name_is_answered_with_the_nearest_and_all(self):
        message = r"lengths has no prompt 'querry'\. Did you mean 'query'\? Its prompts: query, passage, none\."
        with pytest.raises(SettingsError, match=message):
            PromptedEncoder().encode(["a"], prompt_name="querry")

    def test_an_encoder_without_prompts_says_so(self, tiny_encoder):
        with pytest.raises(SettingsError, match=r"has no prompt 'query'\. It has none\."):
            tiny_encoder.encode(["red"], prompt_name="query")

    @pytest.mark.parametrize("prompt", [3, b"query: ", ["query: "]])
    def test_a_prompt_that_is_no_text_is_refused(self, tiny_encoder, prompt):
        with pytest.raises(SettingsError, match="Expected prompt to be a text. Received"):
            tiny_encoder.encode(["red"], prompt=prompt)


class TestCutTexts:
    """Checkpoints know how long they read, and tell how much was left out."""

    LONG = "the fox jumps over the dog " * 20

    def test_the_number_of_texts_that_were_cut_is_logged_once(self, caplog):
        texts = ["a", self.LONG, self.LONG, "b " + self.LONG]
        with caplog.at_level(logging.WARNING, "tfsiamese"):
            shared("bert").encode(texts, batch_size=1)
        messages = [record.message for record in caplog.records if record.name.startswith("tfsiamese")]
        longest = shared("bert").num_tokens(texts).max()
        expected_message = f"3 of 4 texts were cut at 48 tokens; the longest has {longest:,}"
        assert messages == [f"{shared('bert').source}: {expected_message}"]

    def test_the_tokens_of_a_prompt_count(self, caplog):
        encoder = load("xlm_roberta", max_length=8)
        assert encoder.num_tokens(["a"]) <= 8
        with caplog.at_level(logging.WARNING, "tfsiamese"):
            encoder.encode(["a"], prompt="a very long instruction: ")
        assert "1 of 1 texts were cut at 8 tokens" in caplog.text

    def test_nothing_is_logged_where_nothing_was_cut(self, caplog, tiny_encoder):
        with caplog.at_level(logging.WARNING, "tfsiamese"):
            shared("bert").encode(["a", ""])
            tiny_encoder.encode([self.LONG])
        assert "were cut" not in caplog.text

    def test_tokens_are_counted_before_cutting(self):
        texts = expected("bert")["texts"]
        counts = shared("bert").num_tokens(texts)
        assert counts.dtype == np.int32
        assert counts.tolist() == expected("bert")["full_lengths"]
        assert counts.max() > shared("bert").max_length
        assert shared("bert").num_tokens([]).tolist() == []

    def test_an_encoder_that_keeps_its_tokens_to_itself_counts_none(self, tiny_encoder):
        assert tiny_encoder.num_tokens(["red"]) is None

    @pytest.mark.parametrize(
        ("lengths", "limit", "described"),
        [
            ([5, 8, 3], 8, ""),
            ([5, 9, 1200], 8, "2 of 3 texts were cut at 8 tokens; the longest has 1,200"),
            ([9] * 1500, 8, "1,500 of 1,500 texts were cut at 8 tokens; the longest has 9"),
            ([9], None, ""),
            ([], 8, ""),
        ],
    )
    def test_what_was_cut_is_said_in_a_few_words(self, lengths, limit, described):
        assert describe_cut_texts(np.array(lengths, np.int32), limit) == described


def test_progress_is_shown_on_standard_error_when_asked_for(tiny_encoder, capfd):
    tiny_encoder.encode(["red", "green"])
    assert "encoding" not in capfd.readouterr().err
    tiny_encoder.encode(["red", "green", "red"], show_progress=True)
    captured = capfd.readouterr()
    assert "encoding: 100%" in captured.err
    assert "2/2" in captured.err
    assert captured.out == ""


class TestUseMultilingual:
    """The same promises, kept by a network that sees neighbouring words."""

    def test_a_vector_does_not_depend_on_what_else_is_in_the_batch(self, use_multilingual):
        texts = [
            "nurse",
            "",
            "Softwareentwicklerin mit Erfahrung in verteilten Systemen",
            " ".join(_texts_of_many_lengths(20)),
            "データサイエンティスト",
            "a",
            "🍎🍏 emoji 👩‍⚕️ and 한국어",
        ]
        alone = np.concatenate([use_multilingual.encode([text]) for text in texts])
        np.testing.assert_allclose(use_multilingual.encode(texts), alone, atol=1e-5)
        np.testing.assert_allclose(use_multilingual.encode(texts[::-1], batch_size=3), alone[::-1], atol=1e-5)

    def test_every_text_has_a_vector_of_length_one(self, use_multilingual):
        texts = ["", " ", "\n\t", "🍎", "\ud800", b"\xff\xfe", "\0", "nurse\0nurse", "a" * 5000, "\u200b", "ﷺ"]
        vectors = use_multilingual.encode(texts)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)

    def test_bytes_that_are_not_utf8_count_as_replacement_characters(self, use_multilingual):
        raw = [b"nurse \xff", b"\xc3", b"doctor \xe4\xb8 nurse"]
        expected = use_multilingual.encode([text.decode("utf-8", "replace") for text in raw])
        np.testing.assert_allclose(use_multilingual.encode(raw), expected, atol=1e-5)

    def test_a_text_of_ten_thousand_words_is_not_cut_off(self, use_multilingual):
        words = np.random.default_rng(1).choice(WORDS, size=10_000).tolist()
        whole, changed_at_the_end = use_multilingual.encode(
            [" ".join(words), " ".join([*words[:-500], *["Vertrag"] * 500])]
        )
        assert np.linalg.norm(whole) == pytest.approx(1.0, abs=1e-5)
        assert np.abs(whole - changed_at_the_end).max() > 1e-4
        (beside_a_short_text, _) = use_multilingual.encode([" ".join(words), "nurse"])
        np.testing.assert_allclose(beside_a_short_text, whole, atol=1e-5)

    def test_an_empty_batch_has_no_vectors(self, use_multilingual):
        assert use_multilingual(tf.constant([], tf.string)).shape == [0, 512]
