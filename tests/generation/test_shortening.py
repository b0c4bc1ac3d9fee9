"""Texts that fit into a line of a message."""

import pytest

from tfsiamese.generation.shortening import shortened


@pytest.mark.parametrize(
    ("text", "length", "expected"),
    [
        ("as it is", 8, "as it is"),
        ("one too long", 11, "one too lo…"),
        (" line\nbreaks,\ttabs\u3000and  blanks ", 40, "line breaks, tabs and blanks"),
        ("one two three", 9, "one two…"),
        ("blank before", 7, "blank…"),
        ("短い文章です", 4, "短い文…"),
        ("two", 1, "…"),
        ("", 1, ""),
        (" \n ", 1, ""),
    ],
)
def test_a_text_is_put_on_one_line_and_cut_with_an_ellipsis_that_counts(text, length, expected):
    assert shortened(text, length) == expected
