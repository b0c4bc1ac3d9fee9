import numpy as np
import pandas as pd
import pytest

from tfsiamese.pairs import LabelledTexts, Pairs, Triplets
from tfsiamese.pairs.batches import Batch, ExampleBatches
from tfsiamese.pairs.sampling import ShuffledSampler
from tfsiamese.pairs.text_ids import text_ids, tokens_of_rows


@pytest.fixture
def ten_pairs() -> Pairs:
    numbers = range(10)
    frame = pd.DataFrame({"left": [f"l{i}" for i in numbers], "right": [f"r{i}" for i in numbers]})
    return Pairs.from_frame(frame.assign(score=[i / 10 for i in numbers]))


@pytest.fixture
def triplets() -> Triplets:
    rows = [("a", "p", ("n1", "n2")), ("b", "q", ()), ("c", "p", ("n2",)), ("a", "r", ("b",))]
    return Triplets.from_frame(pd.DataFrame(rows, columns=["anchor", "positive", "negatives"]))


def batches_of(pairs: Pairs, batch_size: int, seed: int | None = None) -> ExampleBatches:
    return ExampleBatches(text_ids(pairs), pairs.scores, ShuffledSampler(len(pairs), batch_size, seed))


def placed(batch: Batch) -> list[str]:
    return [batch.texts.numpy()[position].decode() for position in batch.positions.numpy()]


def test_a_batch_holds_column_after_column_and_the_labels_of_its_rows(ten_pairs):
    first, *_, last = batches_of(ten_pairs, 4).epoch()
    assert placed(first) == ["l0", "l1", "l2", "l3", "r0", "r1", "r2", "r3"]
    np.testing.assert_allclose(first.labels, [0.0, 0.1, 0.2, 0.3])
    assert first.counts.numpy().tolist() == [0, 0, 0, 0]
    assert placed(last) == ["l8", "l9", "r8", "r9"]
    assert (first.num_rows, last.num_rows) == (4, 2)


def test_a_text_that_occurs_twice_in_a_batch_is_there_once(triplets):
    (batch,) = ExampleBatches(text_ids(triplets), np.zeros(4, np.float32), ShuffledSampler(4, 4)).epoch()
    assert placed(batch) == ["a", "b", "c", "a", "p", "q", "p", "r", "n1", "n2", "n2", "b"]
    assert sorted(text.decode() for text in batch.texts.numpy()) == ["a", "b", "c", "n1", "n2", "p", "q", "r"]
    assert batch.counts.numpy().tolist() == [2, 0, 1, 1]


def test_the_numbers_of_a_batch_point_into_the_vocabulary(triplets):
    batches = ExampleBatches(text_ids(triplets), np.zeros(4, np.float32), ShuffledSampler(4, 2, seed=1))
    for batch in batches.epoch():
        assert [batches.vocabulary[number] for number in batch.numbers.numpy()] == [
            text.decode() for text in batch.texts.numpy()
        ]


def test_teachers_scores_follow_their_rows(triplets):
    scores = np.array([1.0, 0.1, 0.2, 2.0, 3.0, 0.3, 4.0, 0.4], np.float32)  # rows of 3, 1, 2 and 2 scores
    batches = ExampleBatches(text_ids(triplets), scores, ShuffledSampler(4, 4))
    batch = batches.gather(np.array([2, 0]))
    np.testing.assert_allclose(batch.labels, [3.0, 0.3, 1.0, 0.1, 0.2])
    assert placed(batch) == ["c", "a", "p", "p", "n2", "n1", "n2"]


def test_texts_with_classes_have_one_column():
    texts = LabelledTexts.from_frame(pd.DataFrame({"text": ["x", "y", "x"], "class": ["A", "B", "A"]}))
    (batch,) = ExampleBatches(text_ids(texts), texts.labels, ShuffledSampler(3, 3)).epoch()
    assert placed(batch) == ["x", "y", "x"]
    assert batch.labels.numpy().tolist() == [0, 1, 0]


def test_an_epoch_can_start_in_the_middle(ten_pairs):
    batches = batches_of(ten_pairs, 4, seed=3)
    assert [placed(batch) for batch in batches.epoch(1, 1)] == [placed(batch) for batch in batches.epoch(1)][1:]
    assert list(batches.epoch(1, first_batch=3)) == []


def test_the_rows_of_a_batch_can_be_named(ten_pairs):
    batches = batches_of(ten_pairs, 4, seed=3)
    lefts = [placed(batch)[: batch.num_rows] for batch in batches.epoch(5)]
    assert lefts == [[f"l{row}" for row in batches.rows(5, number)] for number in range(3)]


def test_tokens_are_estimated_from_the_bytes_of_all_texts_of_a_row(triplets):
    # Every text here has fewer than four bytes, and counts two for the ends of the sentence.
    assert tokens_of_rows(text_ids(triplets)).tolist() == [8, 4, 6, 6]
    pairs = Pairs.from_frame(pd.DataFrame({"left": ["x" * 40], "right": ["日本"], "score": [1.0]}))
    assert tokens_of_rows(text_ids(pairs)).tolist() == [2 + 10 + 2 + 1]
