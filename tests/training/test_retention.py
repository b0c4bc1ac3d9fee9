import json
import os
import signal

import keras
import numpy as np
import pytest

from tests.training.examples import triplets
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.siamese import Siamese
from tfsiamese.training import Retention, fit
from tfsiamese.training.retention import BaseVectors


class StopAt(keras.callbacks.Callback):
    """Ends a run after its fourth epoch."""

    def on_epoch_end(self, epoch, logs=None):
        if epoch == 3:
            os.kill(os.getpid(), signal.SIGINT)


GENERAL = [f"{one} {other}" for one in ("red", "road", "stone", "nurse") for other in ("river", "bread", "code")]
FAST = {"epochs": 8, "learning_rate": 0.02, "batch_size": 12, "warmup": 0}


def matrix(encoder) -> np.ndarray:
    vectors = encoder.encode(GENERAL, normalize=True)
    return vectors @ vectors.T


def test_general_similarities_move_less_with_retention_than_without(tiny_folder):
    moved = {}
    for weight in (None, 100.0):
        encoder = load_encoder(tiny_folder)
        before = matrix(encoder)
        retention = None if weight is None else Retention(GENERAL, weight, 12)
        history = fit(Siamese(encoder), triplets(), validation=triplets(), retention=retention, **FAST)
        moved[weight] = np.square(matrix(encoder) - before).mean()
        assert history.after["val_loss"] < history.before["val_loss"], "the domain is learned all the same"
    assert moved[100.0] < 0.1 * moved[None]


def test_the_loss_holds_the_weighted_term_and_the_history_names_it(tiny_encoder):
    history = fit(Siamese(tiny_encoder), triplets(), retention=Retention(GENERAL, 50.0, 6), **FAST)
    assert history.history["retention_loss"][0] > 0
    total = np.array(history.history["loss"])
    assert (total > np.array(history.history["retention_loss"])).all()


def test_a_step_takes_other_texts_than_the_next_and_the_same_ones_again(tiny_encoder):
    base = BaseVectors(Retention(GENERAL, 1.0, 5, neighbours=1), tiny_encoder.encode(GENERAL), seed=3)
    texts, vectors = base.sample(4)
    np.testing.assert_allclose(vectors, tiny_encoder.encode([text.decode() for text in texts.numpy()]), atol=1e-6)
    assert len({*texts.numpy()}) == 5
    assert base.sample(4)[0].numpy().tolist() == texts.numpy().tolist()
    assert base.sample(5)[0].numpy().tolist() != texts.numpy().tolist()


def test_neighbours_are_taken_together(tiny_encoder):
    base = BaseVectors(Retention(GENERAL, 1.0, 6, neighbours=3), tiny_encoder.encode(GENERAL))
    for step in range(10):
        texts = [text.decode() for text in base.sample(step)[0].numpy()]
        assert len(texts) == 6
        # GENERAL names three things after each first word.
        assert len({text.split()[0] for text in texts}) == 2


def test_a_step_takes_all_texts_where_there_are_fewer_than_asked_for(tiny_encoder):
    texts, _ = BaseVectors(Retention(GENERAL, 1.0, 1000), tiny_encoder.encode(GENERAL)).sample(0)
    assert sorted(text.decode() for text in texts.numpy()) == sorted(GENERAL)


@pytest.mark.parametrize("anew", [True, False], ids=["an encoder loaded anew", "the encoder that was stopped"])
def test_a_run_with_retention_resumes_to_the_same_weights(tiny_folder, tmp_path, anew):
    options = {"retention": Retention(GENERAL, 50.0, 6), "checkpoint_seconds": 0, **FAST}
    whole, stopped = load_encoder(tiny_folder), load_encoder(tiny_folder)
    fit(Siamese(whole), triplets(), out=tmp_path / "whole", **options)
    with pytest.raises(KeyboardInterrupt):
        fit(Siamese(stopped), triplets(), out=tmp_path / "run", callbacks=[StopAt()], **options)
    resumed = load_encoder(tiny_folder) if anew else stopped
    fit(Siamese(resumed), triplets(), out=tmp_path / "run", resume=True, **options)
    np.testing.assert_array_equal(resumed.encode(GENERAL), whole.encode(GENERAL))
    config = json.loads((tmp_path / "run" / "config.json").read_text())
    assert config["retention"]["weight"] == 50.0
    other = load_encoder(tiny_folder)
    with pytest.raises(SettingsError, match=r"retention\.weight was 50\.0, is 40\.0"):
        fit(
            Siamese(other),
            triplets(),
            out=tmp_path / "run",
            resume=True,
            **(options | {"retention": Retention(GENERAL, 40.0, 6)}),
        )


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((["one"],), "two different general texts"),
        ((["one", "one"],), "two different general texts"),
        (("a sentence",), "a list of texts"),
        ((["one", None],), "a list of texts"),
        ((GENERAL, "1"), "positive weight"),
        ((GENERAL, 0.0), "positive weight"),
        ((GENERAL, float("nan")), "positive weight"),
        ((GENERAL, 1.0, 1), "at least 2 texts"),
        ((GENERAL, 1.0, 8, 0), "positive number of neighbours"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments, said):
    with pytest.raises(SettingsError, match=said):
        Retention(*arguments)
