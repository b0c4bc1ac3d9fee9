import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tfsiamese import encoders
from tfsiamese.encoders import load_encoder
from tfsiamese.evaluation import evaluate_pairs, evaluate_sts


def test_the_metrics_are_printed_and_written_as_json(
    command: Command, tiny_folder: Path, sts_file: Path, pairs_file: Path, tmp_path: Path
):
    target = tmp_path / "new" / "metrics.json"
    result = command("evaluate", tiny_folder, "--sts", sts_file, "--pairs", pairs_file, "--json", target)
    assert result.status == 0, result.err
    assert result.err == ""
    assert target.read_text(encoding="utf-8") == result.out
    metrics = json.loads(result.out)
    encoder = load_encoder(tiny_folder)
    assert metrics == {"sts": evaluate_sts(encoder, sts_file), "pairs": evaluate_pairs(encoder, pairs_file)}
    assert [path.name for path in target.parent.iterdir()] == ["metrics.json"]


def test_labels_0_and_1_get_the_metrics_of_a_classifier(command: Command, tiny_folder: Path, binary_file: Path):
    result = command("evaluate", tiny_folder, "--pairs", binary_file, "--head", "cosine")
    metrics = json.loads(result.out)["pairs"]
    assert {"accuracy", "f1", "average_precision"} <= metrics.keys()


def test_columns_and_their_scale_can_be_named(command: Command, tiny_folder: Path, tmp_path: Path, pairs_file: Path):
    renamed = tmp_path / "renamed.txt.tsv"
    rows = [line.rsplit(",", 1) for line in pairs_file.read_text(encoding="utf-8").splitlines()[1:]]
    content = "\n".join(f"{texts.replace(',', ';')};{5 * float(score)}" for texts, score in rows)
    renamed.write_bytes(("A;B;C\n" + content + "\n").encode("utf-16"))
    result = command(
        *("evaluate", tiny_folder, "--pairs", renamed, "--left", "A", "--right", "B", "--score", "C"),
        *("--score-range", 0, 5, "--delimiter", ";", "--encoding", "utf-16"),
    )
    assert result.status == 0, result.err
    expected = evaluate_pairs(load_encoder(tiny_folder), pairs_file)
    assert json.loads(result.out)["pairs"] == pytest.approx(expected)


def test_a_run_folder_can_be_evaluated(command: Command, finished_run: Path, sts_file: Path):
    result = command("evaluate", finished_run, "--sts", sts_file)
    after = json.loads((finished_run / "metrics.json").read_text(encoding="utf-8"))["after"]
    assert json.loads(result.out)["sts"]["pearson_cosine"] == pytest.approx(after["sts_pearson_cosine"], abs=1e-6)


def test_there_has_to_be_something_to_evaluate_on(command: Command, tiny_folder: Path):
    assert "--sts PATH, --pairs PATH, or both" in command("evaluate", tiny_folder).error


def test_metrics_are_not_lost_where_the_json_file_cannot_be_written(
    command: Command, tiny_folder: Path, pairs_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    loaded = []
    monkeypatch.setattr(encoders, "load_encoder", lambda *a, **k: loaded.append(a) or load_encoder(*a, **k))
    (tmp_path / "file").write_text("content", encoding="utf-8")
    target = tmp_path / "file" / "metrics.json"
    result = command("evaluate", tiny_folder, "--pairs", pairs_file, "--json", target)
    assert str(target) in result.error
    assert not loaded or "mae" in result.out, "the encoder was run, and what it gave is gone"


def test_the_advice_on_sts_scores_out_of_range_helps_when_it_is_followed(
    command: Command, tiny_folder: Path, tmp_path: Path
):
    sts = tmp_path / "sts.csv"
    sts.write_text("red apple,red pear,7\nblue cloud,nurse,2\ncode,code data,9\n", encoding="utf-8")
    message = command("evaluate", tiny_folder, "--sts", sts).error
    assert "not from 0 to 5" in message
    if "--score-range" in message:
        low, high = message.split("--score-range ")[1].split()[:2]
        result = command("evaluate", tiny_folder, "--sts", sts, "--score-range", low, high)
        assert result.status == 0, result.err


def test_a_batch_size_of_0_is_refused(command: Command, tiny_folder: Path, sts_file: Path):
    assert "batch_size=0" in command("evaluate", tiny_folder, "--sts", sts_file, "--batch-size", 0).error
