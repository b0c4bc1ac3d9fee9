"""Batches of stored rows are those of rows in memory, texts being read as batches want them."""

import itertools
import tracemalloc
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pairs.stored import pairs, stored, triplets
from tfsiamese.pairs import Pairs, StoredExamples, Triplets
from tfsiamese.pairs.batches import Batch, ExampleBatches
from tfsiamese.pairs.cut_order import CutOrder, cut_at_budget, cut_at_size
from tfsiamese.pairs.mixing import MixedBatches
from tfsiamese.pairs.sampling import DistinctSampler, ShuffledSampler
from tfsiamese.pairs.stored_batches import StoredBatches, StoredLabels, StoredPrompts, tokens_of_stored_rows
from tfsiamese.pairs.stored_sampling import StoredDistinctSampler
from tfsiamese.pairs.text_ids import text_ids, tokens_of_rows

PROMPTS = {"query_prompt": "query: ", "passage_prompt": "passage: "}


def placed(batch: Batch) -> list[str]:
    return [batch.texts.numpy()[position].decode() for position in batch.positions.numpy()]


def contents(batches, epoch: int = 0, first_batch: int = 0) -> list[tuple]:
    return [
        (placed(batch), batch.counts.numpy().tolist(), batch.labels.numpy().tolist())
        for batch in batches.epoch(epoch, first_batch)
    ]


def shuffled(found: StoredExamples, batch_size: int = 8, seed: int | None = 3, **prompts: str) -> StoredBatches:
    labels = StoredLabels(found, "scores") if found.has_scores else None
    return StoredBatches(found, labels, ShuffledSampler(len(found), batch_size, seed), **prompts)


def distinct_pairs(count: int) -> Pairs:
    frame = pd.DataFrame({"left": [f"l{i}" for i in range(count)], "right": [f"r{i}" for i in range(count)]})
    return Pairs.from_frame(frame.assign(score=np.arange(count) / count))


@pytest.mark.parametrize("prompts", [{}, PROMPTS], ids=["plain", "prompts"])
@pytest.mark.parametrize("epoch", [0, 3])
def test_shuffled_pairs_are_those_of_pairs_in_memory(tmp_path: Path, prompts: dict, epoch: int):
    examples = pairs(61)
    expected = ExampleBatches(text_ids(examples, **prompts), examples.scores, ShuffledSampler(61, 8, 3))
    found = shuffled(stored(examples, tmp_path), **prompts)
    assert contents(found, epoch) == contents(expected, epoch)
    assert (len(found), found.num_rows, found.largest) == (len(expected), 61, 8)
    assert found.rows(epoch, 2).tolist() == expected.rows(epoch, 2).tolist()


def test_triplets_with_negatives_and_a_teachers_scores_are_those_in_memory(tmp_path: Path):
    examples = triplets(50)
    labels = np.array([score for row in examples.scores for score in row], np.float32)
    expected = ExampleBatches(text_ids(examples, **PROMPTS), labels, ShuffledSampler(50, 7, 1))
    assert contents(shuffled(stored(examples, tmp_path), 7, 1, **PROMPTS)) == contents(expected)


def test_a_text_that_occurs_twice_in_a_batch_is_there_once(tmp_path: Path):
    for batch in shuffled(stored(pairs(40), tmp_path), 20).epoch():
        texts = batch.texts.numpy().tolist()
        assert len(texts) == len(set(texts)) < len(batch.positions)


def test_rows_of_one_group_have_one_label_and_others_another(tmp_path: Path):
    examples = triplets(30)
    found = stored(examples, tmp_path)
    numbers = StoredLabels(found, "groups").of_rows(np.arange(30)).tolist()
    assert len({*zip(examples.groups, numbers, strict=True)}) == len({*examples.groups}) == len({*numbers})


def test_every_row_of_a_part_stands_in_one_batch_of_each_epoch(tmp_path: Path):
    training, _ = stored(distinct_pairs(100), tmp_path).split(0.3)
    batches = shuffled(training)
    epochs = [[text for found, *_ in contents(batches, epoch) for text in found] for epoch in range(2)]
    expected = training.load()
    for texts in epochs:
        assert Counter(texts) == Counter(expected.left + expected.right)
    assert epochs[0] != epochs[1]


@pytest.mark.parametrize("first_batch", [0, 3, 7, 8])
def test_an_epoch_can_start_at_any_batch(tmp_path: Path, first_batch: int):
    found = stored(pairs(61), tmp_path)
    assert contents(shuffled(found), 2, first_batch) == contents(shuffled(found), 2)[first_batch:]


def test_stored_rows_and_rows_in_memory_mix(tmp_path: Path):
    found, others = stored(distinct_pairs(40), tmp_path), distinct_pairs(10)
    in_memory = ExampleBatches(text_ids(others), others.scores, ShuffledSampler(10, 5, 0))
    mixed = MixedBatches({"stored": shuffled(found), "memory": in_memory}, seed=1)
    names = [name for name, _ in mixed.epoch(1)]
    assert Counter(names) == {"stored": 5, "memory": 2}
    rest = [(name, placed(batch)) for name, batch in mixed.epoch(1, first_batch=3)]
    assert rest == [(name, placed(batch)) for name, batch in mixed.epoch(1)][3:]


class TestDistinct:
    @pytest.mark.parametrize("details", [True, False], ids=["groups", "plain"])
    @pytest.mark.parametrize("max_tokens", [None, 60])
    def test_in_one_window_batches_are_those_in_memory(self, tmp_path: Path, details: bool, max_tokens: int | None):
        examples = triplets(200, details=details)
        groups = np.unique(examples.groups, return_inverse=True)[1] if details else None
        ids = text_ids(examples)
        costs = tokens_of_rows(ids)
        expected = DistinctSampler(ids, 12, 5, groups, costs, max_tokens)
        found = StoredDistinctSampler(stored(examples, tmp_path), 12, 5, costs, max_tokens)
        for epoch in range(2):
            assert [rows.tolist() for rows in found.batches(epoch)] == [
                rows.tolist() for rows in expected.batches(epoch)
            ]

    @pytest.mark.parametrize("texts", [40, 100_000], ids=["many conflicts", "hardly any"])
    @pytest.mark.parametrize("max_tokens", [None, 100])
    def test_in_many_windows_no_text_is_twice_in_a_batch(self, tmp_path: Path, texts: int, max_tokens: int | None):
        examples = triplets(900, details=False, texts=texts)
        found = stored(examples, tmp_path)
        costs = tokens_of_rows(text_ids(examples))
        batches = StoredDistinctSampler(found, 5, 0, costs, max_tokens, window_rows=100).batches(1)
        assert sorted(itertools.chain.from_iterable(rows.tolist() for rows in batches)) == list(range(900))
        anchors, positives, negatives = examples.anchors, examples.positives, examples.negatives
        for rows in batches:
            sides = [{anchors[row], positives[row]} for row in rows]
            assert len(set.union(*sides)) == sum(map(len, sides))
            for row, own in zip(rows, sides, strict=True):
                assert not {*negatives[row]} & (set.union(*sides) - own - {anchors[row], positives[row]})
            assert len(rows) <= 5
            assert max_tokens is None or len(rows) == 1 or costs[rows].sum() <= max_tokens

    def test_rows_that_had_to_wait_are_filled_up_in_the_next_window(self, tmp_path: Path):
        found = stored(triplets(900, details=False, texts=400), tmp_path)
        sizes = [len(rows) for rows in StoredDistinctSampler(found, 5, 0, window_rows=100).batches(0)]
        assert sum(size < 5 for size in sizes) <= 5

    def test_small_batches_are_told_of_with_their_source(self, tmp_path: Path, caplog: pytest.LogCaptureFixture):
        frame = pd.DataFrame({"anchor": ["same"] * 300, "positive": [f"p{i}" for i in range(300)]})
        sampler = StoredDistinctSampler(stored(Triplets.from_frame(frame), tmp_path), 8, 0, window_rows=100)
        caplog.clear()
        for epoch in range(2):
            assert [len(rows) for rows in sampler.batches(epoch)] == [1] * 300
        (record,) = caplog.records
        assert f"{tmp_path / 'data.jsonl'}: batches hold 1 rows on average, and 8 were asked for" in record.message

    def test_data_without_repeats_fills_every_batch_in_shuffled_order(self, tmp_path: Path):
        frame = distinct_pairs(500).frame.set_axis(["anchor", "positive", "score", "line"], axis=1)
        found = stored(Triplets.from_frame(frame[["anchor", "positive"]]), tmp_path)
        one = StoredDistinctSampler(found, 7, 0, window_rows=112).batches(0)
        sizes = [len(rows) for rows in one]
        assert sizes == [7] * 71 + [3]
        other = StoredDistinctSampler(found, 7, 0).batches(0)
        assert [rows.tolist() for rows in one] == [rows.tolist() for rows in other], "the window makes no difference"


class TestTokens:
    @pytest.mark.parametrize("prompts", [{}, PROMPTS], ids=["plain", "prompts"])
    def test_four_bytes_count_as_one_where_the_encoder_does_not_tell(self, tmp_path: Path, prompts: dict):
        examples = triplets(40)
        found = tokens_of_stored_rows(stored(examples, tmp_path), StoredPrompts(**prompts), lambda texts: None)
        assert found.tolist() == tokens_of_rows(text_ids(examples, **prompts)).tolist()

    def test_an_encoder_that_tells_is_asked(self, tmp_path: Path):
        def count(texts: list[str]) -> np.ndarray:
            return np.array([len(text.split()) for text in texts])

        examples = pairs(40)
        ids = text_ids(examples, **PROMPTS)
        found = tokens_of_stored_rows(stored(examples, tmp_path), StoredPrompts(**PROMPTS), count)
        assert found.tolist() == tokens_of_rows(ids, count(ids.vocabulary)).tolist()

    def test_batches_keep_to_a_budget(self, tmp_path: Path):
        found = stored(pairs(60), tmp_path)
        costs = tokens_of_stored_rows(found, StoredPrompts(), lambda texts: None)
        batches = [rows.tolist() for rows in ShuffledSampler(60, 8, 0, costs, 40).batches(0)]
        assert all(costs[rows].sum() <= 40 or len(rows) == 1 for rows in batches)
        assert sorted(itertools.chain.from_iterable(batches)) == list(range(60))


class TestTexts:
    def test_all_distinct_texts_where_they_are_few(self, tmp_path: Path):
        examples = triplets(30)
        assert sorted(shuffled(stored(examples, tmp_path)).some_texts(1000)) == sorted(examples.texts())

    def test_as_many_as_asked_for_whatever_the_order_of_the_rows(self, tmp_path: Path):
        examples = distinct_pairs(200)
        one = shuffled(stored(examples, tmp_path, "a.csv"))
        other = shuffled(stored(examples.take(range(199, -1, -1)), tmp_path, "b.csv"))
        in_memory = ExampleBatches(text_ids(examples), examples.scores, ShuffledSampler(200, 8))
        chosen = one.some_texts(50, seed=2)
        assert len({*chosen}) == 50
        assert {*other.some_texts(50, seed=2)} == {*chosen} == {*in_memory.some_texts(50, seed=2)}
        assert {*one.some_texts(50, seed=3)} != {*chosen}
        assert one.some_texts(7, seed=2) == chosen[:7]

    def test_texts_of_the_other_side_of_a_split_are_not_among_them(self, tmp_path: Path):
        training, held_out = stored(distinct_pairs(100), tmp_path).split(0.3)
        assert not {*shuffled(training).some_texts(1000)} & {*held_out.left, *held_out.right}

    def test_the_vocabulary_has_the_prompt_of_each_side(self, tmp_path: Path):
        examples = triplets(20, details=False, texts=100_000)
        batches = shuffled(stored(examples, tmp_path), **PROMPTS)
        ids = text_ids(examples, **PROMPTS)
        assert {*batches.vocabulary} <= {*ids.vocabulary}
        assert {*batches.plain_vocabulary} == {*ids.plain}

    def test_vectors_of_a_batch_are_those_of_its_plain_texts(self, tmp_path: Path):
        asked = []

        def encode(texts: list[str]) -> np.ndarray:
            asked.append(len(texts))
            return np.array([[len(text), sum(map(ord, text))] for text in texts], np.float32)

        examples = triplets(30)
        batches = [
            shuffled(stored(examples, tmp_path), **PROMPTS),
            ExampleBatches(text_ids(examples, **PROMPTS), np.zeros(30, np.float32), ShuffledSampler(30, 8, 3)),
        ]
        for one in batches:
            asked.clear()
            for batch in one.epoch():
                texts = [text.decode().split(": ", 1)[1] for text in batch.texts.numpy()]
                np.testing.assert_array_equal(one.vectors_of(batch, encode), encode(texts))
                asked.pop()
            whole = isinstance(one, StoredBatches)
            assert len(asked) == (4 if whole else 1), "in memory all texts are encoded once"


class TestCutOrder:
    def test_it_is_a_sequence_of_batches(self):
        cut = CutOrder(np.array([4, 2, 0, 1, 3], np.int32), np.array([2, 4, 5]))
        assert [rows.tolist() for rows in cut] == [[4, 2], [0, 1], [3]]
        assert (len(cut), cut[-1].tolist(), cut[0].dtype) == (3, [3], np.int64)
        assert [rows.tolist() for rows in cut[1:]] == [[0, 1], [3]]
        with pytest.raises(IndexError):
            cut[3]

    @pytest.mark.parametrize(
        ("num_rows", "batch_size", "ends"), [(0, 3, []), (1, 3, [1]), (6, 3, [3, 6]), (7, 3, [3, 6, 7])]
    )
    def test_batches_end_at_their_size(self, num_rows: int, batch_size: int, ends: list[int]):
        assert cut_at_size(num_rows, batch_size).tolist() == ends

    def test_batches_end_at_a_budget_or_at_their_size(self):
        costs, order = np.array([5, 1, 1, 9, 1, 1, 1, 1]), np.arange(8)
        assert cut_at_budget(order, costs, 3, 6).tolist() == [2, 3, 4, 7, 8]


def test_an_epoch_takes_the_memory_of_its_batches_and_some_bytes_a_row(tmp_path: Path):
    peaks = []
    for count in (200, 20_000):
        batches = shuffled(stored(distinct_pairs(count), tmp_path, f"{count}.csv"), batch_size=50)
        batches.gather(np.arange(50))
        tracemalloc.start()
        for batch in itertools.islice(batches.epoch(1), 100):
            assert batch.num_rows == 50
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    # The order of all rows takes 4 bytes a row, twice while it is shuffled.
    assert peaks[1] - peaks[0] < 20_000 * 16
