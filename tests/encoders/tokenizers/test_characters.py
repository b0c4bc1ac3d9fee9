import unicodedata

import numpy as np
import pytest

from tfsiamese.encoders.tokenizers.characters import (
    characters_in,
    combining_classes,
    compositions,
    decompositions,
    lowercase,
    never_composed,
)

# What was a character in Unicode 3.2 keeps its decomposition, class and case in all versions since.
OLD = [
    code
    for code in range(0x110000)
    if not 0xD800 <= code < 0xE000 and unicodedata.ucd_3_2_0.category(chr(code)) != "Cn"
]


def parts(text):
    return tuple(map(ord, text))


@pytest.mark.parametrize(("compatible", "form"), [(False, "NFD"), (True, "NFKD")])
def test_old_characters_decompose_as_unicodedata_says(compatible, form):
    found = decompositions(compatible)
    for code in OLD:
        assert found.get(code, (code,)) == parts(unicodedata.normalize(form, chr(code))), hex(code)


def test_no_decomposition_holds_a_character_that_decomposes():
    for compatible in (False, True):
        found = decompositions(compatible)
        assert not {part for into in found.values() for part in into} & set(found)


def test_old_characters_have_the_lower_case_of_python():
    assert [hex(code) for code in OLD if lowercase().get(code, (code,)) != parts(chr(code).lower())] == []


@pytest.mark.parametrize(
    ("upper", "lower"), [("İ", "i\u0307"), ("Σ", "σ"), ("ẞ", "ß"), ("Ǆ", "ǆ"), ("ǅ", "ǆ"), ("K", "k")]
)
def test_lower_case_of_awkward_letters(upper, lower):
    assert lowercase()[ord(upper)] == parts(lower)


def test_old_marks_have_the_combining_class_of_unicodedata():
    found, decomposed = combining_classes(), decompositions(False)
    wrong = [code for code in OLD if code not in decomposed and found.get(code, 0) != unicodedata.combining(chr(code))]
    assert wrong == []


def test_each_pair_composes_as_unicodedata_says():
    for (first, second), whole in compositions().items():
        assert unicodedata.normalize("NFC", chr(first) + chr(second)) == chr(whole)


def test_every_old_composite_is_in_a_pair():
    composites = {
        code
        for code in OLD
        if unicodedata.normalize("NFD", chr(code)) != chr(code) == unicodedata.normalize("NFC", chr(code))
    }
    assert composites <= set(compositions().values())


def test_what_never_composes_is_in_no_pair():
    assert set(never_composed().tolist()).isdisjoint(compositions().values())
    assert {0x340, 0x344, 0x958, 0x2126, 0xF900} <= set(never_composed().tolist())


def test_hangul_composes_in_two_steps():
    assert compositions()[0x1100, 0x1161] == ord("가")
    assert compositions()[ord("가"), 0x11A8] == ord("각")
    assert (ord("각"), 0x11A8) not in compositions()
    assert decompositions(False)[ord("힣")] == (0x1112, 0x1175, 0x11C2)


def test_no_starter_is_both_the_end_and_the_begin_of_a_pair():
    # Composition joins all pairs of a text at once, which would not be the same if there were one.
    ends = {second for _, second in compositions() if second not in combining_classes()}
    assert ends.isdisjoint(first for first, _ in compositions())


def test_white_space_is_that_of_unicode():
    expected = [
        *range(0x9, 0xE),
        0x20,
        0x85,
        0xA0,
        0x1680,
        *range(0x2000, 0x200B),
        0x2028,
        0x2029,
        0x202F,
        0x205F,
        0x3000,
    ]
    assert characters_in("space").tolist() == expected


@pytest.mark.parametrize(
    ("name", "members", "others"),
    [
        ("control", "\0\x07\x7f\x85\u00ad\u200b\u200d\ufeff\ufffd\ue000", "\t\n\r a\u0378é"),
        ("chinese", "㐀一豈龥\U00020000\U0002f800", "あアㄱ가〇々\u3000"),
        ("punctuation", "!$+<=>^`|~_-—’«。、¿¶", "a1 °€×½™😀"),
        ("nonspacing", "\u0300\u05b0\u064b\u0e31\ufe0f\u034f", "\u0903\u0488a"),
        ("mark", "\u0300\u05b0\u0903\u0488\ufe0f", "a\u200d"),
        ("letter", "aÉß字あʼªﬁ\U00020000", "1²Ⅷ_\u0301 \u0378"),
        ("number", "0٣²½Ⅷ①\U0001d7ce", "a一 \U00011de0"),
        ("numeric", "0٣²½Ⅷ①\U0001d7ce\U00011de0", "a一 "),
        ("extending", "\u0301\u0903\u200d\ufe0f\U0001f3fd", "a \u0600\u200b\0"),
        ("prepending", "\u0600\u08e2\U000110bd", "a\u0301\0"),
        ("pictograph", "©™❤☺👍\U0001f469", "a#1\u0301\ufe0f\U0001f3fd\U0001f1e9"),
        ("word", "aß字1٣Ⅷ_\u0301\u200d\ua7dc", "- ²€😀\u200b"),
        ("apart", "\0\n\u00ad\u200b\u2028\ufeff", "a \u0301\u0600\u200d"),
    ],
)
def test_sets_hold_what_they_are_named_for(name, members, others):
    found = set(characters_in(name).tolist())
    assert [member for member in members if ord(member) not in found] == []
    assert [other for other in others if ord(other) in found] == []


def test_sets_are_ascending_code_points():
    names = ["space", "control", "chinese", "punctuation", "nonspacing", "mark", "letter", "number", "numeric"]
    for name in [*names, "word", "pictograph", "extending", "prepending", "apart"]:
        codes = characters_in(name)
        assert codes.dtype == np.int32
        assert (np.diff(codes) > 0).all()
