import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.cli.conftest import Command
from tfsiamese.encoders import load_encoder

TEXTS = ["red apple", "nurse doctor", "code data"]


def test_exports_are_numbered_on_and_hold_the_encoder(command: Command, finished_run: Path, tmp_path: Path):
    base = tmp_path / "models" / "jobs"
    for number in ("1", "2"):
        result = command("export", finished_run, "--out", base)
        assert result.status == 0, result.err
        assert result.out == f"{base / number}\n"
        assert result.err == ""
    assert command("export", finished_run, "--out", base, "--version", 7).status == 0
    assert command("export", finished_run, "--out", base).out == f"{base / '8'}\n"
    assert sorted(path.name for path in base.iterdir()) == ["1", "2", "7", "8"]
    expected = load_encoder(finished_run).encode(TEXTS)
    np.testing.assert_allclose(load_encoder(base).encode(TEXTS), expected, atol=1e-6)


def test_the_head_is_the_score_of_the_signature(command: Command, tiny_folder: Path, tmp_path: Path):
    assert command("export", tiny_folder, "--out", tmp_path / "model", "--head", "cosine").status == 0
    similarity = tf.saved_model.load(str(tmp_path / "model" / "1")).signatures["similarity"]
    scores = similarity(left=tf.constant(["red apple"]), right=tf.constant(["red pear"]))
    np.testing.assert_array_equal(scores["score"], scores["cosine"])
    assert scores["score"] != scores["angular"]


def test_a_version_that_exists_is_not_written_over(command: Command, tiny_folder: Path, tmp_path: Path):
    (tmp_path / "model" / "3").mkdir(parents=True)
    (tmp_path / "model" / "3" / "keep").write_text("content", encoding="utf-8")
    message = command("export", tiny_folder, "--out", tmp_path / "model", "--version", 3).error
    assert f"{tmp_path / 'model' / '3'} exists" in message
    assert [path.name for path in (tmp_path / "model").rglob("*")] == ["3", "keep"]


@pytest.mark.parametrize("version", ["0", "-1"])
def test_versions_count_from_1(command: Command, tiny_folder: Path, tmp_path: Path, version: str):
    message = command("export", tiny_folder, "--out", tmp_path / "model", f"--version={version}").error
    assert f"version={version}" in message
    assert not (tmp_path / "model").exists()


def test_a_target_that_is_no_folder_of_versions_is_refused(command: Command, tiny_folder: Path, tmp_path: Path):
    file = tmp_path / "file"
    file.write_text("content", encoding="utf-8")
    assert "is a file" in command("export", tiny_folder, "--out", file).error
    assert "cannot be written" in command("export", tiny_folder, "--out", file / "model").error
    model = shutil.copytree(tiny_folder, tmp_path / "model")
    assert "is itself a SavedModel" in command("export", tiny_folder, "--out", model).error
    assert file.read_text(encoding="utf-8") == "content"


def test_a_full_disk_is_one_line_and_leaves_no_version(
    command: Command, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def save(root: object, folder: str, **settings: object) -> None:
        Path(folder, "saved_model.pb").write_bytes(b"half of it")
        raise tf.errors.ResourceExhaustedError(None, None, f"{folder}/saved_model.pb; No space left on device")

    monkeypatch.setattr(tf.saved_model, "save", save)
    message = command("export", tiny_folder, "--out", tmp_path / "model").error
    assert "No space left on device" in message
    assert list((tmp_path / "model").iterdir()) == []


def test_ctrl_c_ends_with_status_130_and_leaves_no_version(
    command: Command, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    def save(root: object, folder: str, **settings: object) -> None:
        Path(folder, "saved_model.pb").write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr(tf.saved_model, "save", save)
    result = command("export", tiny_folder, "--out", tmp_path / "model")
    assert result.status == 130
    assert len(result.err.splitlines()) == 1
    assert list((tmp_path / "model").iterdir()) == []
