import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable, PairTable, ReplaceCharacters, then
from tfsiamese.encoders.tokenizers.code_points import after, before, decode, encode, splits_of, starts_of_rows, where


def test_decoding_and_encoding_gives_back_every_character():
    texts = tf.constant(
        [
            "".join(map(chr, range(first, first + 1024)))
            for first in range(0, 0x110000, 1024)
            if not 0xD800 <= first < 0xE000
        ]
    )
    np.testing.assert_array_equal(encode(decode(texts)), texts)


@pytest.mark.parametrize("broken", [b"\xff", b"a\xc3", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80", b"\x80\x80"])
def test_bytes_that_are_not_utf_8_become_replacement_characters(broken):
    codes = decode(tf.constant([broken, b"b"]))
    assert 0xFFFD in codes.values[:-1].numpy()
    assert codes.values.numpy()[-1] == ord("b")


def test_a_table_knows_each_code_point():
    numbers = np.random.default_rng(3).integers(0, 2, 0x110000) * np.arange(0x110000)
    np.testing.assert_array_equal(CodePointTable(numbers)(tf.range(0x110000)), numbers)


def test_of_sets_the_last_one_counts():
    table = CodePointTable.of_sets({3: [97, 98], 5: [98, 0x10FFFF]})
    np.testing.assert_array_equal(table(tf.constant([96, 97, 98, 0x10FFFF])), [0, 3, 5, 5])


def test_characters_become_none_one_or_several_and_stay_in_their_text():
    replace = ReplaceCharacters({ord("x"): (), ord("ä"): (ord("a"), ord("e")), ord("B"): (ord("b"),)})
    texts = tf.constant(["xäBx", "", "xx", "cä"])
    assert encode(replace(decode(texts))).numpy().tolist() == [b"aeb", b"", b"", b"cae"]


def test_then_does_one_map_after_the_other():
    both = then({1: (2, 3), 4: (), 5: (6,)}, {3: (7, 8), 6: (), 9: (1,)})
    assert both == {1: (2, 7, 8), 3: (7, 8), 4: (), 5: (), 6: (), 9: (1,)}


def test_starts_of_rows_pass_over_empty_texts():
    assert starts_of_rows(decode(tf.constant(["", "ab", "", "", "c", ""]))).numpy().tolist() == [True, False, True]


def test_where_keeps_texts_apart():
    codes = decode(tf.constant(["abc", "", "a", "ca"]))
    kept = where(codes, codes.values != ord("a"))
    assert encode(kept).numpy().tolist() == [b"bc", b"", b"", b"c"]


def test_no_texts_are_no_code_points():
    codes = decode(tf.constant([], tf.string))
    assert starts_of_rows(codes).shape == [0]
    assert encode(ReplaceCharacters({97: (98,)})(codes)).shape == [0]


def test_a_table_knows_pairs_in_their_order_and_gives_zero_for_others():
    table = PairTable({(97, 98): 5, (0x10FFFF, 0x10FFFF): 7, (0, 1): 9})
    found = table(tf.constant([97, 98, 0x10FFFF, 0, 0x10FFFF, 98]), tf.constant([98, 97, 0x10FFFF, 1, 0, 98]))
    assert found.numpy().tolist() == [5, 0, 7, 9, 0, 0]


def test_a_table_without_pairs_gives_zero():
    assert PairTable({})(tf.constant([0, 97]), tf.constant([0, 98])).numpy().tolist() == [0, 0]


def test_neighbours_are_one_place_away_and_the_edge_outside():
    assert before(tf.constant([1, 2, 3]), -1).numpy().tolist() == [-1, 1, 2]
    assert after(tf.constant([True, False]), True).numpy().tolist() == [False, True]
    assert before(tf.zeros([0], tf.int32), 7).numpy().tolist() == []


def test_splits_count_what_stands_before():
    assert splits_of(tf.constant([2, 0, 3])).numpy().tolist() == [0, 2, 2, 5]
    assert splits_of(tf.constant([True, False])).numpy().tolist() == [0, 1, 1]
