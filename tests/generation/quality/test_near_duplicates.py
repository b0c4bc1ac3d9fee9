"""Which questions are almost the same."""

from itertools import combinations

import numpy as np
import pytest

from tests.generation.quality.pair_making import PARAPHRASES, PASSAGES, make_pair
from tfsiamese.generation.quality import near_duplicates
from tfsiamese.generation.quality.folding import designators
from tfsiamese.generation.quality.near_duplicates import find_near_duplicates, shingle_similarity


def near(lefts, threshold=0.85, task=PASSAGES):
    """Which left texts are near-duplicates."""
    found = find_near_duplicates([make_pair(left) for left in lefts], task, threshold)
    return [left for left, finding in zip(lefts, found, strict=True) if finding]


def test_the_similarity_is_that_of_character_trigrams():
    # abc bcd against abc bce: 1 of 3.
    assert shingle_similarity(("abcd",), ("ABCE!",)) == pytest.approx(1 / 3)
    assert shingle_similarity(("ab",), ("ab",)) == 1
    assert shingle_similarity(("日本語学",), ("日本語字",)) == pytest.approx(1 / 3)


def test_the_later_of_two_is_a_near_duplicate_and_names_the_earlier():
    first = make_pair("Which settings of the gateway close idle connections?", source="a.html")
    later = make_pair("Which setting of the gateway closes idle connections?")
    assert find_near_duplicates([first, later], PASSAGES, 0.8) == [
        None,
        ("near-duplicate", f"of '{first.left}' from a.html"),
    ]


def test_the_threshold_decides():
    one, other = (
        "Which settings of the gateway close idle connections?",
        "Which setting of the gateway closes connections?",
    )
    similarity = shingle_similarity((one,), (other,))
    assert near([one, other], similarity) == [other]
    assert near([one, other], similarity + 0.001) == []


def test_a_near_duplicate_is_no_measure_for_later_ones():
    # Each is near to the one before it only.
    lefts = ["abcdefghijklmnopqrst", "bcdefghijklmnopqrstu", "cdefghijklmnopqrstuv", "defghijklmnopqrstuvw"]
    assert near(lefts, 0.85) == [lefts[1], lefts[3]]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "What was changed in version 2 of the gateway's settings?",
            "What was changed in version 3 of the gateway's settings?",
        ),
        (
            "How many people lived in the city of Berlin in 2019?",
            "How many people lived in the city of Berlin in 2020?",
        ),
        (
            "When did the armies of World War I lay down their weapons?",
            "When did the armies of World War II lay down their weapons?",
        ),
        (
            "How is a list of many numbers sorted in the language C?",
            "How is a list of many numbers sorted in the language C++?",
        ),
        (
            "個人情報の保護に関する法律施行令の第二条には何が書かれていますか",
            "個人情報の保護に関する法律施行令の第三条には何が書かれていますか",
        ),
        (
            "كم عدد سكان مدينة القاهرة في نهاية عام ٢٠١٩ حسب الإحصاء",
            "كم عدد سكان مدينة القاهرة في نهاية عام ٢٠٢٠ حسب الإحصاء",
        ),
    ],
)
def test_questions_about_different_numbers_are_no_near_duplicates(one, other):
    assert shingle_similarity((one,), (other,)) > 0.8
    assert near([one, other], 0.8) == []


def test_designators_are_read_in_every_script():
    assert designators("Python ３.1०, Part II, C++ and plan B") == ("3", "10", "ii", "c++", "b")


def test_paraphrases_are_compared_by_both_sentences_in_either_order():
    one, two, three = "A man is playing the guitar.", "Someone makes music on strings.", "The weather is fine today."
    pairs = [make_pair(one, two), make_pair(two + "!", one), make_pair(one, three)]
    assert [finding is not None for finding in find_near_duplicates(pairs, PARAPHRASES, 0.85)] == [False, True, False]


@pytest.mark.parametrize("threshold", [0.4, 0.7, 0.85, 1.0])
def test_all_pairs_that_comparing_each_with_each_finds_are_found(threshold):
    random = np.random.default_rng(3)
    words = ["gateway", "client", "closes", "opens", "idle", "connections", "after", "before", "the", "seconds", "a"]
    lefts = [" ".join(random.choice(words, size=8)) for _ in range(60)]
    lefts += [left[:-1] for left in lefts[:20]] + [left.replace("the", "a") for left in lefts[20:40]]
    expected: list[int] = []
    for later in range(len(lefts)):
        kept = [row for row in range(later) if row not in expected]
        if any(shingle_similarity((lefts[later],), (lefts[row],)) >= threshold for row in kept):
            expected.append(later)
    found = find_near_duplicates([make_pair(left) for left in lefts], PASSAGES, threshold)
    assert [row for row, finding in enumerate(found) if finding] == expected
    assert expected and len(list(combinations(expected, 2)))


def test_texts_with_other_designators_are_never_compared(monkeypatch):
    compared = []
    jaccard = near_duplicates._jaccard
    monkeypatch.setattr(near_duplicates, "_jaccard", lambda *sets: compared.append(sets) or jaccard(*sets))
    lefts = [f"Which valve x{number} must the technician close first here?" for number in range(200)]
    assert near([*lefts, "Which valve x7 must the technicians close first here?"]) == [
        "Which valve x7 must the technicians close first here?"
    ]
    assert len(compared) == 1


def test_many_texts_of_one_pattern_are_compared_with_few_and_the_near_ones_are_found(monkeypatch):
    compared = []
    jaccard = near_duplicates._jaccard
    monkeypatch.setattr(near_duplicates, "_jaccard", lambda *sets: compared.append(sets) or jaccard(*sets))
    random = np.random.default_rng(5)
    names = ["".join(random.choice(list("adegilmnopqrst"), size=9)) for _ in range(300)]
    lefts = [f"Which {name} valve must the technician close first here?" for name in names]
    # Alike, but not near: each with each would be 44,850 comparisons.
    assert shingle_similarity((lefts[0],), (lefts[1],)) > 0.6
    later = [left.replace("here?", "here now?") for left in lefts[::30]]
    assert near([*lefts, *later]) == later
    assert len(compared) < 5_000


@pytest.mark.parametrize("count", [20, 60])
def test_of_several_that_are_near_the_earliest_is_named(count):
    lefts = [f"The {letter * 12} is another one altogether." for letter in "adlmnqstjy"] * 6
    pairs = [make_pair(left, source=f"{row}.txt") for row, left in enumerate(lefts[:count])]
    found = find_near_duplicates(pairs, PASSAGES, 0.9)
    assert found[:10] == [None] * 10
    assert [finding.detail for finding in found[10:]] == [
        f"of '{lefts[row % 10]}' from {row % 10}.txt" for row in range(10, count)
    ]
