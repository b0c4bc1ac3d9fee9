import itertools
import random
import time

import numpy as np
import pandas as pd
import pytest

from tfsiamese.pairs import Triplets
from tfsiamese.pairs.sampling import ClassSampler, DistinctSampler, ShuffledSampler
from tfsiamese.pairs.text_ids import text_ids


def rows_of(batches) -> list[list[int]]:
    return [batch.tolist() for batch in batches]


def triplets_of(*rows: tuple) -> Triplets:
    filled = [(anchor, positive, tuple(negatives)) for anchor, positive, *negatives in rows]
    return Triplets.from_frame(pd.DataFrame(filled, columns=["anchor", "positive", "negatives"]))


def distinct(*rows: tuple, batch_size: int = 10, seed: int | None = None, **options) -> list[list[int]]:
    return rows_of(DistinctSampler(text_ids(triplets_of(*rows)), batch_size, seed, **options).batches(0))


class TestShuffled:
    def test_without_a_seed_the_order_is_kept_and_the_last_batch_holds_the_rest(self):
        assert rows_of(ShuffledSampler(5, 2).batches(0)) == [[0, 1], [2, 3], [4]]

    def test_an_epoch_holds_every_row_once_and_another_epoch_another_order(self):
        first, second = (ShuffledSampler(50, 7, seed=3).batches(epoch) for epoch in (0, 1))
        assert sorted(np.concatenate(first)) == sorted(np.concatenate(second)) == list(range(50))
        assert np.concatenate(first).tolist() != np.concatenate(second).tolist()
        assert rows_of(first) == rows_of(ShuffledSampler(50, 7, seed=3).batches(0))

    def test_a_budget_of_tokens_cuts_earlier_and_a_longer_row_stands_alone(self):
        costs = np.array([3, 3, 3, 20, 1, 1, 1, 1])
        assert rows_of(ShuffledSampler(8, 3, costs=costs, max_tokens=6).batches(0)) == [
            [0, 1],
            [2],
            [3],
            [4, 5, 6],
            [7],
        ]

    def test_a_budget_loses_no_row(self):
        costs = np.random.default_rng(0).integers(1, 40, size=500)
        batches = ShuffledSampler(500, 16, seed=1, costs=costs, max_tokens=100).batches(4)
        assert sorted(np.concatenate(batches)) == list(range(500))
        assert all(costs[batch].sum() <= 100 or len(batch) == 1 for batch in batches)
        assert max(map(len, batches)) <= 16


class TestDistinct:
    def test_a_text_never_occurs_twice_in_a_batch(self):
        assert distinct(("a", "p"), ("b", "p"), ("c", "q"), ("d", "c")) == [[0, 2], [1, 3]]

    def test_a_known_positive_of_an_anchor_does_not_stand_beside_it(self):
        # "p2" is a positive of "a" by the last row, so that it is no negative of "a" in the first.
        assert distinct(("a", "p1"), ("b", "p2"), ("a", "p2")) == [[0], [1], [2]]

    def test_a_negative_is_no_text_that_another_row_calls_positive(self):
        assert distinct(("a", "p", "q"), ("b", "q")) == [[0], [1]]
        assert distinct(("b", "q"), ("a", "p", "q")) == [[0], [1]]

    def test_two_rows_may_share_a_negative(self):
        assert distinct(("a", "p", "n"), ("b", "q", "n")) == [[0, 1]]

    def test_rows_of_one_group_stand_in_different_batches(self):
        groups = np.array([0, 0, 1])
        assert distinct(("a", "p"), ("b", "q"), ("c", "r"), groups=groups) == [[0, 2], [1]]

    def test_a_row_that_had_to_wait_comes_first_in_the_next_batch(self):
        assert distinct(("a", "p"), ("a", "q"), ("b", "r"), ("c", "s"), batch_size=2) == [[0, 2], [1, 3]]

    def test_a_budget_of_tokens_closes_a_batch(self):
        costs = np.array([5, 5, 5])
        assert distinct(("a", "p"), ("b", "q"), ("c", "r"), costs=costs, max_tokens=10) == [[0, 1], [2]]

    def test_every_row_comes_once_and_no_batch_has_a_conflict_in_random_data(self):
        random.seed(5)
        words = [f"w{i}" for i in range(60)]
        rows = [tuple(random.sample(words, random.choice([2, 3, 4]))) for _ in range(300)]
        batches = distinct(*rows, batch_size=16, seed=2)
        assert sorted(itertools.chain.from_iterable(batches)) == list(range(300))
        known: dict[str, set[str]] = {}
        for anchor, positive, *_ in rows:
            known.setdefault(anchor, set()).add(positive)
        for batch in batches:
            for one, other in itertools.permutations(batch, 2):
                anchor, positive = rows[one][:2]
                assert not {anchor, positive} & {*rows[other]}
                assert not known[anchor] & {*rows[other]}

    def test_the_order_depends_on_seed_and_epoch_alone(self):
        rows = [(f"a{i}", f"p{i % 7}") for i in range(40)]
        sampler = DistinctSampler(text_ids(triplets_of(*rows)), 4, seed=9)
        assert rows_of(sampler.batches(3)) == rows_of(
            DistinctSampler(text_ids(triplets_of(*rows)), 4, seed=9).batches(3)
        )
        assert rows_of(sampler.batches(3)) != rows_of(sampler.batches(4))

    def test_data_in_which_everything_conflicts_is_batched_in_linear_time(self):
        ids = text_ids(triplets_of(*[("same", f"p{i}") for i in range(6000)]))
        start = time.process_time()
        batches = DistinctSampler(ids, 8, seed=0).batches(0)
        assert len(batches) == 6000
        # Looking at every pending row for each batch would be 18 million steps; the bound is 2.4 million.
        assert time.process_time() - start < 30


class TestByClass:
    def test_texts_of_a_class_stand_together_in_parts(self):
        classes = np.repeat(np.arange(10), 8)
        batches = ClassSampler(classes, 16, seed=0, per_class=4).batches(0)
        assert sorted(np.concatenate(batches)) == list(range(80))
        for batch in batches:
            assert set(np.bincount(classes[batch]).tolist()) <= {0, 4, 8}
            assert len(batch) <= 16

    @pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 9, 13])
    def test_no_text_stands_alone_unless_its_class_has_no_other(self, size: int):
        classes = np.concatenate([np.zeros(size, int), np.ones(4, int), [2]])
        for batch in ClassSampler(classes, 6, seed=1, per_class=4).batches(2):
            counts = np.bincount(classes[batch], minlength=3)
            assert counts[0] != 1
            assert counts[1] in (0, 4)

    def test_the_parts_change_from_epoch_to_epoch(self):
        sampler = ClassSampler(np.repeat([0, 1, 2], 12), 8, seed=4, per_class=4)
        parts = [{frozenset(batch.tolist()) for batch in sampler.batches(epoch)} for epoch in (0, 1)]
        assert parts[0] != parts[1]
