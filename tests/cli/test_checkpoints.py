"""Checkpoints on the command line: their options and prompts, what is cut, and what is written back."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.cli.conftest import Command
from tests.training.examples import triplets
from tfsiamese.encoders import load_encoder
from tfsiamese.pairs import write_examples

CHECKPOINTS = Path(__file__).parents[1] / "encoders" / "checkpoints"
E5 = CHECKPOINTS / "xlm_roberta"
BERT = CHECKPOINTS / "bert"
TEXTS = ["red apple", "code data " * 20, "nurse"]


@pytest.fixture
def texts_file(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", encoding="utf-8")
    return path


@pytest.fixture
def triplets_file(tmp_path: Path) -> Path:
    path = tmp_path / "triplets.csv"
    write_examples(triplets(20, negatives=False), path)
    return path


@pytest.fixture
def retrieval_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "retrieval"
    (folder / "qrels").mkdir(parents=True)
    (folder / "queries.tsv").write_text("q1\tred apple\nq2\tnurse\n", encoding="utf-8")
    documents = [f"d{number}\t{text}" for number, text in enumerate(["apples", "nurses care", "pears", "clouds"])]
    (folder / "corpus.tsv").write_text("\n".join(documents) + "\n", encoding="utf-8")
    (folder / "qrels" / "test.tsv").write_text("query-id\tcorpus-id\tscore\nq1\td0\t1\nq2\td1\t1\n", encoding="utf-8")
    return folder


def cut_lines(err: str) -> list[str]:
    return [line for line in err.splitlines() if "were cut" in line]


class TestEncode:
    @pytest.mark.parametrize(
        ("arguments", "options"),
        [
            (["--prompt-name", "query"], {"prompt_name": "query"}),
            (["--prompt", "Frage: "], {"prompt": "Frage: "}),
            (["--prompt-name", ""], {"prompt_name": ""}),
        ],
    )
    def test_a_prompt_stands_before_each_text(
        self, command: Command, texts_file: Path, tmp_path: Path, arguments: list[str], options: dict[str, str]
    ):
        out = tmp_path / "v.npy"
        result = command("encode", E5, texts_file, "--out", out, *arguments)
        assert result.status == 0, result.err
        np.testing.assert_allclose(np.load(out), load_encoder(E5).encode(TEXTS, **options), atol=1e-6)

    def test_a_misspelt_prompt_is_refused_with_the_nearest_one(
        self, command: Command, texts_file: Path, tmp_path: Path
    ):
        result = command("encode", E5, texts_file, "--out", tmp_path / "v.npy", "--prompt-name", "qurey")
        assert "has no prompt 'qurey'. Did you mean 'query'?" in result.error

    def test_a_prompt_is_named_or_written_out_and_not_both(self, command: Command, texts_file: Path, tmp_path: Path):
        arguments = ["--prompt-name", "query", "--prompt", "query: "]
        result = command("encode", E5, texts_file, "--out", tmp_path / "v.npy", *arguments)
        assert result.status == 2
        assert "--prompt: not allowed with argument --prompt-name" in result.err

    def test_texts_are_cut_at_max_length_and_their_number_is_said_once(
        self, command: Command, texts_file: Path, tmp_path: Path
    ):
        out = tmp_path / "v.npy"
        result = command("encode", BERT, texts_file, "--out", out, "--max-length", 12, "--mixed-precision")
        assert result.status == 0, result.err
        (line,) = cut_lines(result.err)
        assert "1 of 3 texts were cut at 12 tokens; the longest has " in line
        exact = load_encoder(BERT, max_length=12).encode(TEXTS)
        vectors = np.load(out)
        np.testing.assert_allclose(vectors, exact, atol=0.05)
        assert np.abs(vectors - exact).max() > 0

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--max-length", 0], "Expected max_length to be a positive whole number"),
            (["--max-length", 100_000], "positions. Expected max_length up to that"),
        ],
    )
    def test_a_wrong_length_is_refused(
        self, command: Command, texts_file: Path, tmp_path: Path, arguments: list, said: str
    ):
        assert said in command("encode", BERT, texts_file, "--out", tmp_path / "v.npy", *arguments).error

    def test_an_option_of_checkpoints_is_refused_for_a_saved_model(
        self, command: Command, tiny_folder: Path, texts_file: Path, tmp_path: Path
    ):
        result = command("encode", tiny_folder, texts_file, "--out", tmp_path / "v.npy", "--mixed-precision")
        assert "is a SavedModel, which has no option 'mixed_precision'" in result.error


class TestEvaluate:
    def test_retrieval_has_the_prompts_of_the_encoder_unless_others_are_given(
        self, command: Command, retrieval_folder: Path, tmp_path: Path
    ):
        def ndcg(*arguments: str) -> dict:
            out = tmp_path / "metrics.json"
            result = command("evaluate", E5, "--retrieval", retrieval_folder, "--json", out, *arguments)
            assert result.status == 0, result.err
            return json.loads(out.read_text(encoding="utf-8"))["retrieval"]

        assert ndcg() == ndcg("--query-prompt", "query: ", "--passage-prompt", "passage")
        assert ndcg() != ndcg("--query-prompt", "zzz zzz zzz: ", "--passage-prompt", "red apple pear plum nurse: ")

    def test_sts_has_a_prompt_of_its_own(self, command: Command, sts_file: Path):
        result = command("evaluate", E5, "--sts", sts_file, "--sts-prompt", "query")
        from tfsiamese.evaluation import evaluate_sts

        expected = evaluate_sts(load_encoder(E5), sts_file, prompt="query: ")
        assert json.loads(result.out)["sts"] == pytest.approx(expected, abs=1e-5)
        assert expected != pytest.approx(evaluate_sts(load_encoder(E5), sts_file), abs=1e-5)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--query-prompt", "query"], "--query-prompt and --passage-prompt are for --retrieval"),
            (["--passage-prompt", "passage"], "--sts-prompt is for --sts"),
        ],
    )
    def test_prompts_of_queries_need_something_with_queries(
        self, command: Command, sts_file: Path, arguments: list[str], said: str
    ):
        assert said in command("evaluate", E5, "--sts", sts_file, *arguments).error

    def test_a_prompt_for_sts_needs_sts(self, command: Command, retrieval_folder: Path):
        result = command("evaluate", E5, "--retrieval", retrieval_folder, "--sts-prompt", "query")
        assert "--sts-prompt is for --sts, and there is none" in result.error


def test_mine_compares_anchors_and_positives_with_their_prompts(command: Command, triplets_file: Path, tmp_path: Path):
    outs = [tmp_path / f"{number}.csv" for number in range(3)]
    prompts = [
        [],
        ["--query-prompt", "query", "--passage-prompt", "passage"],
        ["--query-prompt", "", "--passage-prompt", ""],
    ]
    for out, arguments in zip(outs, prompts, strict=True):
        result = command("mine", triplets_file, "--encoder", E5, "--out", out, *arguments)
        assert result.status == 0, result.err
    automatic, named, without = (pd.read_csv(out) for out in outs)
    pd.testing.assert_frame_equal(automatic, named)
    assert not automatic.equals(without)
    assert not automatic["anchor"].str.contains(":").any()


class TestExport:
    def test_a_checkpoint_is_written_in_the_layout_of_sentence_transformers(self, command: Command, tmp_path: Path):
        out = tmp_path / "checkpoint"
        result = command("export", E5, "--format", "sentence-transformers", "--out", out, "--max-length", 12)
        assert result.status == 0, result.err
        assert result.out.strip() == str(out)
        assert (out / "modules.json").is_file()
        again = load_encoder(out)
        assert again.max_length == 12
        np.testing.assert_allclose(again.encode(TEXTS), load_encoder(E5, max_length=12).encode(TEXTS), atol=1e-6)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--version", 2], "--version is for --format saved-model, and this is a checkpoint"),
            (["--head", "cosine"], "--head is for --format saved-model, and this is a checkpoint"),
            (["--precision", "int8"], "--precision is for --format saved-model, and this is a checkpoint"),
            (["--keep-last", 2], "--keep-last is for --format saved-model, and this is a checkpoint"),
            (["--check"], "--check is for --format saved-model, and this is a checkpoint"),
        ],
    )
    def test_options_of_a_saved_model_are_refused(self, command: Command, tmp_path: Path, arguments: list, said: str):
        out = tmp_path / "checkpoint"
        assert said in command("export", E5, "--format", "sentence-transformers", "--out", out, *arguments).error
        assert not out.exists()

    def test_a_saved_model_cannot_become_a_checkpoint(self, command: Command, tiny_folder: Path, tmp_path: Path):
        result = command("export", tiny_folder, "--format", "sentence-transformers", "--out", tmp_path / "checkpoint")
        assert "was not loaded from a checkpoint" in result.error

    def test_a_head_is_still_chosen_for_a_saved_model(self, command: Command, tmp_path: Path):
        result = command("export", BERT, "--out", tmp_path / "models", "--head", "cosine", "--version", 3)
        assert result.status == 0, result.err
        assert (tmp_path / "models" / "3" / "saved_model.pb").is_file()


class TestTrain:
    def test_a_checkpoint_is_trained_with_its_options_and_written_back(
        self, command: Command, triplets_file: Path, retrieval_folder: Path, tmp_path: Path
    ):
        out = tmp_path / "run"
        result = command(
            *("train", triplets_file, "--encoder", E5, "--out", out, "--epochs", 1, "--batch-size", 8),
            *("--max-length", 10, "--dropout", 0.25, "--freeze-layers", 0, "--layer-decay", 0.9),
            *("--retrieval", retrieval_folder, "--query-prompt", "query"),
        )
        assert result.status == 0, result.err
        assert f"checkpoint: {out / 'sentence-transformers'}" in result.out.splitlines()
        (line,) = cut_lines(result.err)
        assert line.startswith("training: ")
        config = json.loads((out / "config.json").read_text(encoding="utf-8"))
        assert config["encoder"]["max_length"] == 10
        assert max(config["encoder"]["dropout"].values()) == 0.25
        assert config["encoder"]["frozen"]
        assert all(name.startswith("embeddings/") for name in config["encoder"]["frozen"])
        assert config["settings"]["layer_decay"] == 0.9
        assert config["settings"]["query_prompt"] == "query"
        assert config["evaluation"]["retrieval"]["query_prompt"] == "query"
        assert config["evaluation"]["validation"]["query_prompt"] == "query"
        np.testing.assert_allclose(
            load_encoder(out / "sentence-transformers").encode(TEXTS), load_encoder(out).encode(TEXTS), atol=1e-6
        )

    @pytest.mark.parametrize("in_file", [True, False])
    def test_adapters_are_set_by_a_flag_or_a_table(
        self, command: Command, triplets_file: Path, tmp_path: Path, in_file: bool
    ):
        out = tmp_path / "run"
        table = '[lora]\nrank = 2\nalpha = 3\ntargets = "attention/output"\n' if in_file else "lora = 2\n"
        config = tmp_path / "run.toml"
        config.write_text(f'mixed_precision = true\n{table}[training]\nquery_prompt = ""\n', encoding="utf-8")
        flags = [] if in_file else ["--lora", 3]
        arguments = ["train", triplets_file, "--config", config, "--encoder", BERT, "--out", out, "--epochs", 1, *flags]
        result = command(*arguments)
        assert result.status == 0, result.err
        written = json.loads((out / "config.json").read_text(encoding="utf-8"))
        lora = written["encoder"]["lora"]
        chosen = (lora["rank"], lora["alpha"], lora["targets"])
        assert chosen == ((2, 3, ["attention/output"]) if in_file else (3, None, ["attention/*"]))
        assert written["encoder"]["mixed_precision"] is True
        assert written["settings"]["query_prompt"] == ""

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["--query-prompt", "qeury"], "no prompt 'qeury' for query_prompt. Did you mean 'query'?"),
            (["--dropout", 1.5], "Expected a dropout from 0 to 0.99"),
            (["--lora", 0], "Expected a positive whole number as rank of LoRA"),
            (["--freeze-layers", 99], "layers. Expected freeze_layers from 0 to that"),
            (["--layer-decay", 0], "Expected layer_decay to be a number above 0"),
        ],
    )
    def test_wrong_options_are_refused_and_nothing_is_written(
        self, command: Command, triplets_file: Path, tmp_path: Path, arguments: list, said: str
    ):
        out = tmp_path / "run"
        assert said in command("train", triplets_file, "--encoder", BERT, "--out", out, *arguments).error
        assert not out.exists()


HELP = {
    "train": ["--max-length", "--dropout", "--lora", "--freeze-layers", "--layer-decay", "--query-prompt"],
    "evaluate": ["--max-length", "--mixed-precision", "--query-prompt", "--passage-prompt", "--sts-prompt"],
    "mine": ["--max-length", "--query-prompt", "--passage-prompt"],
    "encode": ["--prompt-name", "--prompt", "--max-length"],
    "export": ["--format", "sentence-transformers"],
}


@pytest.mark.parametrize("verb", HELP)
def test_help_names_the_options_of_checkpoints_and_where_encoders_come_from(command: Command, verb: str):
    words = command(verb, "--help").out.split()
    text = " ".join(words)
    assert [option for option in HELP[verb] if option not in text] == []
    assert "checkpoint folder" in text
    assert "hf://owner/name" in text


def test_help_needs_no_tensorflow():
    code = (
        "import sys; from tfsiamese.cli.main import main\n"
        "try: main(['train', '--help'])\n"
        "except SystemExit: sys.exit('tensorflow' in sys.modules or 'keras' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=False).returncode == 0
