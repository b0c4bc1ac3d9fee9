import pytest
import tensorflow as tf

from tests.encoders.tokenizers.sentence_piece_cases import strings
from tfsiamese.encoders.tokenizers.tokenizer import Tokenizer
from tfsiamese.errors import EncoderError, SettingsError

LETTERS = "▁abcdefghijklmnopqrstuvwxyz<>"


def letters(**sections):
    """A tokenizer whose ids are 0 unknown, 1 and 2 special, from 3 on ▁, a, b, …."""
    vocab = [["<unk>", 0.0], ["<s>", 0.0], ["</s>", 0.0], *([letter, -1.0] for letter in LETTERS)]
    ids = {"<s>": {"id": "<s>", "ids": [1]}, "</s>": {"id": "</s>", "ids": [2]}}
    single = [{"SpecialToken": {"id": "<s>"}}, {"Sequence": {"id": "A"}}, {"SpecialToken": {"id": "</s>"}}]
    whole = {
        "normalizer": {"type": "Lowercase"},
        "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": True},
        "model": {"type": "Unigram", "unk_id": 0, "vocab": vocab},
        "post_processor": {"type": "TemplateProcessing", "single": single, "special_tokens": ids},
        "added_tokens": [{"id": 2, "content": "</s>"}],
    }
    return {**whole, **sections}


def ids(tokenizer, *texts):
    return tokenizer.tokenize(strings(*texts)).ids.to_list()


def number(text):
    return [3 + LETTERS.index(letter) for letter in text]


def test_special_tokens_stand_around_the_ids_of_a_text():
    assert ids(Tokenizer(letters()), "Ab", "") == [[1, *number("▁ab"), 2], [1, 2]]


def test_added_tokens_stand_between_the_ids_beside_them():
    found = ids(Tokenizer(letters()), "a</s>b", "</s>", "</s></s>c", "d")
    assert found == [
        [1, *number("▁a"), 2, *number("b"), 2],
        [1, 2, 2],
        [1, 2, 2, *number("c"), 2],
        [1, *number("▁d"), 2],
    ]


def test_added_tokens_are_looked_for_before_normalization_unless_they_are_normalized_too():
    added = [{"id": 40, "content": "<A>"}, {"id": 41, "content": "<B>", "normalized": True}]
    found = ids(Tokenizer(letters(added_tokens=added, post_processor=None)), "<A>", "<a>", "<B>", "<b>x<A>")
    assert found == [[40], number("▁<a>"), [41], [41, *number("x"), 40]]


def test_long_texts_are_cut_on_the_right_and_keep_their_special_tokens():
    tokens = Tokenizer(letters(), max_length=4).tokenize(strings("abc", "a", ""))
    assert tokens.ids.to_list() == [[1, *number("▁a"), 2], [1, *number("▁a"), 2], [1, 2]]
    assert tokens.lengths.numpy().tolist() == [6, 4, 2]
    assert tokens.ids.dtype == tokens.lengths.dtype == tf.int32


def test_max_length_can_be_set_later():
    tokenizer = Tokenizer(letters())
    assert tokenizer.max_length is None
    tokenizer.max_length = 3
    assert ids(tokenizer, "abc") == [[1, *number("▁"), 2]]


@pytest.mark.parametrize("max_length", [2, 0, -1, True, 2.5, "8"])
def test_a_max_length_without_room_for_a_text_is_refused(max_length):
    with pytest.raises(SettingsError, match="above 2"):
        Tokenizer(letters(), max_length=max_length)


def test_counts_include_added_tokens():
    tokenizer = Tokenizer(letters(added_tokens=[{"id": 99, "content": "<new>"}]))
    assert tokenizer.vocab_size == 100
    assert tokenizer.num_special == 2
    assert Tokenizer(letters()).vocab_size == 3 + len(LETTERS)


def test_bytes_that_are_not_utf8_count_as_replacement_characters():
    tokenizer = Tokenizer(letters(post_processor=None))
    assert ids(tokenizer, b"a\xffb") == ids(tokenizer, "a\ufffdb")


def test_no_texts_have_no_ids():
    tokens = Tokenizer(letters()).tokenize(tf.zeros([0], tf.string))
    assert tokens.ids.to_list() == []
    assert tokens.lengths.shape == [0]


def test_ids_do_not_depend_on_the_other_texts():
    tokenizer = Tokenizer(letters())
    texts = ["ab cd", "</s>x", "", "zz" * 40, "a b c </s> d"]
    assert ids(tokenizer, *texts) == [ids(tokenizer, text)[0] for text in texts]


def test_a_word_piece_model_is_taken_for_what_it_is():
    model = {
        "type": "WordPiece",
        "unk_token": "[UNK]",
        "continuing_subword_prefix": "##",
        "max_input_chars_per_word": 100,
        "vocab": {"[UNK]": 0, "ab": 1, "##c": 2},
    }
    whole = letters(model=model, pre_tokenizer={"type": "BertPreTokenizer"}, post_processor=None, added_tokens=[])
    assert ids(Tokenizer(whole), "ABC x") == [[1, 2, 0]]


def test_a_byte_level_model_is_taken_for_what_it_is():
    alphabet = {letter: index for index, letter in enumerate("Ġab")}
    model = {"type": "BPE", "vocab": {**alphabet, "ab": 3}, "merges": [["a", "b"]], "unk_token": None}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    whole = letters(model=model, pre_tokenizer=byte_level, normalizer=None, post_processor=None, added_tokens=[])
    assert ids(Tokenizer(whole), "ab ab") == [[3, 0, 3]]


def test_another_model_is_refused_by_name():
    with pytest.raises(EncoderError, match="'WordLevel'"):
        Tokenizer(letters(model={"type": "WordLevel", "vocab": {}}))


def test_a_saved_model_gives_the_same_ids(tmp_path):
    class Saved(tf.Module):
        def __init__(self):
            super().__init__()
            self.tokenizer = Tokenizer(letters(), max_length=5)

        @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
        def __call__(self, texts):
            return self.tokenizer.tokenize(texts)._asdict()

    saved = Saved()
    tf.saved_model.save(saved, str(tmp_path))
    texts = strings("a", "</s>b c", "", "abcdef")
    loaded, direct = tf.saved_model.load(str(tmp_path))(texts), saved(texts)
    assert loaded["ids"].to_list() == direct["ids"].to_list()
    assert loaded["lengths"].numpy().tolist() == direct["lengths"].numpy().tolist() == [4, 6, 2, 9]
