import csv
import json
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from tests.cli.conftest import Command
from tfsiamese.encoders import load_encoder

TEXTS = ["red apple", "nurse doctor", "code data"]


def metrics_of(run: Path) -> dict:
    return json.loads((run / "metrics.json").read_text(encoding="utf-8"))


def test_a_run_folder_holds_all_of_the_run(finished_run: Path):
    names = {path.name for path in finished_run.iterdir()}
    files = {"config.json", "history.csv", "metrics.json", "sample_texts.json"}
    assert names == files | {"encoder", "plots", "logs", "checkpoints"}
    assert (finished_run / "encoder" / "1" / "saved_model.pb").is_file()
    assert [path.name for path in (finished_run / "encoder").iterdir()] == ["1"]
    assert list((finished_run / "logs").glob("events.out.tfevents.*"))
    assert not list(finished_run.rglob(".*")), "a temporary file was left"


def test_the_config_holds_settings_versions_data_and_encoder(finished_run: Path, pairs_file: Path, tiny_folder: Path):
    config = json.loads((finished_run / "config.json").read_text(encoding="utf-8"))
    assert config["settings"]["epochs"] == 3
    assert config["settings"]["learning_rate"] == 0.02
    assert config["settings"]["seed"] == 0
    assert config["encoder"]["source"] == str(tiny_folder)
    assert config["data"]["training"]["source"] == str(pairs_file)
    counts = config["data"]["training"]["rows"], config["data"]["training"]["validation"]["rows"]
    assert sum(counts) == len(pairs_file.read_text().splitlines()) - 1
    assert counts[1] == round(0.1 * sum(counts))
    assert {"tfsiamese", "tensorflow", "keras", "python"} <= config["versions"].keys()


def test_the_history_has_a_row_for_each_epoch_with_every_metric_in_it(finished_run: Path):
    with (finished_run / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2", "3"]
    assert {"loss", "val_loss", "learning_rate", "validation_pearson", "sts_pearson_cosine"} <= rows[0].keys()
    assert all(np.isfinite(float(value)) for row in rows for value in row.values())
    assert float(rows[2]["loss"]) < float(rows[0]["loss"])


def test_the_metrics_have_the_same_names_before_and_after(finished_run: Path):
    metrics = metrics_of(finished_run)
    assert list(metrics["before"]) == list(metrics["after"])
    assert {"val_loss", "validation_pearson", "sts_pearson_cosine"} <= metrics["before"].keys()
    assert metrics["before"] != metrics["after"]
    assert metrics["epochs"] == 3


def test_the_metrics_after_are_those_of_the_best_epoch(finished_run: Path):
    metrics = metrics_of(finished_run)
    with (finished_run / "history.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    best = max(rows, key=lambda row: float(row["validation_pearson"]))
    assert metrics["best_epoch"] == int(best["epoch"])
    assert metrics["after"]["validation_pearson"] == pytest.approx(float(best["validation_pearson"]), abs=1e-6)


def test_the_encoder_of_a_run_is_loaded_by_the_run_folder_and_differs_from_its_source(
    finished_run: Path, tiny_folder: Path
):
    trained = load_encoder(finished_run).encode(TEXTS)
    assert np.abs(trained - load_encoder(tiny_folder).encode(TEXTS)).max() > 1e-3
    np.testing.assert_array_equal(trained, load_encoder(finished_run / "encoder" / "1").encode(TEXTS))


@pytest.mark.parametrize("name", ["similarity_matrix.png", "training_curves.png", "score_scatter.png"])
def test_the_plots_are_pictures_with_something_on_them(finished_run: Path, name: str):
    picture = matplotlib.image.imread(finished_run / "plots" / name)
    assert min(picture.shape[:2]) > 200
    assert picture.std() > 0.01


def test_what_train_prints_names_every_metric_and_where_the_results_are(
    command: Command, finished_run: Path, pairs_file: Path, tiny_folder: Path, sts_file: Path
):
    result = command(
        *("train", pairs_file, "--encoder", tiny_folder, "--out", finished_run, "--resume"),
        *("--epochs", 3, "--learning-rate", 0.02, "--sts", sts_file),
    )
    assert result.status == 0, result.err
    metrics = metrics_of(finished_run)
    lines = result.out.splitlines()
    assert lines[0].split() == ["before", "after", "change"]
    table = {name: numbers for name, *numbers in (line.split() for line in lines[1:]) if name in metrics["before"]}
    assert table.keys() == metrics["before"].keys()
    for name, (before, after, change) in table.items():
        assert float(before) == pytest.approx(metrics["before"][name], abs=1e-4)
        assert float(after) == pytest.approx(metrics["after"][name], abs=1e-4)
        assert float(change) == pytest.approx(metrics["after"][name] - metrics["before"][name], abs=1e-4)
    assert f"best epoch: {metrics['best_epoch']} of 3" in lines
    assert str(finished_run / "encoder" / "1") in result.out
    assert str(finished_run / "plots" / "training_curves.png") in result.out


def test_a_run_without_validation_has_one_line_an_epoch_and_nothing_to_choose_by(
    command: Command, binary_file: Path, tiny_folder: Path, tmp_path: Path
):
    out = tmp_path / "Läufe 数" / "eins zwei"
    result = command(
        *("train", binary_file, "--encoder", tiny_folder, "--out", out, "--validation", 0, "--epochs", 2),
        *("--loss", "contrastive", "--margin", 0.8, "--head", "cosine", "--freeze", "embedding_*"),
        *("--warmup", 0.5, "--decay", "linear", "--batch-size", 100),
    )
    assert result.status == 0, result.err
    epochs = [line for line in result.err.splitlines() if line.startswith("epoch ")]
    assert [line.split(":")[0] for line in epochs] == ["epoch 1/2", "epoch 2/2"]
    assert "best epoch" not in result.out
    assert "Traceback" not in result.err
    config = json.loads((out / "config.json").read_text(encoding="utf-8"))
    assert config["data"]["training"]["loss"]["name"] == "contrastive"
    assert config["data"]["training"]["loss"]["margin"] == 0.8
    assert config["encoder"]["frozen"] == ["embedding_table"]
    assert metrics_of(out)["best_epoch"] is None


def test_validation_pairs_of_a_file_are_held_against_the_model_and_never_trained_on(
    command: Command, pairs_file: Path, tiny_folder: Path, labels_file: Path, tmp_path: Path
):
    held_out = tmp_path / "held_out.csv"
    held_out.write_text("text1,text2,label\nred,red plum,1\nnurse,road,0\ncode,data code,1\nstone,pear,0\n")
    result = command(
        *("train", pairs_file, "--encoder", tiny_folder, "--out", tmp_path / "run", "--validation", held_out),
        *("--epochs", 5, "--patience", 1, "--learning-rate", 1e-30, "--labels", labels_file),
    )
    assert result.status == 0, result.err
    config = json.loads((tmp_path / "run" / "config.json").read_text(encoding="utf-8"))
    assert config["data"]["training"]["validation"]["source"] == str(held_out)
    assert config["data"]["training"]["rows"] == len(pairs_file.read_text().splitlines()) - 1
    assert "validation_average_precision" in result.out
    assert metrics_of(tmp_path / "run")["epochs"] == 2, "patience 1 ends after the second epoch without improvement"
    assert "no epoch was better" in result.err


@pytest.mark.parametrize("validation", [1, 2])
def test_a_run_with_hardly_any_validation_pairs_ends_well(
    command: Command, pairs_file: Path, tiny_folder: Path, labels_file: Path, tmp_path: Path, validation: int
):
    result = command(
        *("train", pairs_file, "--encoder", tiny_folder, "--out", tmp_path / "run", "--validation", validation),
        *("--epochs", 1, "--labels", labels_file),
    )
    assert result.status == 0, result.err
    assert result.out.split()[:3] == ["before", "after", "change"]
