import pytest
import tensorflow as tf

from tests.encoders.tokenizers.sentence_piece_cases import strings
from tfsiamese.encoders.tokenizers.added_tokens import AddedToken, CutOut, Pieces, read_added_tokens
from tfsiamese.errors import EncoderError

SEP, MASK, LEFT, RIGHT, WORD = 1, 2, 3, 4, 5


def cut(tokens, *texts, contents=None):
    """Each text as its pieces, an added token as its id."""
    found = CutOut(tokens, contents)(Pieces.whole(strings(*texts)))
    rows = [[] for _ in texts]
    for text, index, row in zip(*(part.numpy() for part in found), strict=True):
        rows[row].append(text.decode() if index < 0 else int(index))
    return rows


def test_texts_without_a_token_stay_whole():
    assert cut([AddedToken(SEP, "[SEP]")], "a [sep] b", "") == [["a [sep] b"], [""]]
    assert cut([], "a [SEP]") == [["a [SEP]"]]


def test_tokens_are_cut_out_with_what_stands_around_them():
    assert cut([AddedToken(SEP, "[SEP]")], "a [SEP] b", "[SEP]", "x", "[SEP][SEP]", "c[SEP]") == [
        ["a ", SEP, " b"],
        [SEP],
        ["x"],
        [SEP, SEP],
        ["c", SEP],
    ]


def test_the_leftmost_and_there_the_longest_token_is_taken():
    tokens = [AddedToken(1, "ab"), AddedToken(2, "abc"), AddedToken(3, "bcd")]
    assert cut(tokens, "abcd", "abd", "bcd") == [[2, "d"], [1, "d"], [3]]


def test_signs_of_regular_expressions_are_taken_literally():
    tokens = [AddedToken(1, "<|a.b|>"), AddedToken(2, "(x)*+?\\d^$"), AddedToken(3, "\n"), AddedToken(4, "{-}")]
    assert cut(tokens, "<|axb|>", "<|a.b|>", "(x)*+?\\d^$1", "a\nb", "{-}") == [
        ["<|axb|>"],
        [1],
        [2, "1"],
        ["a", 3, "b"],
        [4],
    ]


def test_text_behind_a_nul_is_kept():
    assert cut([AddedToken(SEP, "[SEP]")], "a\0b[SEP]\0c") == [["a\0b", SEP, "\0c"]]


def test_whitespace_goes_with_a_token_that_takes_it():
    tokens = [AddedToken(LEFT, "<l>", lstrip=True), AddedToken(RIGHT, "<r>", rstrip=True)]
    assert cut(tokens, "a \t\u00a0<l> b", "a <r>\n\u3000 b", "  <l>", "<r>  ", "a<l>b", "<r> <l>") == [
        ["a", LEFT, " b"],
        ["a ", RIGHT, "b"],
        [LEFT],
        [RIGHT],
        ["a", LEFT, "b"],
        [RIGHT, LEFT],
    ]


def test_a_single_word_is_not_found_beside_itself():
    tokens = [AddedToken(WORD, "new", single_word=True), AddedToken(SEP, "[SEP]")]
    assert cut(tokens, "newnew", "[SEP][SEP]new[SEP]", "new new") == [
        ["newnew"],
        [SEP, SEP, WORD, SEP],
        [WORD, " ", WORD],
    ]


def test_a_single_word_is_not_found_inside_another_word():
    tokens = [AddedToken(WORD, "new", single_word=True), AddedToken(SEP, "[SEP]")]
    assert cut(tokens, "new newer anew a-new", "énew", "new[SEP]new", "news[SEP]", "_new") == [
        [WORD, " newer anew a-", WORD],
        ["énew"],
        [WORD, SEP, WORD],
        ["news", SEP],
        ["_new"],
    ]


def test_tokens_are_looked_for_as_they_are_normalized():
    assert cut([AddedToken(MASK, "<MASK>", normalized=True)], "a <mask>", "<MASK>", contents=["<mask>"]) == [
        ["a ", MASK],
        ["<MASK>"],
    ]


def test_tokens_that_were_cut_out_before_stay_in_their_place():
    pieces = CutOut([AddedToken(SEP, "[SEP]")])(Pieces.whole(strings("a[SEP]b<x>", "c")))
    pieces = CutOut([AddedToken(MASK, "<x>")])(pieces)
    assert [text.decode() for text in pieces.texts.numpy()] == ["a", "", "b", "", "c"]
    assert pieces.ids.numpy().tolist() == [-1, SEP, -1, MASK, -1]
    assert pieces.rows.numpy().tolist() == [0, 0, 0, 0, 1]


def test_no_texts_are_no_pieces():
    assert cut([AddedToken(SEP, "[SEP]")]) == []


def test_a_token_that_is_normalized_to_nothing_is_refused():
    with pytest.raises(EncoderError, match="normalized to nothing"):
        CutOut([AddedToken(1, "\u00ad", normalized=True)], [""])


def test_entries_are_read_with_their_flags():
    entry = {"id": 1, "content": "<m>", "lstrip": True, "rstrip": False, "normalized": True, "single_word": False}
    tokenizer = {"model": {"vocab": {"a": 0}}, "added_tokens": [entry]}
    assert read_added_tokens(tokenizer) == [AddedToken(1, "<m>", normalized=True, lstrip=True)]


@pytest.mark.parametrize(
    "entry", [{"id": 1}, {"content": "<m>"}, {"id": 1, "content": ""}, {"id": "1", "content": "<m>"}, "<m>"]
)
def test_damaged_entries_are_refused(entry):
    with pytest.raises(EncoderError, match="added token|adds"):
        read_added_tokens({"model": {"vocab": {}}, "added_tokens": [entry]})


def test_an_id_that_is_not_the_vocabularys_is_refused():
    with pytest.raises(EncoderError, match="adds '<m>' as 5, where its vocabulary has 1"):
        read_added_tokens({"model": {"vocab": [["a", 0], ["<m>", 0]]}, "added_tokens": [{"id": 5, "content": "<m>"}]})


def test_cutting_works_in_a_graph_of_any_number_of_texts():
    cut_out = CutOut([AddedToken(SEP, "[SEP]")])
    graph = tf.function(
        lambda texts: cut_out(Pieces.whole(texts)).ids, input_signature=[tf.TensorSpec([None], tf.string)]
    )
    assert graph(strings("a[SEP]")).numpy().tolist() == [-1, SEP]
    assert graph(strings("a", "b", "c")).numpy().tolist() == [-1, -1, -1]
    assert graph(tf.zeros([0], tf.string)).numpy().tolist() == []
