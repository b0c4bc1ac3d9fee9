import functools
import operator

import numpy as np
import pandas as pd
import pytest

from tfsiamese.pairs import Pairs
from tfsiamese.pairs.batches import PairBatches


@pytest.fixture
def ten_pairs() -> Pairs:
    numbers = range(10)
    frame = pd.DataFrame({"left": [f"l{i}" for i in numbers], "right": [f"r{i}" for i in numbers]})
    return Pairs.from_frame(frame.assign(score=[i / 10 for i in numbers]))


def lefts(batches) -> list[list[str]]:
    return [[text.decode() for text in texts[0].numpy()] for texts, _ in batches]


def test_without_a_seed_the_order_is_that_of_the_pairs_and_the_last_batch_holds_the_rest(ten_pairs):
    batches = PairBatches(ten_pairs, 4)
    assert lefts(batches.epoch()) == [["l0", "l1", "l2", "l3"], ["l4", "l5", "l6", "l7"], ["l8", "l9"]]
    assert len(batches) == 3


def test_both_texts_and_the_label_of_a_pair_stay_together(ten_pairs):
    for (left, right), labels in PairBatches(ten_pairs, 3, seed=1).epoch(2):
        for one, other, label in zip(left.numpy(), right.numpy(), labels.numpy(), strict=True):
            assert one[1:] == other[1:]
            assert label == pytest.approx(int(one[1:]) / 10)


def test_an_epoch_holds_every_pair_once_and_another_epoch_has_another_order(ten_pairs):
    batches = PairBatches(ten_pairs, 4, seed=3)
    first, second = (functools.reduce(operator.iadd, lefts(batches.epoch(epoch)), []) for epoch in (0, 1))
    assert sorted(first) == sorted(second) == [f"l{i}" for i in range(10)]
    assert first != second
    assert first == functools.reduce(operator.iadd, lefts(PairBatches(ten_pairs, 4, seed=3).epoch(0)), [])


def test_an_epoch_can_start_in_the_middle(ten_pairs):
    batches = PairBatches(ten_pairs, 4, seed=3)
    assert lefts(batches.epoch(1, first_batch=1)) == lefts(batches.epoch(1))[1:]
    assert lefts(batches.epoch(1, first_batch=3)) == []


def test_the_rows_of_a_batch_can_be_named(ten_pairs):
    batches = PairBatches(ten_pairs, 4, seed=3)
    expected = [[f"l{row}" for row in batches.rows(5, batch)] for batch in range(3)]
    assert lefts(batches.epoch(5)) == expected
    assert np.concatenate([batches.rows(5, batch) for batch in range(3)]).tolist() == batches.order(5).tolist()
