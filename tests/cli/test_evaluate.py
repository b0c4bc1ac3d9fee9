import json
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tfsiamese import encoders
from tfsiamese.encoders import load_encoder
from tfsiamese.evaluation import (
    evaluate_pairs,
    evaluate_retrieval,
    evaluate_sts,
    evaluate_triplets,
    read_retrieval,
)


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
    message = command("evaluate", tiny_folder).error
    assert "Give --sts PATH, --pairs PATH, --retrieval DIR, --triplets PATH, or several of them" in message


@pytest.fixture
def retrieval_folder(tmp_path: Path) -> Path:
    """Three queries of two splits, in the layout of BEIR."""
    folder = tmp_path / "retrieval"
    (folder / "qrels").mkdir(parents=True)
    files = {
        "queries.tsv": "q1\tred apple\nq2\tnurse\nq3\tblue çloud\n",
        "corpus.tsv": 'd1\tred "pear"\nd2\tdoctor\nd3\tblue stone\nd4\tbread baker\n',
        "qrels/test.tsv": "query-id\tcorpus-id\tscore\nq1\td1\t2\nq1\td4\t1\nq2\td2\t1\n",
        "qrels/dev.tsv": "query-id\tcorpus-id\tscore\nq3\td3\t1\n",
    }
    for name, content in files.items():
        (folder / name).write_text(content, encoding="utf-8")
    return folder


@pytest.fixture
def triplets_file(tmp_path: Path) -> Path:
    path = tmp_path / "triplets.csv"
    path.write_text(
        "anchor,positive,negative,negative_2\nred apple,red pear,nurse,blue stone\nnurse,doctor,bread baker,\n",
        encoding="utf-8",
    )
    return path


def test_retrieval_and_triplets_stand_beside_the_others(
    command: Command, tiny_folder: Path, sts_file: Path, retrieval_folder: Path, triplets_file: Path
):
    result = command(
        "evaluate", tiny_folder, "--sts", sts_file, "--retrieval", retrieval_folder, "--triplets", triplets_file
    )
    assert result.status == 0, result.err
    metrics = json.loads(result.out)
    encoder = load_encoder(tiny_folder)
    assert metrics == {
        "sts": evaluate_sts(encoder, sts_file),
        "retrieval": evaluate_retrieval(encoder, retrieval_folder),
        "triplets": evaluate_triplets(encoder, triplets_file),
    }


def test_split_preparation_similarity_and_dimensions_of_retrieval_can_be_chosen(
    command: Command, tiny_folder: Path, retrieval_folder: Path
):
    result = command(
        *("evaluate", tiny_folder, "--retrieval", retrieval_folder, "--retrieval-split", "dev", "--ascii"),
        *("--similarity", "dot", "--dimensions", "4,2"),
    )
    assert result.status == 0, result.err
    data = read_retrieval(retrieval_folder, split="dev", ascii=True)
    assert data.queries == {"q3": "blue cloud"}
    expected = evaluate_retrieval(load_encoder(tiny_folder), data, similarity="dot", dimensions=[4, 2])
    assert json.loads(result.out) == {"retrieval": pytest.approx(expected)}
    assert "dim4_ndcg@10" in expected


def test_what_retrieval_cannot_use_is_said_in_one_line(
    command: Command, tiny_folder: Path, retrieval_folder: Path, pairs_file: Path
):
    arguments = ("evaluate", tiny_folder, "--retrieval", retrieval_folder)
    assert "cannot be cut to 512 numbers" in command(*arguments, "--dimensions", "512").error
    assert "qrels/train.tsv" in command(*arguments, "--retrieval-split", "train").error
    wrong = command(*arguments, "--dimensions", "8;4")
    assert (wrong.status, "expected whole numbers with commas between, received '8;4'" in wrong.err) == (2, True)
    assert "Expected triplets" in command("evaluate", tiny_folder, "--triplets", pairs_file).error


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
