"""Merging in rounds, against BPE as it is defined: one pair after the other."""

import itertools
import random

import numpy as np
import pytest
import tensorflow as tf

from tfsiamese.encoders.tokenizers.merge_table import NEVER, build_merge_table
from tfsiamese.encoders.tokenizers.pair_merging import NO_TOKEN, PairMerger

LETTERS = "abc"


class Toy:
    """A vocabulary of the letters and of what merges make of them."""

    def __init__(self, merges: list[tuple[str, str]]):
        tokens = dict.fromkeys([*LETTERS, *(left + right for left, right in merges)])
        self.ids = {token: number for number, token in enumerate(tokens)}
        self.tokens = list(self.ids)
        self.ranks = {merge: rank for rank, merge in enumerate(merges)}
        rows = [[self.ids[left], self.ids[right], self.ids[left + right]] for left, right in merges]
        self.table = build_merge_table(np.array(rows, np.int64).reshape(-1, 3), len(self.ids))

    def merge(self, words: list[str]) -> list[list[str]]:
        ids = tf.constant([self.ids[letter] for word in words for letter in word], tf.int32)
        numbers = tf.constant([number for number, word in enumerate(words) for _ in word], tf.int32)
        found = tf.function(PairMerger(self.table))(ids, numbers).numpy()
        tokens: list[list[str]] = [[] for _ in words]
        for number, token in zip(numbers.numpy(), found, strict=True):
            if token != NO_TOKEN:
                tokens[number].append(self.tokens[token])
        return tokens

    def merge_one_by_one(self, word: str) -> list[str]:
        parts = list(word)
        while True:
            pairs = [(self.ranks.get(pair, NEVER), place) for place, pair in enumerate(itertools.pairwise(parts))]
            rank, place = min(pairs, default=(NEVER, 0))
            if rank == NEVER:
                return parts
            parts[place : place + 2] = ["".join(parts[place : place + 2])]

    def look_up(self, left: str, right: str) -> tuple[int, int, int]:
        key = self.ids[left] * self.table.base + self.ids[right]
        row = int(np.searchsorted(self.table.keys, key))
        assert self.table.keys[row] == key
        return int(self.table.ranks[row]), int(self.table.threats_left[row]), int(self.table.threats_right[row])


def random_merges(seed: int, shuffled: bool) -> list[tuple[str, str]]:
    choose = random.Random(seed)
    tokens = list(LETTERS[: 2 + seed % 2])
    merges: list[tuple[str, str]] = []
    while len(merges) < 4 + 3 * seed:
        pair = choose.choice(tokens), choose.choice(tokens)
        if len("".join(pair)) <= 7 and pair not in merges:
            merges.append(pair)
            tokens += [] if "".join(pair) in tokens else ["".join(pair)]
    if shuffled:
        choose.shuffle(merges)
    return merges


def random_words(seed: int) -> list[str]:
    choose = random.Random(seed)
    letters = choose.choice(["ab", "aab", "abc"])
    return ["".join(choose.choices(letters, k=choose.randint(1, 40))) for _ in range(250)]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("shuffled", [False, True])
def test_rounds_merge_as_one_pair_after_the_other(seed, shuffled):
    toy = Toy(random_merges(seed, shuffled))
    words = random_words(seed)
    assert toy.merge(words) == [toy.merge_one_by_one(word) for word in words]


def test_some_random_tables_are_out_of_order():
    in_order = [Toy(random_merges(seed, shuffled=True)).table.in_order[:-1].all() for seed in range(8)]
    assert not all(in_order)


def test_the_lowest_rank_merges_first():
    assert Toy([("b", "c"), ("a", "b")]).merge(["abc", "abb"]) == [["a", "bc"], ["ab", "b"]]


def test_a_pair_waits_for_a_merge_that_takes_its_token_away():
    # (b, c) has no lower neighbour in "aabc", but "aab" takes its b, once it is there.
    toy = Toy([("a", "a"), ("aa", "b"), ("b", "c")])
    assert toy.merge(["aabc", "abc"]) == [["aab", "c"], ["a", "bc"]]


@pytest.mark.parametrize("length", [1, 2, 3, 4, 5, 7, 64, 1001])
def test_a_run_of_one_letter_merges_from_the_left(length):
    tokens = Toy([("a", "a"), ("aa", "aa")]).merge(["a" * length])[0]
    assert tokens == ["aaaa"] * (length // 4) + ["aa"] * (length % 4 // 2) + ["a"] * (length % 2)


def test_words_do_not_merge_with_each_other():
    assert Toy([("a", "a")]).merge(["a", "a", "aa", "a"]) == [["a"], ["a"], ["aa"], ["a"]]


def test_without_merges_letters_stay():
    assert Toy([]).merge(["abc", "a"]) == [["a", "b", "c"], ["a"]]


def test_no_words_are_no_tokens():
    assert Toy([("a", "b")]).merge([]) == []


def test_bytes_without_a_token_are_as_if_they_were_not_there():
    toy = Toy([("a", "b")])
    found = PairMerger(toy.table)(tf.constant([NO_TOKEN, 0, NO_TOKEN, 1, NO_TOKEN]), tf.constant([0, 0, 0, 0, 1]))
    assert found.numpy().tolist() == [NO_TOKEN, toy.ids["ab"], NO_TOKEN, NO_TOKEN, NO_TOKEN]


def test_threats_are_the_lowest_ranks_of_merges_that_take_a_token_away():
    toy = Toy([("a", "b"), ("ab", "c"), ("b", "c"), ("c", "ab")])
    assert toy.look_up("ab", "c") == (1, 1, 1)
    assert toy.look_up("b", "c") == (2, 1, 2)  # (ab, c) takes the c behind a b
    assert toy.look_up("c", "ab") == (3, 3, 3)
    assert toy.look_up("c", "a") == (NEVER, NEVER, 3)  # (c, ab) takes the c before an a


def test_a_token_that_two_merges_make_can_be_out_of_order():
    toy = Toy([("a", "b"), ("ab", "c"), ("abc", "a"), ("b", "c"), ("a", "bc")])
    row = np.searchsorted(toy.table.keys, toy.ids["a"] * toy.table.base + toy.ids["bc"])
    assert not toy.table.in_order[row]
    first = np.searchsorted(toy.table.keys, toy.ids["ab"] * toy.table.base + toy.ids["c"])
    assert toy.table.in_order[first]
