import csv
import json

import numpy as np
import pytest

from tests.training.examples import triplets
from tests.training.test_retention import GENERAL
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import SettingsError
from tfsiamese.evaluation import PairEvaluator
from tfsiamese.siamese import Siamese
from tfsiamese.training import Retention, Stage, fit, fit_stages

TEXTS = ["red apple", "green pear", "nurse doctor"]


@pytest.fixture
def stages(tiny_pairs):
    noisy = {"epochs": 2, "batch_size": 12, "learning_rate": 0.02}
    clean = {"epochs": 3, "batch_size": 8, "learning_rate": 0.01}
    return [
        Stage("noisy", triplets(), settings=noisy),
        Stage("clean", tiny_pairs, loss="cosent", validation=tiny_pairs, settings=clean),
    ]


def test_each_stage_goes_on_where_the_one_before_ended(tiny_folder, stages):
    whole, by_hand = load_encoder(tiny_folder), load_encoder(tiny_folder)
    histories = fit_stages(Siamese(whole, "cosine"), stages)
    model = Siamese(by_hand, "cosine")
    fit(model, stages[0].examples, **stages[0].settings)
    second = fit(model, stages[1].examples, loss="cosent", validation=stages[1].validation, **stages[1].settings)
    np.testing.assert_array_equal(whole.encode(TEXTS), by_hand.encode(TEXTS))
    assert histories[1].history["loss"] == second.history["loss"]
    assert [len(history.epoch) for history in histories] == [2, 3]


def test_the_run_folder_holds_the_whole_and_each_stage(tiny_encoder, stages, tmp_path):
    out = tmp_path / "run"
    fit_stages(Siamese(tiny_encoder), stages, out=out)
    assert {path.name for path in out.iterdir()} >= {"config.json", "metrics.json", "history.csv", "encoder", "stages"}
    assert [path.name for path in sorted((out / "stages").iterdir())] == ["clean", "noisy"]
    assert not (out / "stages" / "clean" / "encoder" / "1").exists(), "the encoder is kept once"
    np.testing.assert_allclose(load_encoder(out).encode(TEXTS), tiny_encoder.encode(TEXTS), atol=1e-6)
    config = json.loads((out / "config.json").read_text())
    assert config["stages"]["noisy"]["settings"]["learning_rate"] == 0.02
    assert config["stages"]["clean"]["data"]["training"]["loss"]["name"] == "cosent"
    with (out / "history.csv").open(newline="") as file:
        assert [row["stage"] for row in csv.DictReader(file)] == ["noisy"] * 2 + ["clean"] * 3


@pytest.mark.parametrize("stopped_in", ["noisy", "clean"])
def test_stages_resume_to_the_weights_of_an_uninterrupted_run(tiny_folder, stages, tmp_path, stopped_in, monkeypatch):
    options = {"retention": Retention(GENERAL, 20.0, 5)}
    stages = [
        Stage(one.name, one.examples, one.loss, one.validation, {**one.settings, "checkpoint_seconds": 0})
        for one in stages
    ]
    whole = load_encoder(tiny_folder)
    fit_stages(Siamese(whole, "cosine"), stages, out=tmp_path / "whole", **options)

    from tfsiamese.training import run

    stop = run.Run._end_epoch

    def end_epoch(self, logs):
        stop(self, logs)
        if self._state.epoch == 1 and stopped_in in str(self._folder.path):
            raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(run.Run, "_end_epoch", end_epoch)
        fit_stages(Siamese(load_encoder(tiny_folder), "cosine"), stages, out=tmp_path / "run", **options)
    resumed = load_encoder(tiny_folder)
    fit_stages(Siamese(resumed, "cosine"), stages, out=tmp_path / "run", resume=True, **options)
    np.testing.assert_array_equal(resumed.encode(TEXTS), whole.encode(TEXTS))
    both = [json.loads((tmp_path / name / "metrics.json").read_text())["after"] for name in ("run", "whole")]
    assert both[0] == both[1]


def test_the_retention_holds_to_the_encoder_before_the_first_stage(tiny_folder, stages):
    first = load_encoder(tiny_folder)
    base = first.encode(GENERAL, normalize=True)
    strong = {"retention": Retention(GENERAL, 1000.0, 12)}
    fit_stages(Siamese(first, "cosine"), stages, **strong)
    second = load_encoder(tiny_folder)
    model = Siamese(second, "cosine")
    for stage in stages:  # each with the retention to its own start
        fit(model, stage.examples, loss=stage.loss, validation=stage.validation, **strong, **stage.settings)

    def moved(encoder) -> float:
        vectors = encoder.encode(GENERAL, normalize=True)
        return float(np.square(vectors @ vectors.T - base @ base.T).mean())

    assert moved(first) < moved(second)


def test_another_configuration_is_not_resumed(tiny_folder, stages, tmp_path):
    fit_stages(Siamese(load_encoder(tiny_folder)), stages, out=tmp_path / "run")
    stages[0].settings["learning_rate"] = 0.5
    with pytest.raises(SettingsError, match=r"stages\.noisy\.settings\.learning_rate was 0\.02, is 0\.5"):
        fit_stages(Siamese(load_encoder(tiny_folder)), stages, out=tmp_path / "run", resume=True)


def test_every_stage_is_checked_before_the_first_starts(tiny_encoder, stages, tiny_pairs):
    before = tiny_encoder.encode(TEXTS)
    with pytest.raises(SettingsError, match="'triplet' wants anchors"):
        fit_stages(Siamese(tiny_encoder), [*stages, Stage("wrong", tiny_pairs, loss="triplet")])
    np.testing.assert_array_equal(tiny_encoder.encode(TEXTS), before)


def test_a_metric_that_no_stage_measures_is_refused_before_the_first_starts(tiny_encoder, stages, tiny_pairs):
    before = tiny_encoder.encode(TEXTS)
    last = Stage("last", tiny_pairs, settings={"monitor": "sts_pearson"})
    with pytest.raises(SettingsError, match="monitor='sts_pearson' is not measured"):
        fit_stages(Siamese(tiny_encoder), [*stages, last], evaluator=PairEvaluator(tiny_pairs))
    np.testing.assert_array_equal(tiny_encoder.encode(TEXTS), before)


def test_stages_have_different_names_that_name_folders(tiny_encoder, stages, tiny_pairs):
    with pytest.raises(SettingsError, match="different names"):
        fit_stages(Siamese(tiny_encoder), [stages[0], stages[0]])
    with pytest.raises(SettingsError, match="at least one stage"):
        fit_stages(Siamese(tiny_encoder), [])
    with pytest.raises(SettingsError, match="64 letters, digits"):
        Stage("../up", tiny_pairs)
