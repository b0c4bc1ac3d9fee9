import json
from pathlib import Path

import numpy as np
import pytest

from tests.encoders.checkpoint.frozen import CHECKPOINTS
from tests.training.examples import triplets
from tests.training.test_resume import Stop
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import TrainingError
from tfsiamese.siamese import Siamese
from tfsiamese.training import fit
from tfsiamese.training.loss_scale import LossScale

SETTINGS = {"loss": "ranking", "batch_size": 6, "epochs": 2, "learning_rate": 1e-3, "warmup": 0}


def train(precision, **settings):
    encoder = load_encoder(CHECKPOINTS / "bert", dropout=0.0, mixed_precision=precision)
    history = fit(Siamese(encoder, "cosine"), triplets(20), **(SETTINGS | settings))
    return history.history["loss"], encoder


def last_scale(out: Path) -> list[float]:
    newest = max((out / "checkpoints").iterdir())
    return json.loads((newest / "state.json").read_text())["loss_scale"]


def test_it_halves_down_to_its_least_and_then_says_no():
    scale = LossScale(2.0**-8)
    assert [scale.shrink() for _ in range(3)] == [True, True, False]
    assert scale.value == 2.0**-10


def test_it_doubles_after_enough_good_steps_in_a_row_up_to_its_most():
    scale = LossScale(2.0**23, growth_steps=3)
    scale.succeed()
    scale.succeed()
    scale.shrink()
    values = []
    for _ in range(12):
        scale.succeed()
        values.append(scale.value)
    assert values == [2.0**22] * 2 + [2.0**23] * 3 + [2.0**24] * 7


def test_training_in_float16_follows_training_in_float32(tmp_path):
    exact, _ = train(False)
    half, _ = train("float16", out=tmp_path / "run")
    np.testing.assert_allclose(half, exact, rtol=0.02)
    assert exact[1] < exact[0]
    value, good_steps = last_scale(tmp_path / "run")
    assert 1 < value <= 2.0**15
    assert 1 <= good_steps <= 8


def test_float32_and_bfloat16_have_no_scale(tmp_path):
    train("bfloat16", out=tmp_path / "run", epochs=1)
    assert last_scale(tmp_path / "run") is None


@pytest.mark.parametrize("more", [{"mini_batch_size": 5}, {"gradient_accumulation_steps": 2, "batch_size": 3}])
def test_a_scale_that_overflows_is_halved_and_no_batch_is_lost(monkeypatch, tmp_path, more):
    expected, _ = train("float16", **more)
    monkeypatch.setattr("tfsiamese.training.run.LossScale", lambda: LossScale(2.0**24))
    found, _ = train("float16", out=tmp_path / "run", **more)
    np.testing.assert_allclose(found, expected, rtol=5e-3)
    value, good_steps = last_scale(tmp_path / "run")
    assert value < 2.0**24
    assert good_steps >= 1


def test_a_resumed_run_goes_on_with_its_scale(monkeypatch, tmp_path):
    straight, expected = train("float16")
    with pytest.raises(KeyboardInterrupt):
        train("float16", out=tmp_path / "run", callbacks=[Stop(5)])
    kept = last_scale(tmp_path / "run")
    monkeypatch.setattr("tfsiamese.training.run.LossScale", lambda: LossScale(2.0**3))
    resumed, found = train("float16", out=tmp_path / "run", resume=True)
    assert last_scale(tmp_path / "run") == [kept[0], kept[1] + 3]
    np.testing.assert_array_equal(resumed, straight)
    np.testing.assert_array_equal(found.encode(["red apple"]), expected.encode(["red apple"]))


def test_a_batch_that_no_scale_helps_is_named(tmp_path):
    with pytest.raises(TrainingError, match="at epoch ., batch ., which holds triplets, line"):
        train("float16", learning_rate=1e30)
