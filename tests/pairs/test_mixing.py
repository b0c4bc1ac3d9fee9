import collections

import numpy as np
import pandas as pd
import pytest

from tfsiamese.pairs import Pairs
from tfsiamese.pairs.batches import ExampleBatches
from tfsiamese.pairs.mixing import MixedBatches
from tfsiamese.pairs.sampling import ShuffledSampler
from tfsiamese.pairs.text_ids import text_ids


def part(name: str, num_rows: int, seed: int | None = None) -> ExampleBatches:
    frame = pd.DataFrame({"left": [f"{name}{i}" for i in range(num_rows)], "right": "x", "score": 0.5})
    pairs = Pairs.from_frame(frame)
    return ExampleBatches(text_ids(pairs), pairs.scores, ShuffledSampler(num_rows, 4, seed))


@pytest.fixture
def parts() -> dict[str, ExampleBatches]:
    return {"a": part("a", 40, seed=1), "b": part("b", 10, seed=1)}


def test_proportional_takes_every_batch_of_every_set_once(parts):
    mixed = MixedBatches(parts, "proportional", seed=0)
    names = [name for name, _ in mixed.epoch(2)]
    assert collections.Counter(names) == {"a": 10, "b": 3}
    assert names != sorted(names), "the sets are mixed, not one after the other"
    rows = [row for turn in mixed.turns(2) if turn.name == "a" for row in mixed.rows(turn, 2)]
    assert sorted(rows) == list(range(40))
    assert mixed.num_rows == 50
    assert len(mixed) == 13


def test_in_turn_takes_one_of_each_until_the_smallest_has_no_more(parts):
    mixed = MixedBatches(parts, "in-turn", seed=0)
    assert [name for name, _ in mixed.epoch(0)] == ["a", "b"] * 3
    assert mixed.num_rows == 3 * 4 + 10


def test_the_order_depends_on_seed_and_epoch(parts):
    def names(seed: int, epoch: int) -> list[str]:
        return [turn.name for turn in MixedBatches(parts, seed=seed).turns(epoch)]

    assert names(0, 0) == names(0, 0)
    assert names(0, 0) != names(0, 1)
    assert names(0, 0) != names(5, 0)


def test_an_epoch_can_start_in_the_middle(parts):
    mixed = MixedBatches(parts, seed=3)
    whole = [(name, batch.numbers.numpy().tolist()) for name, batch in mixed.epoch(1)]
    rest = [(name, batch.numbers.numpy().tolist()) for name, batch in mixed.epoch(1, first_batch=5)]
    assert rest == whole[5:]


def test_each_batch_comes_from_one_set(parts):
    for name, batch in MixedBatches(parts, seed=3).epoch():
        texts = {text.decode() for text in batch.texts.numpy()} - {"x"}
        assert {text[0] for text in texts} == {name}
        assert np.all(batch.labels == 0.5)
