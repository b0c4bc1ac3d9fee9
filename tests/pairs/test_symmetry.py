import itertools
import random

import pytest

from tfsiamese.pairs.symmetry import pair_ids


def test_a_pair_and_its_mirror_image_have_one_number_and_no_others_share_it():
    texts = ["a", "b", "c", "ab", "bc", "", "é"]
    pairs = list(itertools.product(texts, texts))
    ids, is_flipped = pair_ids([left for left, _ in pairs], [right for _, right in pairs])
    for (first, first_id), (second, second_id) in itertools.combinations(zip(pairs, ids, strict=True), 2):
        assert (first_id == second_id) == (set(first) == set(second))
    flipped = dict(zip(pairs, is_flipped, strict=True))
    for left, right in itertools.combinations(texts, 2):
        assert flipped[left, right] != flipped[right, left]


@pytest.mark.parametrize("seed", range(20))
def test_as_many_numbers_are_given_as_there_are_unordered_pairs(seed):
    generator = random.Random(seed)
    texts = [str(n) for n in range(30)]
    left, right = generator.choices(texts, k=100), generator.choices(texts, k=100)
    expected = {}
    for texts in zip(left, right, strict=True):
        expected.setdefault(frozenset(texts), len(expected))
    ids, _ = pair_ids(left, right)
    assert ids.tolist() == [expected[frozenset(texts)] for texts in zip(left, right, strict=True)]


def test_pairs_stay_apart_where_there_are_more_texts_than_rows():
    # The sixth text with the first, and the second with itself: 6 texts in 4 rows.
    ids, _ = pair_ids(["t1", "t2", "t3", "t1"], ["t4", "t2", "t5", "t6"])
    assert ids.tolist() == [0, 1, 2, 3]


def test_numbers_count_from_zero_in_order_of_first_appearance():
    ids, _ = pair_ids(["x", "a", "y", "b"], ["y", "b", "x", "b"])
    assert ids.tolist() == [0, 1, 0, 2]
