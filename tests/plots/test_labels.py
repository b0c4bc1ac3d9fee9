import pytest

from tfsiamese.plots.labels import clean_text, display_width, shorten, shorten_all, wrap


def test_control_characters_are_stripped_and_white_space_becomes_one_space():
    assert clean_text("\x1b[1mdata\x07\n\t engineer \u202e\ufeff") == "[1mdata engineer"


def test_a_lone_surrogate_is_replaced():
    assert clean_text("ok\ud83d") == "ok\ufffd"


def test_decomposed_accents_are_composed():
    assert clean_text("cafe\u0301") == "café"


def test_a_text_with_nothing_to_see_says_so():
    assert clean_text(" \n\u200e") == "(empty)"


def test_what_is_not_a_text_is_written_out():
    assert clean_text(3.5) == "3.5"


@pytest.mark.parametrize(("text", "width"), [("abc", 3), ("日本", 4), ("e\u0301", 1), ("🚀", 2)])
def test_display_width_counts_columns(text, width):
    assert display_width(text) == width


def test_a_short_text_is_kept_whole():
    assert shorten("data analyst", 12) == "data analyst"


def test_a_long_text_loses_its_middle_between_words():
    shortened = shorten("rental service representative in personal and household goods", 34)
    assert shortened == "rental service … household goods"


def test_a_text_without_spaces_is_cut_anywhere():
    assert shorten("x" * 80, 9) == "xxxx…xxxx"


def test_wide_characters_count_twice_when_a_text_is_shortened():
    assert shorten("データサイエンティスト", 11) == "デー…ィスト"


def test_a_cut_parts_no_accent_from_its_letter_and_no_joined_emoji():
    accents = shorten("a\u0308" * 20, 9)
    assert accents == "a\u0308" * 4 + "…" + "a\u0308" * 4
    coder = "👩\u200d💻"
    assert shorten(coder * 10, 13).replace(coder, "").replace("…", "") == ""


def test_texts_that_differ_in_the_middle_stay_different():
    texts = [f"head of department {number} of a very large company" for number in (11, 12)]
    shortened = shorten_all(texts, 34)
    assert shortened[0] != shortened[1]
    assert max(map(len, shortened)) <= 68


def test_a_title_is_broken_into_lines():
    lines = wrap("a title that is far too long for one line above a small matrix", 20).splitlines()
    assert len(lines) > 2
    assert max(map(len, lines)) <= 20


def test_a_title_in_wide_characters_is_broken_at_half_as_many():
    assert max(map(len, wrap("職業" * 20, 20).splitlines())) == 10
