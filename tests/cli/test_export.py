import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.cli.conftest import Command
from tfsiamese.encoders import load_encoder
from tfsiamese.servables import read_metadata, read_model_config, read_warmup_requests

TEXTS = ["red apple", "nurse doctor", "code data"]


def test_exports_are_numbered_on_and_hold_the_encoder(command: Command, finished_run: Path, tmp_path: Path):
    base = tmp_path / "models" / "jobs"
    for number in ("1", "2"):
        result = command("export", finished_run, "--out", base)
        assert result.status == 0, result.err
        assert result.out == f"{base / number}\n"
        assert result.err == ""
    requests = read_warmup_requests(base / "1")
    warmed_up = {text for request in requests for texts in request.inputs.values() for text in texts}
    assert warmed_up <= set(json.loads((finished_run / "sample_texts.json").read_text(encoding="utf-8")))
    assert command("export", finished_run, "--out", base, "--version", 7).status == 0
    assert command("export", finished_run, "--out", base).out == f"{base / '8'}\n"
    assert sorted(path.name for path in base.iterdir() if path.is_dir()) == ["1", "2", "7", "8"]
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


class TestVariants:
    def test_what_a_variant_costs_is_printed_and_stands_in_its_metadata(
        self, command: Command, finished_run: Path, sts_file: Path, tmp_path: Path
    ):
        base = tmp_path / "model"
        result = command("export", finished_run, "--out", base, "--dimension", 4, "--sts", sts_file, "--tolerance", 2)
        assert result.status == 0, result.err
        metadata = read_metadata(base / "1")
        cost = metadata["metrics"]["export"]
        assert metadata["encoder"]["dimension"] == 4
        assert cost["name"] == "sts_pearson_cosine"
        assert cost["loss"] == pytest.approx(cost["float32"] - cost["exported"])
        assert result.out.splitlines() == [
            f"{base / '1'}",
            f"sts_pearson_cosine: {cost['float32']:.4f} before, {cost['exported']:.4f} as exported",
        ]
        vectors = load_encoder(base).encode(TEXTS)
        expected = load_encoder(finished_run).encode(TEXTS)[:, :4]
        expected /= np.linalg.norm(expected, axis=1, keepdims=True)
        np.testing.assert_allclose(vectors, expected, atol=1e-6)

    def test_a_loss_above_the_tolerance_is_an_error_and_nothing_is_exported(
        self, command: Command, finished_run: Path, sts_file: Path, tmp_path: Path
    ):
        arguments = ["--dimension", 1, "--sts", sts_file, "--tolerance", 0]
        message = command("export", finished_run, "--out", tmp_path / "model", *arguments).error
        assert "with dimension 1, a loss of" in message
        assert "Expected at most 0." in message
        assert not [path for path in (tmp_path / "model").glob("*") if path.is_dir()]


class TestCorpus:
    def test_a_file_of_lines_becomes_the_signature_top_k(self, command: Command, tiny_folder: Path, tmp_path: Path):
        corpus = tmp_path / "corpus.txt"
        corpus.write_text("red apple\n\nnurse doctor\ncode data\n", encoding="utf-8")
        arguments = ["--corpus", corpus, "--top-k", 2, "--check"]
        result = command("export", tiny_folder, "--out", tmp_path / "model", *arguments)
        assert result.status == 0, result.err
        top_k = tf.saved_model.load(str(tmp_path / "model" / "1")).signatures["top_k"]
        found = top_k(queries=tf.constant(["code data"]))
        assert found["ids"].numpy()[0, 0] == b"4"
        assert found["texts"].numpy()[0, 0] == b"code data"
        assert found["ids"].shape == (1, 2)

    @pytest.mark.parametrize(
        ("name", "content", "arguments", "said"),
        [
            ("corpus.csv", "a", [], "Expected --corpus to end in .txt, .tsv or .jsonl"),
            ("corpus.txt", "a\nb", ["--top-k", 3], "Expected top_k from 1 to the 2 texts of the corpus"),
            ("corpus.tsv", "1\ta\n1\tb\n", [], "line 2 has another text for the id '1'"),
        ],
    )
    def test_a_corpus_that_cannot_be_used_is_one_line(
        self, command: Command, tiny_folder: Path, tmp_path: Path, name: str, content: str, arguments: list, said: str
    ):
        (tmp_path / name).write_text(content, encoding="utf-8")
        options = ["--out", tmp_path / "model", "--corpus", tmp_path / name, *arguments]
        assert said in command("export", tiny_folder, *options).error
        assert not (tmp_path / "model" / "1").exists()

    def test_top_k_needs_a_corpus(self, command: Command, tiny_folder: Path, tmp_path: Path):
        assert "--top-k is for --corpus" in command("export", tiny_folder, "--out", tmp_path, "--top-k", 3).error


class TestLabels:
    def test_labels_and_old_versions(self, command: Command, tiny_folder: Path, tmp_path: Path):
        base = tmp_path / "jobs"
        for arguments in (["--label", "stable"], [], ["--label", "canary"], ["--keep-last", 1]):
            assert command("export", tiny_folder, "--out", base, *arguments).status == 0
        config = read_model_config(base)
        assert (config.name, config.base_path) == ("jobs", "/models/jobs")
        assert config.labels == {"stable": 1, "canary": 3}
        assert config.versions == (1, 3, 4)
        assert sorted(path.name for path in base.iterdir() if path.is_dir()) == ["1", "3", "4"]

    def test_a_label_in_use_is_moved_by_a_command_of_its_own(self, command: Command, tiny_folder: Path, tmp_path: Path):
        base = tmp_path / "jobs"
        command("export", tiny_folder, "--out", base, "--label", "stable")
        result = command("export", tiny_folder, "--out", base, "--label", "stable")
        assert "the label stable stays with version 1" in result.err
        assert f"tfsiamese label {base} stable 2" in result.err
        assert read_model_config(base).labels == {"stable": 1}
        assert read_model_config(base).versions == (1, 2)
        moved = command("label", base, "stable", 2)
        assert (moved.status, moved.out) == (0, "stable: 2\n")
        assert read_model_config(base).labels == {"stable": 2}
        assert command("label", base, "stable", "--remove").out == ""
        assert read_model_config(base).versions is None

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["stable", 9], "has no version 9. Expected one of 1."),
            (["stable"], "Expected a version for the label, or --remove."),
            (["other", "--remove"], "has no label 'other'. Its labels: stable."),
            (["a/b", 1], "Expected a version's label to consist of letters"),
        ],
    )
    def test_a_label_that_cannot_be_moved_is_one_line(
        self, command: Command, tiny_folder: Path, tmp_path: Path, arguments: list, said: str
    ):
        command("export", tiny_folder, "--out", tmp_path / "jobs", "--label", "stable")
        assert said in command("label", tmp_path / "jobs", *arguments).error
        assert read_model_config(tmp_path / "jobs").labels == {"stable": 1}

    def test_a_model_keeps_its_name(self, command: Command, tiny_folder: Path, tmp_path: Path):
        assert command("export", tiny_folder, "--out", tmp_path / "1 model", "--name", "jobs").status == 0
        assert command("export", tiny_folder, "--out", tmp_path / "1 model").status == 0
        message = command("export", tiny_folder, "--out", tmp_path / "1 model", "--name", "other").error
        assert "holds the model 'jobs'" in message
        assert (
            "Expected the folder's name, or --name" in command("export", tiny_folder, "--out", tmp_path / "a b").error
        )
        assert not (tmp_path / "a b" / "1").exists()


class TestNumbers:
    def test_a_number_that_labels_or_servers_know_is_not_used_again(
        self, command: Command, tiny_folder: Path, tmp_path: Path
    ):
        base = tmp_path / "jobs"
        for arguments in (["--version", 5], ["--label", "stable"]):
            assert command("export", tiny_folder, "--out", base, *arguments).status == 0
        shutil.rmtree(base / "6")
        result = command("export", tiny_folder, "--out", base)
        assert result.out == f"{base / '7'}\n"
        assert "the label stable is dropped: its version 6 is not there any more" in result.err
        assert read_model_config(base).labels == {}

    def test_a_version_that_servers_do_not_load_is_named(self, command: Command, tiny_folder: Path, tmp_path: Path):
        command("export", tiny_folder, "--out", tmp_path / "jobs", "--version", 5)
        result = command("export", tiny_folder, "--out", tmp_path / "jobs", "--version", 3)
        assert (result.status, result.err) == (0, "servers load version 5, and not 3\n")

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--version", 2**63], "Expected the version to be at most 9223372036854775807"),
            (["--max-batch-size", 4097], "Expected max_batch_size up to 4,096"),
            (["--tolerance", 1], "--tolerance is for what --sts or --pairs measures"),
            (["--sts", "x.csv"], "neither is given. For a float32 model use tfsiamese evaluate"),
            (["--dimension", 9], "Expected dimension from 1 to the encoder's 8"),
            (["--name", "a:b"], "Expected the model's name to consist of letters"),
        ],
    )
    def test_what_cannot_be_exported_leaves_no_version(
        self, command: Command, tiny_folder: Path, tmp_path: Path, arguments: list, said: str
    ):
        assert said in command("export", tiny_folder, "--out", tmp_path / "jobs", *arguments).error
        assert not list((tmp_path / "jobs").glob("[0-9]*"))

    def test_no_folder_and_a_folder_within_a_version_are_refused(
        self, command: Command, tiny_folder: Path, tmp_path: Path
    ):
        assert "Expected the folder of the versions" in command("export", tiny_folder, "--out", "").error
        command("export", tiny_folder, "--out", tmp_path / "jobs")
        inside = tmp_path / "jobs" / "1" / "variables" / "more"
        assert "is inside a SavedModel" in command("export", tiny_folder, "--out", inside).error
