import os
import shutil
import signal
from pathlib import Path

import keras
import numpy as np
import pytest

from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError, TrainingError
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese
from tfsiamese.training import WarmupDecay, fit

SETTINGS = {"epochs": 4, "batch_size": 6, "learning_rate": 0.02, "warmup": 3, "decay": "cosine", "seed": 5}
TEXTS = ["red apple", "green pear", "nurse doctor", "code data", "unseen words"]


class Stop(keras.callbacks.Callback):
    """Sends this process a signal after some steps."""

    def __init__(self, steps: int, number: int = signal.SIGINT):
        super().__init__()
        self.steps = steps
        self.number = number

    def on_train_batch_end(self, batch, logs=None):
        self.steps -= 1
        if self.steps == 0:
            os.kill(os.getpid(), self.number)


def weights(model: Siamese) -> list[np.ndarray]:
    return [variable.numpy() for variable in model.encoder.variables]


def straight_run(tiny_folder: Path, pairs: Pairs, **keywords) -> Siamese:
    model = Siamese(load_encoder(tiny_folder))
    training, validation = pairs.split(0.2)
    fit(model, training, validation=validation, **(SETTINGS | keywords))
    return model


def assert_same_weights(one: Siamese, other: Siamese) -> None:
    for left, right in zip(weights(one), weights(other), strict=True):
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("steps", [1, 5, 6, 7, 23])
def test_ctrl_c_keeps_the_state_and_a_resumed_run_ends_with_the_same_weights(tiny_folder, tiny_pairs, tmp_path, steps):
    training, validation = tiny_pairs.split(0.2)
    with pytest.raises(KeyboardInterrupt):
        fit(
            Siamese(load_encoder(tiny_folder)),
            training,
            validation=validation,
            callbacks=[Stop(steps)],
            out=tmp_path / "run",
            **SETTINGS,
        )
    resumed = Siamese(load_encoder(tiny_folder))
    history = fit(resumed, training, validation=validation, out=tmp_path / "run", resume=True, **SETTINGS)
    assert_same_weights(resumed, straight_run(tiny_folder, tiny_pairs))
    assert len(history.epoch) == 4


def test_sigterm_ends_the_process_with_its_status_and_keeps_the_state(tiny_folder, tiny_pairs, tmp_path):
    with pytest.raises(SystemExit) as caught:
        fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, callbacks=[Stop(3, signal.SIGTERM)], out=tmp_path / "run")
    assert caught.value.code == 143
    assert list((tmp_path / "run" / "checkpoints").iterdir())


def test_the_signal_handlers_are_as_before_after_a_run(tiny_encoder, tiny_pairs):
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    fit(Siamese(tiny_encoder), tiny_pairs, epochs=1)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.parametrize("name", ["Adam", "SGD", "Lion"])
def test_a_run_with_an_optimizer_of_keras_resumes_to_the_same_weights(tiny_folder, tiny_pairs, tmp_path, name):
    def optimizer() -> keras.optimizers.Optimizer:
        return getattr(keras.optimizers, name)(WarmupDecay(0.01, 28, 3, "linear"))

    straight, resumed = (Siamese(load_encoder(tiny_folder)) for _ in range(2))
    settings = {"epochs": 4, "batch_size": 6}
    fit(straight, tiny_pairs, optimizer=optimizer(), **settings)
    with pytest.raises(KeyboardInterrupt):
        fit(
            Siamese(load_encoder(tiny_folder)),
            tiny_pairs,
            optimizer=optimizer(),
            callbacks=[Stop(10)],
            out=tmp_path,
            **settings,
        )
    fit(resumed, tiny_pairs, optimizer=optimizer(), out=tmp_path, resume=True, **settings)
    assert_same_weights(straight, resumed)


def test_a_finished_run_is_not_trained_further(tiny_folder, tiny_pairs, tmp_path):
    first, again = (Siamese(load_encoder(tiny_folder)) for _ in range(2))
    fit(first, tiny_pairs, out=tmp_path, **SETTINGS)
    steps = []

    class Count(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            steps.append(batch)

    history = fit(again, tiny_pairs, callbacks=[Count()], out=tmp_path, resume=True, **SETTINGS)
    assert steps == []
    assert len(history.epoch) == 4
    assert_same_weights(first, again)


def test_other_settings_are_refused_and_named(tiny_folder, tiny_pairs, tmp_path):
    fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, out=tmp_path, **SETTINGS)
    with pytest.raises(SettingsError) as caught:
        fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, out=tmp_path, resume=True, **(SETTINGS | {"seed": 6}))
    assert "settings.seed was 5, is 6" in str(caught.value)


def test_other_data_is_refused_but_the_same_data_under_another_name_is_not(tiny_folder, tiny_pairs, tmp_path):
    fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, out=tmp_path, **SETTINGS)
    renamed = Pairs.from_frame(tiny_pairs.frame.drop(columns="line"), source="elsewhere")
    fit(Siamese(load_encoder(tiny_folder)), renamed, out=tmp_path, resume=True, **SETTINGS)
    with pytest.raises(SettingsError, match="data.training.fingerprint was"):
        fit(
            Siamese(load_encoder(tiny_folder)),
            tiny_pairs.take(range(30)),
            out=tmp_path,
            resume=True,
            **SETTINGS,
        )


def test_an_encoder_that_was_trained_in_memory_is_not_taken_for_the_one_on_disk(tiny_encoder, tiny_pairs, tmp_path):
    class Fail(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            raise RuntimeError("from a callback")

    with pytest.raises(RuntimeError, match="from a callback"):
        fit(Siamese(tiny_encoder), tiny_pairs, callbacks=[Fail()], out=tmp_path, **SETTINGS)
    with pytest.raises(SettingsError, match="encoder.fingerprint was .* trained in part"):
        fit(Siamese(tiny_encoder), tiny_pairs, out=tmp_path, resume=True, **SETTINGS)


def test_a_checkpoint_that_cannot_be_read_is_named(tiny_folder, tiny_pairs, tmp_path):
    fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, out=tmp_path, checkpoint_seconds=0, **SETTINGS)
    newest = max((tmp_path / "checkpoints").iterdir())
    (newest / "weights.npz").write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(TrainingError, match="cannot be read .* Delete that folder to continue from the one before"):
        fit(Siamese(load_encoder(tiny_folder)), tiny_pairs, out=tmp_path, resume=True, **SETTINGS)
    shutil.rmtree(newest)
    resumed = Siamese(load_encoder(tiny_folder))
    fit(resumed, tiny_pairs, out=tmp_path, resume=True, **SETTINGS)
    straight = Siamese(load_encoder(tiny_folder))
    fit(straight, tiny_pairs, **SETTINGS)
    assert_same_weights(resumed, straight)
