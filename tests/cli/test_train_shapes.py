"""`tfsiamese train` on every shape of data, on several files, and by a configuration."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command
from tests.training.examples import classes, triplets
from tfsiamese.encoders import load_encoder
from tfsiamese.pairs import write_examples


@pytest.fixture(scope="module")
def triplets_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "triplets.csv"
    write_examples(triplets(30), path)
    return path


@pytest.fixture(scope="module")
def classes_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "classes.csv"
    write_examples(classes(), path)
    return path


@pytest.fixture(scope="module")
def retrieval_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("retrieval")
    (folder / "queries.tsv").write_text("q1\tred apple\nq2\tnurse\n", encoding="utf-8")
    (folder / "corpus.tsv").write_text("d1\tgreen apple\nd2\tdoctor nurse\nd3\troad\n", encoding="utf-8")
    (folder / "qrels.tsv").write_text("q1\t0\td1\t1\nq2\t0\td2\t1\n", encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def general_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "general.txt"
    path.write_text("stone river\nroad river\n\nbread code\ncloud stone\n", encoding="utf-8")
    return path


@pytest.fixture
def train(command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path):
    def run(*arguments):
        out = tmp_path / "run"
        result = command("train", *arguments, "--encoder", tiny_folder, "--out", out, "--labels", labels_file)
        return result, out

    return run


def config_of(out: Path) -> dict:
    return json.loads((out / "config.json").read_text(encoding="utf-8"))


def test_anchors_with_positives_are_ranked_and_measured_by_retrieval(train, triplets_file, retrieval_folder, sts_file):
    result, out = train(triplets_file, "--retrieval", retrieval_folder, "--sts", sts_file)
    assert result.status == 0, result.err
    metrics = json.loads((out / "metrics.json").read_text(encoding="utf-8"))
    assert {"validation_ndcg@10", "retrieval_map@100", "retrieval_recall@5", "sts_pearson_cosine"} <= set(
        metrics["after"]
    )
    assert "retrieval_map@100" in result.out
    assert "retrieval_recall@5" not in result.out, "the table shows a few ranks only"
    config = config_of(out)
    assert config["data"]["training"]["loss"] == {
        "name": "ranking",
        "scale": 20.0,
        "similarity": "cosine",
        "symmetric": False,
    }
    assert config["settings"]["monitor"] == "validation_ndcg@10"
    assert len(list((out / "plots").iterdir())) == 3


def test_texts_with_classes_are_trained_and_measured_by_pairs_of_them(train, classes_file):
    result, out = train(classes_file, "--loss", "batch-all", "--margin", 0.5)
    assert result.status == 0, result.err
    assert "validation_average_precision" in result.out
    assert config_of(out)["data"]["training"]["loss"]["margin"] == 0.5


def test_the_options_of_a_loss_reach_it(train, triplets_file):
    result, out = train(
        *(triplets_file, "--loss", "ranking", "--scale", 30, "--loss-setting", "symmetric=true"),
        *("--matryoshka", "8,4", "--epochs", 1),
    )
    assert result.status == 0, result.err
    loss = config_of(out)["data"]["training"]["loss"]
    assert loss["name"] == "matryoshka"
    assert loss["dims"] == [8, 4]
    assert loss["loss"]["config"]["scale"] == 30
    assert loss["loss"]["config"]["symmetric"] is True


def test_several_files_are_mixed_under_their_names(train, triplets_file, pairs_file):
    result, out = train(triplets_file, pairs_file, "--batch-size", 8, "--mixing", "in-turn", "--epochs", 1)
    assert result.status == 0, result.err
    assert set(config_of(out)["data"]) == {"triplets", "pairs"}
    assert {"val_loss/triplets", "triplets_ndcg@10", "pairs_pearson"} <= set(
        json.loads((out / "metrics.json").read_text(encoding="utf-8"))["after"]
    )


def test_retention_teacher_and_mini_batches_are_settings(train, triplets_file, general_file, other_folder):
    result, out = train(
        *(triplets_file, "--retain", general_file, "--retain-weight", 5, "--retain-batch-size", 4, "--epochs", 1),
        *("--loss", "gist", "--teacher", other_folder, "--mini-batch-size", 6, "--batching", "shuffled"),
    )
    assert result.status == 0, result.err
    config = config_of(out)
    assert config["retention"]["weight"] == 5.0
    assert config["retention"]["texts"] == 4
    assert config["teacher"]["source"] == str(other_folder)
    assert config["settings"]["mini_batch_size"] == 6


class TestConfiguration:
    @pytest.fixture
    def toml(self, tmp_path: Path, tiny_folder: Path, triplets_file: Path, pairs_file: Path, labels_file: Path) -> Path:
        path = tmp_path / "jobs.toml"
        path.write_text(
            f"""
out = "run"
encoder = "{tiny_folder}"

[training]
batch_size = 8
learning_rate = 0.01

[evaluation]
labels = "{labels_file}"

[[stages]]
name = "titles"
data = "{triplets_file}"
epochs = 1

[[stages]]
name = "scored"
data = "{pairs_file}"
loss = "cosent"
epochs = 2
""",
            encoding="utf-8",
        )
        return path

    def test_stages_run_one_after_the_other(self, command: Command, toml: Path, tmp_path: Path):
        result = command("train", "--config", toml)
        assert result.status == 0, result.err
        out = tmp_path / "run"
        assert [path.name for path in sorted((out / "stages").iterdir())] == ["scored", "titles"]
        assert "stage 2 of 2: scored" in result.err
        assert "best epoch" in result.out
        assert "(stage scored)" in result.out
        stages = config_of(out)["stages"]
        assert stages["titles"]["data"]["training"]["loss"]["name"] == "ranking"
        assert stages["scored"]["settings"]["epochs"] == 2
        assert load_encoder(out).encode(["red apple"]).shape == (1, 8)

    def test_flags_override_the_file(self, command: Command, toml: Path, tmp_path: Path):
        result = command("train", "--config", toml, "--epochs", 1, "--out", tmp_path / "other", "--head", "cosine")
        assert result.status == 0, result.err
        config = config_of(tmp_path / "other")
        assert {stage["settings"]["epochs"] for stage in config["stages"].values()} == {1}
        assert config["head"] == "cosine"
        assert not (tmp_path / "run").exists()

    def test_a_finished_run_resumes_to_the_same_encoder(self, command: Command, toml: Path, tmp_path: Path):
        assert command("train", "--config", toml).status == 0
        first = load_encoder(tmp_path / "run").encode(["red apple"])
        result = command("train", "--config", toml, "--resume")
        assert result.status == 0, result.err
        np.testing.assert_array_equal(load_encoder(tmp_path / "run").encode(["red apple"]), first)

    def test_a_mistake_in_the_file_is_one_line_with_its_name(self, command: Command, toml: Path):
        toml.write_text(toml.read_text(encoding="utf-8").replace("epochs = 2", "epochs = 0"), encoding="utf-8")
        assert (
            "Expected epochs to be a positive integer. Received: epochs=0" in command("train", "--config", toml).error
        )
        toml.write_text(toml.read_text(encoding="utf-8").replace("epochs = 0", "epoch = 2"), encoding="utf-8")
        message = command("train", "--config", toml).error
        assert message.startswith(f"{toml}, stage 'scored': unknown setting 'epoch'")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--loss", "mse"], "'mse' wants scored pairs"),
        (["--loss", "rankin"], "Unknown loss 'rankin'"),
        (["--loss-setting", "scal=3"], "'scal'"),
        (["--scale", "-1"], "positive scale"),
        (["--matryoshka", "16"], "16"),
        (["--batching", "sorted"], "batching"),
        (["--max-tokens", "0"], "max_tokens"),
        (["--mixing", "random"], "mixing"),
        (["--retain", "nowhere.txt"], "nowhere.txt"),
        (["--retain-weight", "3"], "--retain"),
        (["--teacher", "nowhere", "--loss", "gist"], "nowhere"),
        (["--retrieval", "nowhere"], "nowhere"),
        (["--per-class", "1"], "per_class"),
    ],
)
def test_a_wrong_option_is_one_line_and_leaves_no_folder(train, triplets_file, arguments, said):
    result, out = train(triplets_file, *arguments)
    assert said in result.error
    assert len(result.err.splitlines()) == 1
    assert not out.exists()
