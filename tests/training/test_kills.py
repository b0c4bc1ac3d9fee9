"""Processes that are really killed, in a step, a checkpoint and an evaluation; then the run goes on."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from tests.training.distributed_program import MeanCosine, pairs
from tests.training.killed_program import SETTINGS
from tests.training.test_distribution import free_ports
from tfsiamese.encoders import load_encoder
from tfsiamese.siamese import Siamese
from tfsiamese.training import fit

TEXTS = ["red apple", "green pear", "nurse doctor", "code data", "unseen words"]
_LONGEST = 300


@pytest.fixture(scope="module")
def uninterrupted(tiny_folder):
    encoder = load_encoder(tiny_folder)
    fit(Siamese(encoder), pairs(), evaluator=MeanCosine(), **SETTINGS)
    return encoder.encode(TEXTS)


def start(repository, folder, out, strategy, moment, **environment):
    command = [sys.executable, "-m", "tests.training.killed_program", str(folder), str(out), strategy, moment]
    variables = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", **environment}
    return subprocess.Popen(command, cwd=repository, env=variables, stderr=subprocess.PIPE, text=True)


def start_workers(repository, folder, out, moments):
    workers = [f"localhost:{port}" for port in free_ports(len(moments))]
    clusters = [
        json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
        for index in range(len(moments))
    ]
    return [
        start(repository, folder, out, "multiworker", moment, TF_CONFIG=cluster)
        for moment, cluster in zip(moments, clusters, strict=True)
    ]


def assert_whole_checkpoints(out):
    folders = [path for path in (out / "checkpoints").iterdir() if path.name[0].isdigit()]
    assert folders
    for folder in folders:
        assert {path.name for path in folder.iterdir()} == {
            "state.json",
            "weights.npz",
            "optimizer.npz",
            "best.npz",
        }
        for path in folder.glob("*.npz"):
            with np.load(path) as arrays:
                for name in arrays.files:
                    assert np.isfinite(arrays[name]).all()


def test_a_run_that_is_killed_again_and_again_ends_with_the_weights_of_an_uninterrupted_one(
    tiny_folder, tmp_path, repository, uninterrupted
):
    out = tmp_path / "run"
    for moment, status in (
        ("step:4", -signal.SIGKILL),
        ("checkpoint:5", -signal.SIGKILL),
        ("evaluation:1", -signal.SIGKILL),
        ("none", 0),
    ):
        process = start(repository, tiny_folder, out, "one", moment)
        errors = process.communicate(timeout=_LONGEST)[1]
        assert process.returncode == status, errors
        assert_whole_checkpoints(out)
    np.testing.assert_allclose(load_encoder(out).encode(TEXTS), uninterrupted, atol=1e-6)
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["epochs"] == SETTINGS["epochs"]
    assert metrics["before"].keys() == metrics["after"].keys()
    assert len((out / "history.csv").read_text().splitlines()) == SETTINGS["epochs"] + 1


def test_workers_with_other_data_are_told_so(tiny_folder, tmp_path, repository):
    processes = start_workers(repository, tiny_folder, tmp_path / "run", ("none", "data"))
    for process in processes:
        errors = process.communicate(timeout=_LONGEST)[1]
        assert process.returncode == 1, errors
        assert "data, settings or encoder of worker 1 are not those of the chief" in errors
    assert not (tmp_path / "run").exists()


def test_training_that_one_worker_wants_to_end_ends_for_all_after_the_same_epoch(tiny_folder, tmp_path, repository):
    processes = start_workers(repository, tiny_folder, tmp_path / "run", ("none", "stop"))
    for process in processes:
        errors = process.communicate(timeout=_LONGEST)[1]
        assert process.returncode == 0, errors
    assert json.loads((tmp_path / "run" / "metrics.json").read_text())["epochs"] == 1


def test_workers_of_which_one_is_killed_end_with_a_clear_error_and_go_on_to_the_same_weights(
    tiny_folder, tmp_path, repository, uninterrupted
):
    out = tmp_path / "run"
    for moments in (("none", "step:9"), ("checkpoint:4", "none"), ("evaluation:1", "none")):
        victim = next(index for index, moment in enumerate(moments) if moment != "none")
        processes = start_workers(repository, tiny_folder, out, moments)
        assert processes[victim].wait(_LONGEST) == -signal.SIGKILL, processes[victim].stderr.read()
        killed = time.monotonic()
        errors = processes[1 - victim].communicate(timeout=_LONGEST)[1]
        assert processes[1 - victim].returncode == 1, errors
        assert time.monotonic() - killed < 60
        assert f"Worker {1 - victim} lost its connection to another worker" in errors
        assert f"{out} keeps the last checkpoint" in errors
        assert_whole_checkpoints(out)
    for process in start_workers(repository, tiny_folder, out, ("none", "none")):
        errors = process.communicate(timeout=_LONGEST)[1]
        assert process.returncode == 0, errors
    np.testing.assert_allclose(load_encoder(out).encode(TEXTS), uninterrupted, atol=1e-5)
    assert json.loads((out / "metrics.json").read_text())["epochs"] == SETTINGS["epochs"]
