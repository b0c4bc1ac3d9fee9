import itertools
import random

import numpy as np
import pandas as pd
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import Pairs, read_pairs
from tfsiamese.pairs.split import validation_rows


def pairs_in_groups(sizes: list[int], seed: int = 0) -> Pairs:
    """One unordered pair for each size, as often as the size says, either way round, in a random order."""
    generator = random.Random(seed)
    rows = []
    for group, size in enumerate(sizes):
        for _ in range(size):
            texts = [f"left {group}", f"right {group}"]
            generator.shuffle(texts)
            rows.append((*texts, generator.random()))
    generator.shuffle(rows)
    return read_pairs(pd.DataFrame(rows, columns=["left", "right", "score"]))


def unordered(pairs: Pairs) -> set[frozenset[str]]:
    return {frozenset(texts) for texts in zip(pairs.left, pairs.right, strict=True)}


@pytest.mark.parametrize("seed", range(50))
def test_no_pair_is_on_both_sides_no_row_is_lost_and_both_sides_keep_the_order(seed):
    generator = random.Random(seed)
    pairs = pairs_in_groups([generator.choice([1, 1, 2, 3, 8]) for _ in range(generator.randint(2, 60))], seed)
    training, validation = pairs.split(generator.choice([0.1, 0.5, 0.9, 1, 7 if len(pairs) > 7 else 1]), seed)
    assert not unordered(training) & unordered(validation)
    assert len(training) and len(validation)
    lines = [side.frame["line"].tolist() for side in (training, validation)]
    assert sorted(lines[0] + lines[1]) == pairs.frame["line"].tolist()
    assert lines == [sorted(lines[0]), sorted(lines[1])]
    for side in (training, validation):
        assert side.frame.index.tolist() == list(range(len(side)))
        rows = pairs.frame.set_index("line").loc[side.frame["line"]]
        pd.testing.assert_frame_equal(rows.reset_index()[["left", "right", "score", "line"]], side.frame)


@pytest.mark.parametrize("seed", range(60))
def test_the_size_is_the_nearest_that_whole_groups_allow(seed):
    generator = random.Random(seed)
    sizes = [generator.choice([2, 3, 5, 9, 14]) for _ in range(generator.randint(2, 9))]
    total = sum(sizes)
    sums = {sum(chosen) for n in range(1, len(sizes)) for chosen in itertools.combinations(sizes, n)}
    pairs = pairs_in_groups(sizes, seed)
    for target in range(1, total):
        _, validation = pairs.split(target, seed)
        assert abs(len(validation) - target) == min(abs(size - target) for size in sums)


def test_the_size_is_exact_where_each_pair_occurs_once():
    pairs = pairs_in_groups([1] * 1000)
    assert len(pairs.split(0.1)[1]) == 100
    assert len(pairs.split(0.333)[1]) == 333
    assert len(pairs.split(17)[1]) == 17
    assert len(pairs.split(999)[1]) == 999
    assert len(pairs.split(0.0001)[1]) == 1
    assert len(pairs.split(0.9999)[1]) == 999


def test_large_groups_go_to_both_sides_where_the_nearest_size_has_to_be_searched():
    sizes = [2] * 50 + [4] * 50
    _, validation = pairs_in_groups(sizes).split(151)
    assert len(validation) == 150
    counts = pd.Series(map(frozenset, zip(validation.left, validation.right, strict=True))).value_counts()
    assert 10 < (counts == 4).sum() < 40
    assert 10 < (counts == 2).sum() < 40


def test_the_choice_is_this_one_on_every_machine():
    left = [f"text {n}" for n in range(12)]
    right = [f"Text {n}" for n in range(12)]
    assert np.flatnonzero(validation_rows(left, right, 4, seed=0)).tolist() == [0, 2, 3, 7]
    assert np.flatnonzero(validation_rows(left, right, 4, seed=1)).tolist() == [3, 8, 9, 10]


def test_the_choice_does_not_depend_on_the_order_of_rows_or_the_direction_of_pairs():
    pairs = pairs_in_groups([1] * 200)
    mirrored = pairs.frame.rename(columns={"left": "right", "right": "left"})
    for frame in (pairs.frame[::-1], mirrored):
        assert unordered(Pairs.from_frame(frame).split(0.2, seed=3)[1]) == unordered(pairs.split(0.2, seed=3)[1])


def test_each_seed_gives_another_choice():
    pairs = pairs_in_groups([1] * 100)
    choices = {frozenset(pairs.split(0.1, seed)[1].frame["line"]) for seed in range(-5, 20)}
    assert len(choices) == 25


def test_each_pair_has_the_same_chance():
    pairs = pairs_in_groups([1] * 20)
    times = np.zeros(21)
    for seed in range(400):
        times[pairs.split(0.25, seed)[1].frame["line"]] += 1
    assert times[1:].sum() == 400 * 5
    assert 65 < times[1:].min() < times[1:].max() < 135  # 100 expected, standard deviation 8.7


@pytest.mark.parametrize("rows", [[("a", "b")], [("a", "b"), ("b", "a"), ("a", "b")]])
def test_pairs_that_are_all_the_same_cannot_be_split(rows):
    pairs = read_pairs(pd.DataFrame([(*row, 1.0) for row in rows], columns=["left", "right", "score"]))
    with pytest.raises(
        DataError, match=r"^DataFrame: cannot split \d rows? .*1 different pair\. .*add pairs, or train"
    ):
        pairs.split(0.5)


@pytest.mark.parametrize("validation", [3, 4, 1000])
def test_more_rows_than_there_are_to_spare_cannot_be_split_off(validation):
    with pytest.raises(DataError, match=rf"cannot take {validation} of 3 rows .* Pass a smaller number"):
        pairs_in_groups([1, 1, 1]).split(validation)


@pytest.mark.parametrize("validation", [0, -1, 0.0, 1.0, 1.5, -0.1, float("nan"), True, "0.1", None])
def test_what_is_neither_a_fraction_nor_a_number_of_rows_is_refused(validation):
    with pytest.raises(
        SettingsError, match=r"Expected validation to be a fraction between 0 and 1, or a number .* Received"
    ):
        pairs_in_groups([1, 1, 1]).split(validation)


def test_numpy_numbers_are_taken_as_python_ones():
    pairs = pairs_in_groups([1] * 10)
    assert len(pairs.split(np.int64(3))[1]) == len(pairs.split(np.float32(0.3))[1]) == 3


@pytest.mark.parametrize("seed", range(10))
def test_the_pairs_of_the_article_are_split_without_a_pair_on_both_sides(seed, data_folder):
    training, validation = read_pairs(data_folder / "seed_article" / "esco_pairs.csv").split(0.2, seed)
    assert (len(training), len(validation)) == (78, 20)
    assert not unordered(training) & unordered(validation)
