import pytest

from tfsiamese.generation.documents.hyphenation import join_broken_lines, spelled_words


def join(lines, *elsewhere):
    return join_broken_lines(lines, spelled_words([list(lines), *([text] for text in elsewhere)]))


def test_a_word_broken_at_a_lines_end_is_one_word():
    assert join(["all the infor-", "mation there is"]) == "all the information there is"


def test_a_hyphen_that_the_document_spells_elsewhere_stays():
    assert join(["a well-", "known fact"], "This is well-known.") == "a well-known fact"


def test_a_hyphenated_form_that_is_rarer_than_the_joined_one_goes():
    assert join(["an on-", "line shop"], "online online on-line") == "an online shop"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["in 2020-", "2021 it rained"], "in 2020-2021 it rained"),
        (["by Jean-", "Paul Sartre"], "by Jean-Paul Sartre"),
        (["die Vor- und Nach-", "teile davon"], "die Vor- und Nachteile davon"),
        (["die Vor-", "und Nachteile"], "die Vor- und Nachteile"),
        (["COVID-", "infected"], "COVIDinfected"),
        (["all INFOR-", "MATION here"], "all INFORMATION here"),
        (["state-of-", "the-art methods"], "state-of-the-art methods"),
        (["10-", "fold more"], "10-fold more"),
        (["see https://example.org/", "guide for more"], "see https://example.org/guide for more"),
        (["a dash —", "and more"], "a dash — and more"),
        (["a dash—", "and more"], "a dash—and more"),
        (["one -", "two"], "one - two"),
    ],
)
def test_what_stands_beside_a_hyphen_decides(lines, text):
    assert join(lines) == text


def test_a_conjunction_that_ends_a_broken_word_belongs_to_it():
    assert join(["some thous-", "and people"], "A thousand of them.") == "some thousand people"


def test_a_soft_hyphen_always_goes():
    assert join(["Infor\u00ad", "mation"]) == "Information"
    assert join(["Jean\u00ad", "Paul", "a\u00adb"]) == "JeanPaul ab"


@pytest.mark.parametrize(
    ("lines", "text"),
    [
        (["これは日本", "語です。"], "これは日本語です。"),
        (["这是中文，", "没有空格"], "这是中文，没有空格"),
        (["ภาษา", "ไทย"], "ภาษาไทย"),
        (["한국어는", "띄어쓴다"], "한국어는 띄어쓴다"),
        (["日本の", "Python 3"], "日本の Python 3"),
    ],
)
def test_scripts_without_spaces_join_without_one(lines, text):
    assert join(lines) == text


def test_words_broken_at_a_lines_end_are_not_counted():
    words = spelled_words([["the well-", "known Well-known infor-", "mation"]])
    assert words == {"the": 1, "well-known": 1}
