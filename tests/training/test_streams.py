"""Training on stored examples is training on the same examples in memory."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.training.examples import triplets
from tfsiamese.errors import DataError, SettingsError, TrainingError
from tfsiamese.pairs import (
    LabelledTexts,
    Pairs,
    StoredExamples,
    Triplets,
    read_examples,
    stream_examples,
    write_examples,
)
from tfsiamese.pairs.streaming import read_shards
from tfsiamese.siamese import Siamese
from tfsiamese.training import fit
from tfsiamese.training.batching import training_batches
from tfsiamese.training.messages import bad_batch_error, describe_all_cut_texts
from tfsiamese.training.plan import TrainingPlan
from tfsiamese.training.run_state import RunState
from tfsiamese.training.sample_texts import sample_texts
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.tasks import labels_for, make_tasks

FAST = {"epochs": 2, "batch_size": 8, "learning_rate": 0.01}


def streamed(examples, folder: Path, name: str = "data.jsonl") -> StoredExamples:
    write_examples(examples, folder / name)
    return stream_examples(folder / name, cache=folder / "cache")


def plan_of(encoder, examples, loss=None, **settings) -> TrainingPlan:
    return TrainingPlan(Siamese(encoder), make_tasks(examples, loss=loss), TrainingSettings(**FAST | settings))


def trained(encoder, examples, **options) -> tuple[list[float], np.ndarray]:
    history = fit(Siamese(encoder), examples, **FAST | options)
    return history.history["loss"], encoder.encode(["red apple", "nurse"])


@pytest.fixture
def other_encoder(tiny_folder: Path):
    from tfsiamese.encoders import load_encoder

    return load_encoder(tiny_folder)


def test_scored_pairs_give_the_weights_that_they_give_in_memory(tiny_encoder, other_encoder, tiny_pairs, tmp_path):
    losses, vectors = trained(tiny_encoder, tiny_pairs, loss="mse")
    found, stored_vectors = trained(other_encoder, streamed(tiny_pairs, tmp_path), loss="mse")
    np.testing.assert_allclose(found, losses, rtol=1e-5)
    np.testing.assert_allclose(stored_vectors, vectors, atol=1e-4)


@pytest.mark.parametrize(
    ("loss", "scores"), [("ranking", False), ("margin-mse", True)], ids=["negatives", "a teacher's scores"]
)
def test_triplets_give_the_weights_that_they_give_in_memory(
    tiny_encoder, other_encoder, tmp_path, loss: str, scores: bool
):
    examples = triplets(24, scores=scores)
    if scores:
        examples = examples.take([bool(texts) for texts in examples.negatives])
    losses, vectors = trained(tiny_encoder, examples, loss=loss, max_tokens=200)
    found, stored_vectors = trained(other_encoder, streamed(examples, tmp_path), loss=loss, max_tokens=200)
    np.testing.assert_allclose(found, losses, rtol=1e-5)
    np.testing.assert_allclose(stored_vectors, vectors, atol=1e-4)


def test_stored_validation_data_is_watched(tiny_encoder, tiny_pairs, tmp_path):
    found = streamed(tiny_pairs, tmp_path)
    history = fit(Siamese(tiny_encoder), tiny_pairs, validation=found, **FAST)
    in_memory = fit(Siamese(tiny_encoder), tiny_pairs, validation=tiny_pairs, epochs=1)
    assert history.after["val_loss"] == pytest.approx(in_memory.before["val_loss"], rel=1e-5)


def test_a_run_says_what_it_was_trained_on(tiny_encoder, tiny_pairs, tmp_path):
    found = streamed(tiny_pairs, tmp_path)
    (task,) = make_tasks(found)
    described = task.describe()
    assert described["rows"] == len(tiny_pairs)
    assert described["fingerprint"] == found.fingerprint
    assert described["source"] == str(tmp_path / "data.jsonl")


def test_labels_that_a_loss_cannot_use_are_named_with_file_and_line(tmp_path):
    path = tmp_path / "data.csv"
    path.write_text("left,right,score\n" + "a,b,1\n" * 5 + "c,d,0.5\n")
    with pytest.raises(DataError, match=r"data\.csv, line 7: "):
        make_tasks(stream_examples(path, cache=tmp_path / "cache"), loss="contrastive")


def test_losses_that_want_negatives_or_scores_refuse_data_without(tmp_path):
    found = streamed(triplets(12, negatives=False), tmp_path)
    with pytest.raises(SettingsError, match="wants negatives"):
        make_tasks(found, loss="triplet")
    with pytest.raises(SettingsError, match="learns from a teacher"):
        make_tasks(found, loss="embedding-mse")


def test_groups_keep_rows_apart(tiny_encoder, tmp_path):
    frame = pd.DataFrame({"anchor": [f"a{i}" for i in range(12)], "positive": [f"p{i}" for i in range(12)]})
    examples = Triplets.from_frame(frame.assign(group=[f"g{i // 3}" for i in range(12)]))
    (task,) = make_tasks(streamed(examples, tmp_path))
    batches = training_batches(task, TrainingSettings(batch_size=4), tiny_encoder)
    for number in range(len(batches)):
        groups = [int(row) // 3 for row in batches.rows(0, number)]
        assert len({*groups}) == len(groups)


def test_by_class_batches_are_refused(tiny_encoder, tiny_pairs, tmp_path):
    with pytest.raises(SettingsError, match="by-class"):
        plan_of(tiny_encoder, streamed(tiny_pairs, tmp_path), batching="by-class")


def test_distinct_batches_of_pairs_hold_no_text_twice(tiny_encoder, tiny_pairs, tmp_path):
    (task,) = make_tasks(streamed(tiny_pairs, tmp_path))
    batches = training_batches(task, TrainingSettings(batch_size=6, batching="distinct"), tiny_encoder)
    rows = [list(batches.rows(0, number)) for number in range(len(batches))]
    assert sorted(row for batch in rows for row in batch) == list(range(len(tiny_pairs)))
    for batch in rows:
        texts = [text for row in batch for text in {tiny_pairs.left[row], tiny_pairs.right[row]}]
        assert len({*texts}) == len(texts)


def test_a_bad_batch_is_named_by_file_and_lines(tiny_encoder, tmp_path):
    for name in "ab":
        rows = "".join(f"{name}{number},x,1\n" for number in range(3))
        (tmp_path / f"{name}.csv").write_text("left,right,score\n" + rows)
    found = stream_examples(str(tmp_path / "?.csv"), cache=tmp_path / "cache")
    error = bad_batch_error(plan_of(tiny_encoder, found), RunState(), float("nan"), None)
    assert isinstance(error, TrainingError)
    assert f"{tmp_path / 'a.csv'}, lines 2, 3, 4; {tmp_path / 'b.csv'}, lines 2, 3, 4" in str(error)


def test_rows_of_several_files_in_memory_are_named_by_file_and_lines(tiny_encoder, tmp_path):
    for name, score in (("a", 1), ("b", 0.5)):
        rows = "".join(f"{name}{number},x,{score}\n" for number in range(3))
        (tmp_path / f"{name}.csv").write_text("left,right,score\n" + rows)
    found = read_shards(str(tmp_path / "?.csv"))
    error = bad_batch_error(plan_of(tiny_encoder, found), RunState(), float("nan"), None)
    assert f"{tmp_path / 'a.csv'}, lines 2, 3, 4; {tmp_path / 'b.csv'}, lines 2, 3, 4" in str(error)
    with pytest.raises(DataError, match=r"b\.csv, line 2: "):
        make_tasks(found, loss="contrastive")


def test_cut_texts_are_counted_in_a_sample(tiny_encoder, tiny_pairs, tmp_path, monkeypatch):
    plan = plan_of(tiny_encoder, {"data": streamed(tiny_pairs, tmp_path)})
    texts = set(tiny_pairs.left + tiny_pairs.right)
    kind = type(tiny_encoder)
    monkeypatch.setattr(kind, "max_length", property(lambda self: 8), raising=False)
    monkeypatch.setattr(kind, "num_tokens", lambda self, texts: np.array([len(text) for text in texts]))
    cut = sum(len(text) > 8 for text in texts)
    expected = f"of a sample of {len(texts)} texts, {cut} of {len(texts)} texts were cut at 8 tokens"
    assert describe_all_cut_texts(plan)["data"].startswith(expected)


def test_texts_to_remember_are_those_of_the_same_data_in_memory(tiny_encoder, tmp_path):
    examples = triplets(20)
    assert sample_texts([plan_of(tiny_encoder, streamed(examples, tmp_path))]) == sample_texts(
        [plan_of(tiny_encoder, examples)]
    )


@pytest.mark.parametrize("loss", ["mse", "ranking"])
def test_labels_are_none_where_the_loss_reads_none(tmp_path, tiny_pairs, loss: str):
    from tfsiamese.losses import get_loss

    examples = tiny_pairs if loss == "mse" else triplets(6)
    labels = labels_for(get_loss(loss, "angular"), streamed(examples, tmp_path))
    if loss == "ranking":
        assert labels is None
    else:
        np.testing.assert_array_equal(labels.of_rows(np.arange(len(examples))), examples.scores)


def test_data_of_another_kind_is_refused_with_what_is_taken():
    with pytest.raises(SettingsError, match=r"stream_examples\(…\)"):
        make_tasks([1, 2])
    classes = LabelledTexts.from_frame(pd.DataFrame({"text": ["a", "b"], "class": ["x", "y"]}))
    assert make_tasks(classes)[0].examples is classes
    assert isinstance(read_examples(pd.DataFrame({"left": ["a"], "right": ["b"], "score": [1]})), Pairs)


_KILLED = """
import sys
from pathlib import Path
from tests.training import killed_program
from tfsiamese.pairs import stream_examples

file = Path(sys.argv.pop(1))
killed_program.pairs = lambda: stream_examples(file, cache=file.parent / "cache")
killed_program.main(*sys.argv[1:])
"""


def test_a_run_on_stored_data_that_was_killed_goes_on_to_the_same_weights(
    tiny_encoder, other_encoder, tiny_folder, tmp_path, repository
):
    from tests.training.distributed_program import MeanCosine, pairs
    from tests.training.killed_program import SETTINGS, Death, InAnEvaluation

    found, out = streamed(pairs(), tmp_path), tmp_path / "run"
    command = [sys.executable, "-c", _KILLED, tmp_path / "data.jsonl", tiny_folder, out, "one", "step:9"]
    killed = subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    watched = InAnEvaluation(Death("none"))
    fit(Siamese(tiny_encoder), found, evaluator=watched, out=out, resume=True, checkpoint_steps=1, **SETTINGS)
    fit(Siamese(other_encoder), found, evaluator=MeanCosine(), **SETTINGS)
    texts = ["red apple", "green pear", "nurse doctor"]
    np.testing.assert_allclose(tiny_encoder.encode(texts), other_encoder.encode(texts), atol=1e-6)
    assert json.loads((out / "metrics.json").read_text())["epochs"] == SETTINGS["epochs"]
