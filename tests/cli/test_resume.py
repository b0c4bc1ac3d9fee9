"""Runs of `tfsiamese train` that were stopped, and what `--resume` makes of them."""

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import keras
import numpy as np
import pytest

from tests.cli.conftest import Command, Result
from tfsiamese.cli.main import main
from tfsiamese.encoders import load_encoder

SETTINGS = ("--epochs", 3, "--batch-size", 6, "--learning-rate", 0.02, "--warmup", 2, "--decay", "cosine")
SETTINGS += ("--checkpoint-seconds", 0)
TEXTS = ["red apple", "green pear", "nurse doctor", "code data", "words that were never trained"]

# Runs the command line, and sends the process a signal at the n-th call of a function: before it, or at its end.
WRAPPER = """
import importlib, os, sys

where, moment, at_call, number, *arguments = sys.argv[1:]
module, _, path = where.partition(":")
*owners, name = path.split(".")
owner = importlib.import_module(module)
for attribute in owners:
    owner = getattr(owner, attribute)
original, calls = getattr(owner, name), []

def interrupted(*positional, **keywords):
    calls.append(name)
    due = len(calls) == int(at_call)
    if due and moment == "before":
        os.kill(os.getpid(), int(number))
    result = original(*positional, **keywords)
    if due and moment == "after":
        os.kill(os.getpid(), int(number))
    return result

setattr(owner, name, interrupted)
from tfsiamese.cli.main import main
sys.exit(main(arguments))
"""

# Six steps an epoch, a checkpoint after each step and each epoch, three files a checkpoint: the 26th is written in the
# middle of the second epoch.
STOPS = {
    "kill -9 in a checkpoint": ("numpy:savez", "after", 26, signal.SIGKILL),
    "kill -9 in the export": ("tensorflow:saved_model.save", "after", 1, signal.SIGKILL),
    "SIGINT": ("keras.callbacks:CallbackList.on_train_batch_end", "before", 8, signal.SIGINT),
}
STATUS = {signal.SIGKILL: -signal.SIGKILL, signal.SIGINT: 130}

Resume = Callable[..., Result]
Stopped = dict[str, tuple[Path, subprocess.CompletedProcess[str]]]


@pytest.fixture(scope="module")
def arguments(pairs_file: Path, tiny_folder: Path, sts_file: Path, labels_file: Path) -> list[str]:
    """All but `--out` and `--resume`."""
    values = ("train", pairs_file, "--encoder", tiny_folder, "--sts", sts_file, "--labels", labels_file, *SETTINGS)
    return [str(value) for value in values]


@pytest.fixture(scope="module")
def stopped_runs(arguments: list[str], repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Stopped:
    """By the name of the stop: the run folder, and how its process ended."""
    parent = tmp_path_factory.mktemp("stopped")

    def stop(name: str) -> tuple[Path, subprocess.CompletedProcess[str]]:
        out = parent / name.replace(" ", "_")
        where, moment, at_call, number = STOPS[name]
        how = [where, moment, str(at_call), str(int(number))]
        command = [sys.executable, "-c", WRAPPER, *how, *arguments, "--out", str(out)]
        return out, subprocess.run(command, cwd=repository, capture_output=True, text=True, timeout=300, check=False)

    with ThreadPoolExecutor() as pool:
        return dict(zip(STOPS, pool.map(stop, STOPS), strict=True))


@pytest.fixture(scope="module")
def uninterrupted_run(arguments: list[str], tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("uninterrupted") / "run"
    assert main([*arguments, "--out", str(out)]) == 0
    return out


def history_of(run: Path) -> list[list[str]]:
    """The rows of a history without the time that each epoch took."""
    return [line.split(",")[:-1] for line in (run / "history.csv").read_text(encoding="utf-8").splitlines()]


def metrics_of(run: Path) -> dict:
    metrics = json.loads((run / "metrics.json").read_text(encoding="utf-8"))
    return {name: value for name, value in metrics.items() if name != "training_seconds"}


def assert_same_run(out: Path, expected: Path) -> None:
    vectors = load_encoder(out).encode(TEXTS)
    np.testing.assert_allclose(vectors, load_encoder(expected).encode(TEXTS), rtol=0, atol=1e-6)
    assert history_of(out) == history_of(expected)
    assert metrics_of(out) == metrics_of(expected)
    assert not list(out.rglob(".*")), "what the stopped process left half-written is still there"


@pytest.mark.parametrize(
    ("stop", "epochs"),
    [
        ("kill -9 in a checkpoint", ["epoch 2/3", "epoch 3/3"]),
        ("kill -9 in the export", []),
        ("SIGINT", ["epoch 2/3", "epoch 3/3"]),
    ],
)
def test_a_run_that_was_stopped_is_resumed_where_it_was_and_ends_with_the_weights_of_an_uninterrupted_one(
    stopped_runs: Stopped, uninterrupted_run: Path, arguments: list[str], command: Command, stop: str, epochs: list[str]
):
    out, process = stopped_runs[stop]
    assert process.returncode == STATUS[STOPS[stop][-1]], process.stderr
    assert not (out / "encoder" / "1").exists()
    assert not (out / "metrics.json").exists()
    if "kill" in stop:
        assert list(out.rglob(".*.partial-*")), "the process was not killed while it wrote"

    result = command(*arguments, "--out", out, "--resume")

    assert result.status == 0, result.err
    assert [line.split(":")[0] for line in result.err.splitlines() if line.startswith("epoch ")] == epochs
    assert_same_run(out, uninterrupted_run)


def test_ctrl_c_says_in_a_line_what_is_kept(stopped_runs: Stopped):
    run, process = stopped_runs["SIGINT"]
    assert "Traceback" not in process.stderr
    assert process.stdout == ""
    assert f"stopped at epoch 2; {run} keeps the state" in process.stderr
    assert "--resume" in process.stderr


def test_sigterm_ends_with_status_143_and_keeps_the_state(
    arguments: list[str], command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    original, steps = keras.callbacks.CallbackList.on_train_batch_end, []

    def terminated(self, *positional, **keywords):
        steps.append(1)
        if len(steps) == 8:
            os.kill(os.getpid(), signal.SIGTERM)
        return original(self, *positional, **keywords)

    monkeypatch.setattr(keras.callbacks.CallbackList, "on_train_batch_end", terminated)
    out = tmp_path / "run"
    result = command(*arguments, "--out", out)
    assert result.status == 143
    assert f"stopped at epoch 2; {out} keeps the state" in result.err
    newest = max((out / "checkpoints").iterdir())
    state = json.loads((newest / "state.json").read_text(encoding="utf-8"))
    assert (state["epoch"], state["batch"], state["finished"]) == (1, 2, False)


@pytest.fixture
def resume(command: Command, pairs_file: Path, tiny_folder: Path, sts_file: Path, labels_file: Path) -> Resume:
    """Resumes a copy of the finished run with the settings that it had; later options win."""
    settings = ("--epochs", 3, "--learning-rate", 0.02, "--encoder", tiny_folder, "--labels", labels_file)

    def run(out: Path, *changes: object, pairs: Path = pairs_file, sts: Path | None = sts_file) -> Result:
        evaluation = () if sts is None else ("--sts", sts)
        return command("train", pairs, "--out", out, "--resume", *settings, *evaluation, *changes)

    return run


def test_a_finished_run_is_left_as_it_is(run_copy: Path, finished_run: Path, resume: Resume):
    assert resume(run_copy).status == 0
    assert history_of(run_copy) == history_of(finished_run)
    assert metrics_of(run_copy) == metrics_of(finished_run)
    saved = Path("encoder", "1", "saved_model.pb")
    assert (run_copy / saved).read_bytes() == (finished_run / saved).read_bytes()


def test_the_run_of_another_configuration_is_not_continued(
    finished_run: Path, binary_file: Path, other_folder: Path, resume: Resume
):
    assert "settings.epochs was 3, is 4" in resume(finished_run, "--epochs", 4).error
    assert "settings.batch_size was 8, is 4" in resume(finished_run, "--batch-size", 4).error
    assert "settings.seed was 0, is 1" in resume(finished_run, "--seed", 1).error
    assert "loss.name was 'mse', is 'cosine-similarity'" in resume(finished_run, "--loss", "cosine-similarity").error
    assert "data.training.fingerprint was" in resume(finished_run, pairs=binary_file).error
    assert "encoder.fingerprint was" in resume(finished_run, "--encoder", other_folder).error


def test_a_run_resumed_without_its_sts_data_is_refused_or_keeps_its_metrics(run_copy: Path, resume: Resume):
    result = resume(run_copy, sts=None)
    if result.status != 0:
        assert "sts" in result.error
    metrics = metrics_of(run_copy)
    assert metrics["before"].keys() == metrics["after"].keys()


def test_a_run_resumed_with_sts_data_that_it_began_without_is_refused_or_has_them_on_both_sides(
    arguments: list[str], sts_file: Path, command: Command, tmp_path: Path
):
    position = arguments.index("--sts")
    without = [*arguments[:position], *arguments[position + 2 :], "--out", str(tmp_path / "run"), "--epochs", "1"]
    assert command(*without).status == 0
    result = command(*without, "--sts", sts_file, "--resume")
    if result.status != 0:
        assert "sts" in result.error
    metrics = metrics_of(tmp_path / "run")
    assert metrics["before"].keys() == metrics["after"].keys()


@pytest.mark.parametrize("file", ["state.json", "weights.npz", "optimizer.npz", "best.npz"])
@pytest.mark.parametrize("how", ["missing", "cut"])
def test_a_damaged_checkpoint_is_named_and_left_to_the_user(run_copy: Path, resume: Resume, file: str, how: str):
    newest = max((run_copy / "checkpoints").iterdir())
    damaged = newest / file
    if how == "missing":
        damaged.unlink()
    else:
        damaged.write_bytes(damaged.read_bytes()[: damaged.stat().st_size // 2])
    result = resume(run_copy)
    assert f"The checkpoint {newest} cannot be read" in result.error
    assert "Delete that folder" in result.error
    assert newest.is_dir()


@pytest.mark.parametrize("content", ["", "{", "[]"])
def test_a_damaged_config_is_named(run_copy: Path, resume: Resume, content: str):
    (run_copy / "config.json").write_text(content, encoding="utf-8")
    assert str(run_copy / "config.json") in resume(run_copy).error


def test_a_run_whose_config_is_gone_is_not_taken_for_a_new_one(run_copy: Path, resume: Resume):
    (run_copy / "config.json").unlink()
    assert "holds no config.json" in resume(run_copy).error
    assert (run_copy / "metrics.json").is_file()


def test_an_encoder_folder_that_holds_no_encoder_is_not_reported_as_the_result(run_copy: Path, resume: Resume):
    shutil.rmtree(run_copy / "encoder" / "1")
    (run_copy / "encoder" / "1").mkdir()
    result = resume(run_copy)
    assert (result.status == 0) == (run_copy / "encoder" / "1" / "saved_model.pb").is_file(), result
