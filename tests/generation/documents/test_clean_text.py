"""Text of any file as clean lines."""

import pytest

from tfsiamese.generation.documents.clean_text import clean_code, clean_line, clean_lines, join_lines


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("  two\u00a0\u2003words\r\n\tmore\u0007 ", "two words more"),
        ("Donau\u00addampf\u200bschiff\ufeff", "Donaudampfschiff"),
        ("e\u0301te\u0301", "\u00e9t\u00e9"),
        ("\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645", "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645"),
        ("\u0915\u094d\u200d\u0937", "\u0915\u094d\u200d\u0937"),
        ("a\ud800b", "a b"),
        ("\u3000日本\u3000語", "日本 語"),
        (" \u200b\n", ""),
    ],
)
def test_a_line_has_single_spaces_and_nothing_invisible_but_joiners(raw: str, clean: str):
    assert clean_line(raw) == clean


@pytest.mark.parametrize(
    ("lines", "joined"),
    [
        ("a line\nand more", "a line and more"),
        ("日本語の\n  文章です。\n次", "日本語の文章です。次"),
        ("我们使用\nPython 语言", "我们使用 Python 语言"),
        ("ภาษา\nไทย", "ภาษาไทย"),
        ("한국어\n문장", "한국어 문장"),
        ("日本 語", "日本 語"),
    ],
)
def test_lines_are_joined_with_a_space_where_the_script_has_spaces(lines: str, joined: str):
    assert join_lines(lines) == joined


def test_lines_of_a_table_stay_apart_and_empty_ones_vanish():
    assert clean_lines("a  |  b\r\n \t\rc | d\u2028e") == "a | b\nc | d\ne"


def test_code_keeps_its_spaces_and_its_indentation_from_the_line_least_indented():
    assert clean_code("\n\n  if x:\n\n  \ty =  1\u00a0\n  z\n\n") == "if x:\n  y =  1\nz"
