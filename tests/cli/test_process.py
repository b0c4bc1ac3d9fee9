"""What only a process of its own shows: environment variables, closed streams, what TensorFlow writes on its own."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command


def run(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tfsiamese", *(str(argument) for argument in arguments)]
    unset = ("KERAS_BACKEND", "TF_CPP_MIN_LOG_LEVEL", "CUDA_VISIBLE_DEVICES")
    inherited = {name: value for name, value in os.environ.items() if name not in unset}
    return subprocess.run(
        command, env=inherited | environment, capture_output=True, text=True, timeout=300, check=False
    )


def test_tensorflow_says_nothing_on_its_own_and_no_backend_has_to_be_chosen(
    tiny_folder: Path, labels_file: Path, tmp_path: Path
):
    finished = run("encode", tiny_folder, labels_file, "--out", tmp_path / "vectors.npy")
    assert finished.stderr == ""
    assert finished.stdout == f"{tmp_path / 'vectors.npy'}: float32 [3, 8]\n"
    assert finished.returncode == 0
    assert np.load(tmp_path / "vectors.npy").shape == (3, 8)


def test_another_keras_backend_is_one_line_that_names_the_variable(
    tiny_folder: Path, labels_file: Path, tmp_path: Path
):
    finished = run("encode", tiny_folder, labels_file, "--out", tmp_path / "vectors.npy", KERAS_BACKEND="torch")
    if finished.returncode == 0:
        assert (tmp_path / "vectors.npy").is_file()
        return
    assert len(finished.stderr.splitlines()) == 1
    assert "KERAS_BACKEND=tensorflow" in finished.stderr


def test_a_cache_that_cannot_be_written_is_named_with_the_variable_that_moves_it(
    command: Command, labels_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    (tmp_path / "file").write_text("content", encoding="utf-8")
    monkeypatch.setenv("TFSIAMESE_CACHE", str(tmp_path / "file" / "cache"))
    message = command("encode", "use-multilingual", labels_file, "--out", tmp_path / "vectors.npy").error
    assert str(tmp_path / "file" / "cache") in message
    assert "TFSIAMESE_CACHE" in message


def test_a_traceback_is_shown_to_whoever_asks_for_it(
    command: Command, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("TFSIAMESE_TRACEBACK", "1")
    with pytest.raises(Exception, match="cannot be read"):
        command("encode", tiny_folder, tmp_path / "missing.txt", "--out", tmp_path / "vectors.npy")
