import itertools
import random
import tracemalloc
from collections import deque

import numpy as np
import pandas as pd
import pytest

from tfsiamese.errors import SettingsError
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

    @pytest.mark.parametrize(("batch_size", "most_waiting"), [(8, 400), (128, 2000), (600, 2400)])
    def test_data_in_which_everything_conflicts_is_looked_at_in_linear_time(self, batch_size: int, most_waiting: int):
        ids = text_ids(triplets_of(*[("same", f"p{i}") for i in range(3000)]))
        costs = CountedCosts()
        pending = deque(range(3000))
        sampler = DistinctSampler(ids, batch_size, costs=costs, max_tokens=10**6)
        assert next(sampler.take_batches(pending)) == [0]
        assert costs.num_looks == 1 + most_waiting
        assert list(pending) == list(range(1, 3000))

    def test_an_epoch_in_which_everything_conflicts_costs_some_looks_a_row(self):
        ids = text_ids(triplets_of(*[("same", "text")] * 5000))
        costs = CountedCosts()
        sampler = DistinctSampler(ids, 128, costs=costs, max_tokens=10**6)
        assert list(sampler.take_batches(deque(range(5000)))) == [[row] for row in range(5000)]
        assert costs.num_looks < 5000 * 60

    def test_full_batches_may_look_as_far_ahead_as_ever(self):
        # A row in two has the anchor "same", and each batch is filled with the others behind all that wait.
        rows = [("same", f"p{i}") if i % 2 else (f"a{i}", f"q{i}") for i in range(600)]
        batches = distinct(*rows, batch_size=20)
        assert [len(batch) for batch in batches[:15]] == [20] * 15

    def test_batches_far_smaller_than_asked_for_are_told_of_once(self, caplog: pytest.LogCaptureFixture):
        sampler = DistinctSampler(text_ids(triplets_of(*[("same", f"p{i}") for i in range(40)])), 16)
        for epoch in range(2):
            sampler.batches(epoch)
        assert [record.message.split(":")[1] for record in caplog.records] == [
            " batches hold 1 rows on average, and 16 were asked for"
        ]
        caplog.clear()
        distinct(*[(f"a{i}", f"p{i}") for i in range(40)], batch_size=16)
        distinct(*[(f"a{i % 20}", f"p{i}") for i in range(40)], batch_size=100)
        assert not caplog.records

    def test_rows_of_one_anchor_share_its_positives_with_groups_too(self):
        ids = text_ids(triplets_of(*[("same", f"p{i}") for i in range(2000)]))
        groups = np.arange(2000)
        tracemalloc.start()
        sampler = DistinctSampler(ids, 8, groups=groups)
        size = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        # A set for each row would hold 2,000 · 2,000 numbers of at least 16 bytes.
        assert size < 2_000_000
        assert rows_of(sampler.batches(0)) == [[row] for row in range(2000)]

    def test_a_known_positive_is_kept_apart_with_groups_too(self):
        rows = [("a", "p1"), ("b", "p2"), ("a", "p2")]
        assert distinct(*rows, groups=np.array([0, 1, 2])) == [[0], [1], [2]]

    def test_a_negative_is_no_anchor_of_another_row(self):
        assert distinct(("a", "p", "b"), ("b", "q")) == [[0], [1]]

    def test_a_row_longer_than_the_budget_is_a_batch_of_its_own(self):
        costs = np.array([50, 5, 5])
        assert distinct(("a", "p"), ("b", "q"), ("c", "r"), costs=costs, max_tokens=10) == [[0], [1, 2]]


class CountedCosts:
    """A cost of 1 for each row, and how often it was asked for."""

    def __init__(self):
        self.num_looks = 0

    def __getitem__(self, row: int) -> int:
        self.num_looks += 1
        return 1


def by_class(sizes: list[int], batch_size: int, epoch: int = 0, seed: int | None = 0, **options):
    """The counts of each class in each batch, int64 [batches, classes]; checks that every row comes once."""
    classes = np.repeat(np.arange(len(sizes)), sizes)
    batches = ClassSampler(classes, batch_size, seed, **options).batches(epoch)
    assert sorted(np.concatenate(batches)) == list(range(len(classes)))
    assert max(map(len, batches)) <= batch_size
    return np.array([np.bincount(classes[batch], minlength=len(sizes)) for batch in batches])


class TestByClass:
    def test_texts_of_a_class_stand_together_in_parts(self):
        counts = by_class([8] * 10, 16, per_class=4)
        assert len(counts) == 5
        assert set(counts.ravel().tolist()) == {0, 4}

    @pytest.mark.parametrize("batch_size", [5, 6, 7, 9])
    @pytest.mark.parametrize("size", [2, 3, 4, 5, 6, 9, 13])
    def test_no_text_stands_alone_unless_its_class_has_no_other(self, size: int, batch_size: int):
        counts = by_class([size, 4, 1], batch_size, seed=1, epoch=2, per_class=4)
        assert not (counts[:, :2] == 1).any()

    @pytest.mark.parametrize(
        ("sizes", "batch_size", "per_class"),
        [
            ([500, 500], 5, 4),
            ([100, 60, 60], 16, 4),
            ([40] * 3 + [7] * 9, 16, 8),
            ([1] * 50, 8, 4),
            ([300, 200, 101], 4, 2),
            ([1000, 400], 10, 3),
            ([90] + [1] * 30, 8, 4),
        ],
    )
    def test_a_batch_holds_two_classes_as_long_as_two_are_left(self, sizes: list[int], batch_size: int, per_class: int):
        for epoch in range(3):
            counts = by_class(sizes, batch_size, epoch, per_class=per_class)
            is_mixed = (counts > 0).sum(axis=1) >= 2
            # One more batch than needed may hold what is left at the end.
            assert len(counts) - is_mixed.sum() <= 1

    def test_without_a_seed_no_batch_of_one_class_comes_before_another_class(self):
        generator = np.random.default_rng(4)
        for _ in range(50):
            sizes = generator.integers(1, 60, size=generator.integers(2, 6)).tolist()
            batch_size = int(generator.integers(4, 20))
            counts = by_class(sizes, batch_size, seed=None, per_class=int(generator.integers(2, batch_size)))
            left = np.cumsum(counts[::-1], axis=0)[::-1]
            num_left, num_held = (left > 0).sum(axis=1), (counts > 0).sum(axis=1)
            assert (num_held[num_left >= 2] >= 2).all()

    def test_a_class_that_outweighs_all_others_shares_as_many_batches_with_them_as_two_texts_each_allow(self):
        counts = by_class([2000, 100, 100], 16, per_class=4)
        is_mixed = (counts > 0).sum(axis=1) >= 2
        # 138 batches are needed for 2,200 texts; 200 texts of the small classes make 100 parts of two.
        assert (len(counts), is_mixed.sum()) == (138, 100)
        assert set(counts[is_mixed][:, 1:].sum(axis=1).tolist()) == {2}

    def test_batches_of_a_single_class_are_spread_over_the_epoch(self):
        counts = by_class([2000, 100, 100], 16, per_class=4)
        singles = np.flatnonzero((counts > 0).sum(axis=1) == 1)
        assert singles.min() < 20
        assert singles.max() >= 118
        assert len(np.unique(singles // 23)) == 6

    def test_the_batches_change_from_epoch_to_epoch_and_depend_on_seed_and_epoch_alone(self):
        classes = np.repeat([0, 1, 2], 12)
        sampler = ClassSampler(classes, 8, seed=4, per_class=4)
        first, second = rows_of(sampler.batches(0)), rows_of(sampler.batches(1))
        assert {frozenset(batch) for batch in first} != {frozenset(batch) for batch in second}
        assert rows_of(ClassSampler(classes, 8, seed=4, per_class=4).batches(0)) == first
        assert rows_of(ClassSampler(classes, 8, seed=5, per_class=4).batches(0)) != first

    def test_without_a_seed_the_rows_of_a_class_keep_their_order(self):
        classes = np.array([0, 1] * 8)
        batches = rows_of(ClassSampler(classes, 8, per_class=4).batches(0))
        assert batches == [[0, 2, 4, 6, 1, 3, 5, 7], [8, 10, 12, 14, 9, 11, 13, 15]]

    def test_a_single_class_is_batched_all_the_same(self):
        assert sorted(by_class([9], 8, per_class=4).ravel().tolist()) == [2, 7]

    def test_no_rows_make_no_batches(self):
        assert ClassSampler(np.zeros(0, np.int64), 8, seed=1).batches(0) == []

    @pytest.mark.parametrize(("batch_size", "per_class", "least"), [(4, 4, 5), (3, 2, 4), (8, 8, 9)])
    def test_a_batch_without_room_for_two_classes_is_refused(self, batch_size: int, per_class: int, least: int):
        with pytest.raises(SettingsError, match=f"batch_size to be at least {least}"):
            ClassSampler(np.array([0, 0, 1, 1]), batch_size, per_class=per_class)
        ClassSampler(np.array([0, 0, 1, 1]), least, per_class=per_class)

    def test_fewer_than_two_texts_of_a_class_are_refused(self):
        with pytest.raises(SettingsError, match="per_class=1"):
            ClassSampler(np.array([0, 1]), 8, per_class=1)

    def test_a_budget_of_tokens_bounds_batches_that_still_hold_two_classes(self):
        classes = np.repeat(np.arange(6), 30)
        costs = np.random.default_rng(1).integers(1, 12, size=180)
        batches = ClassSampler(classes, 32, seed=2, per_class=4, costs=costs, max_tokens=60).batches(0)
        assert sorted(np.concatenate(batches)) == list(range(180))
        assert max(int(costs[batch].sum()) for batch in batches) <= 60
        assert sum(len(np.unique(classes[batch])) < 2 for batch in batches) <= 1
        assert len(batches) < 1.3 * costs.sum() / 60

    def test_a_text_longer_than_the_budget_is_a_batch_of_its_own(self):
        classes, costs = np.array([0, 0, 0, 1, 1]), np.array([99, 2, 2, 2, 2])
        batches = rows_of(ClassSampler(classes, 8, per_class=4, costs=costs, max_tokens=10).batches(0))
        assert batches == [[0], [1, 2, 3, 4]]

    def test_a_long_text_does_not_keep_other_classes_out_of_a_batch(self):
        classes, costs = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2]), np.array([1, 1, 1, 1, 99, 1, 1, 1, 1])
        batches = rows_of(ClassSampler(classes, 8, per_class=4, costs=costs, max_tokens=10).batches(0))
        assert batches[0] == [0, 1, 2, 3, 7, 8]


def test_samplers_with_one_seed_do_not_share_an_order():
    rows = [(f"a{i}", f"p{i}") for i in range(40)]
    shuffled = ShuffledSampler(40, 40, seed=5).batches(0)
    distinct_rows = DistinctSampler(text_ids(triplets_of(*rows)), 40, seed=5).batches(0)
    plain = np.random.default_rng(5).permutation(40)
    orders = [shuffled[0].tolist(), distinct_rows[0].tolist(), plain.tolist()]
    assert all(one != other for one, other in itertools.combinations(orders, 2))
