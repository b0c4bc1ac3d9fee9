import random
from decimal import Decimal

import numpy as np
import pytest

from tfsiamese.errors import DataError
from tfsiamese.pairs.rows import BadRow, Rows
from tfsiamese.pairs.validation import score_limits, validated_frame


def rows_of(left: list, right: list, score: list, broken: tuple[BadRow, ...] = ()) -> Rows:
    lines = np.arange(2, len(left) + 2)
    return Rows("pairs.csv", ("base", "ref", "similarity"), left, right, score, lines, list(broken))


@pytest.mark.parametrize("seed", range(20))
def test_mapped_scores_keep_their_order_and_the_ends_become_zero_and_one(seed):
    generator = random.Random(seed)
    low, high = sorted(generator.uniform(-100, 100) for _ in range(2))
    scores = sorted([low, high] + [generator.uniform(low, high) for _ in range(500)])
    texts = [str(n) for n in range(len(scores))]
    mapped = validated_frame(rows_of(texts, texts, scores), (low, high))["score"].to_numpy()
    assert (mapped[0], mapped[-1]) == (0.0, 1.0)
    assert (np.diff(mapped) >= 0).all()
    np.testing.assert_allclose(mapped * (high - low) + low, scores, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["0.1", " 1 ", "1e-1", ".5", "+0.25"], [0.1, 1.0, 0.1, 0.5, 0.25]),
        ([0.1, 1, "0.5", np.float32(0.5), Decimal("0.25")], [0.1, 1.0, 0.5, 0.5, 0.25]),
        ([0, 1, np.int8(1)], [0.0, 1.0, 1.0]),
        (["-0", -0.0], [0.0, 0.0]),
    ],
)
def test_numbers_of_any_kind_are_taken_exactly(values, expected):
    texts = ["a"] * len(values)
    scores = validated_frame(rows_of(texts, texts, values))["score"].tolist()
    assert scores == expected
    assert all(np.copysign(1, score) == 1 for score in scores)


@pytest.mark.parametrize("bad_left", [None, 7, "", " \u3000\n", "a\0", "\ud800"])
@pytest.mark.parametrize("place", [0, 500, 999])
def test_one_bad_row_among_many_is_found(bad_left, place):
    texts = [f"text {n}" for n in range(1000)]
    left = [*texts[:place], bad_left, *texts[place + 1 :]]
    for columns in ((left, texts), (texts, left)):
        name = "base" if columns[0] is left else "ref"
        with pytest.raises(DataError, match=rf"^pairs\.csv: line {place + 2}: '{name}' "):
            validated_frame(rows_of(*columns, ["0.5"] * 1000))


def test_a_row_with_several_problems_counts_once_and_the_first_problem_is_told():
    with pytest.raises(DataError) as caught:
        validated_frame(rows_of(["", "a"], [" ", ""], ["x", "y"]))
    assert str(caught.value) == (
        "pairs.csv: 2 of 2 rows cannot be used: line 2: 'base' is blank; line 3: 'ref' is blank. "
        "Correct or remove these rows."
    )


def test_broken_rows_and_bad_values_are_told_in_the_order_of_lines():
    broken = (BadRow(1, "odd"), BadRow(9, "even", "Even it out."))
    with pytest.raises(DataError) as caught:
        validated_frame(rows_of(["a", ""], ["b", "b"], [1, 1], broken))
    assert str(caught.value) == (
        "pairs.csv: 3 of 4 rows cannot be used: line 1: odd; line 3: 'base' is blank; line 9: even. "
        "Correct or remove these rows. Even it out."
    )


def test_scores_on_another_scale_are_told_with_the_range_found_among_all_rows():
    texts = ["a"] * 7
    with pytest.raises(DataError) as caught:
        validated_frame(rows_of(texts, texts, [1, 2, 3.25, -0.5, "nan", "4.75", "0.5"]))
    assert str(caught.value) == (
        "pairs.csv: 5 of 7 rows cannot be used: line 3: 'similarity' is 2, not from 0 to 1; "
        "line 4: 'similarity' is 3.25, not from 0 to 1; line 5: 'similarity' is -0.5, not from 0 to 1; "
        "line 6: 'similarity' is 'nan', not a finite number; line 7: 'similarity' is 4.75, not from 0 to 1. "
        "If these have another scale, give it: the scores found run from -0.5 to 4.75, so e.g. --score-range -1 5 "
        "(score_range=(-1, 5) in Python). Correct or remove these rows."
    )


def test_the_range_without_setting_is_zero_to_one():
    assert score_limits(None) == (0.0, 1.0)
    assert score_limits((1, 5)) == (1.0, 5.0)
