import json

import pytest

from tfsiamese.generation.writers.token_counts import token_count


@pytest.mark.parametrize(("said", "expected"), [(0, 0), (12, 12), (7.9, 7), (2**70, 2**70), (10**400, 10**400)])
def test_a_number_is_counted_whole(said, expected):
    assert token_count(said) == expected


@pytest.mark.parametrize("said", [-1, -0.5, -(10**400), float("-inf"), float("inf"), float("nan")])
def test_no_number_of_tokens_is_below_zero_or_without_end(said):
    assert token_count(said) == 0


@pytest.mark.parametrize("text", ["null", "true", '"10"', "[1]", '{"a": 1}'])
def test_what_is_no_number_counts_nothing(text):
    assert token_count(json.loads(text)) == 0
