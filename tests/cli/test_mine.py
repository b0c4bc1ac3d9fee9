import sys
from pathlib import Path

import pytest

import tfsiamese.cli.main as command_line
from tests.cli.conftest import Command
from tfsiamese.cli import mine
from tfsiamese.pairs import Pairs, Triplets, read_examples

ROWS = [("red apple", "apple"), ("green pear", "pear"), ("blue plum", "plum"), ("red apple", "apple bread")]


@pytest.fixture(autouse=True)
def _verb(monkeypatch: pytest.MonkeyPatch) -> None:
    if mine not in command_line._VERBS:
        monkeypatch.setattr(command_line, "_VERBS", (*command_line._VERBS, mine))


@pytest.fixture
def examples_file(tmp_path: Path) -> Path:
    path = tmp_path / "examples.csv"
    path.write_text("anchor,positive\n" + "".join(f"{a},{p}\n" for a, p in ROWS), encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".jsonl", ".parquet"])
def test_each_row_gets_negatives_with_the_encoders_scores(
    command: Command, tiny_folder: Path, examples_file: Path, tmp_path: Path, suffix: str
):
    target = tmp_path / "new folder" / f"mined{suffix}"
    result = command("mine", examples_file, "--encoder", tiny_folder, "--out", target, "--num-negatives", 2)
    assert result.status == 0, result.err
    assert result.out == f"{target}: 8 negatives for 3 anchors\n"
    assert "of 3 anchors 0 got fewer negatives than asked for" in result.err
    mined = read_examples(target)
    assert isinstance(mined, Triplets)
    assert list(zip(mined.anchors, mined.positives, strict=True)) == ROWS
    assert set(mined.negatives[0]) == {"pear", "plum"}
    assert [len(scores) for scores in mined.scores] == [3] * 4
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_texts_of_a_corpus_are_mined_by_their_words_without_tensorflow(
    command: Command, examples_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    pytest.importorskip("bm25s")
    monkeypatch.setattr(mine, "import_tensorflow", lambda: pytest.fail("TensorFlow was imported"))
    corpus, target = tmp_path / "corpus.txt", tmp_path / "mined.jsonl"
    corpus.write_text("red stone\ngreen river\ngreen apple pear\n", encoding="utf-8")
    result = command("mine", examples_file, "--out", target, "--method", "bm25", "--corpus", corpus)
    assert result.status == 0, result.err
    mined = read_examples(target)
    assert set(mined.negatives[0]) == {"red stone", "green apple pear"}
    assert mined.negatives[2] == ()
    assert mined.scores is None
    assert "2 got" not in result.out


def test_one_negative_a_row_and_pairs_are_written_on_demand(command: Command, examples_file: Path, tmp_path: Path):
    single, pairs = tmp_path / "single.csv", tmp_path / "pairs.csv"
    options = ["--method", "random", "--num-negatives", 2, "--seed", 7]
    assert command("mine", examples_file, "--out", single, "--output", "triplet", *options).status == 0
    assert [len(texts) for texts in read_examples(single).negatives] == [1] * 8
    assert command("mine", examples_file, "--out", pairs, "--output", "pairs", *options).status == 0
    written = read_examples(pairs)
    assert isinstance(written, Pairs)
    assert sorted(written.scores.tolist()) == [0] * 6 + [1] * 4


def test_every_option_reaches_the_settings(
    command: Command, tiny_folder: Path, examples_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = {}
    import tfsiamese.mining

    def stop(examples, encoder, **options):
        seen.update(vars(options["settings"]), batch_size=options["batch_size"])
        raise KeyboardInterrupt

    monkeypatch.setattr(tfsiamese.mining, "mine_hard_negatives", stop)
    options = "--num-negatives 2 --range-min 1 --range-max 9 --max-score 0.9 --min-score -0.5 --absolute-margin 0.1"
    options += " --relative-margin 0.2 --sampling random --seed 5 --batch-size 8 --method dense"
    result = command("mine", examples_file, "--out", tmp_path / "x.csv", "--encoder", tiny_folder, *options.split())
    assert result.status == 130
    assert seen == {
        "method": "dense",
        "num_negatives": 2,
        "range_min": 1,
        "range_max": 9,
        "max_score": 0.9,
        "min_score": -0.5,
        "absolute_margin": 0.1,
        "relative_margin": 0.2,
        "sampling_strategy": "random",
        "seed": 5,
        "batch_size": 8,
    }


def test_the_options_of_the_settings_have_the_defaults_of_the_settings():
    import argparse

    from tfsiamese.mining import MiningSettings

    parser = argparse.ArgumentParser()
    mine.add_parser(parser.add_subparsers())
    options = vars(parser.parse_args(["mine", "examples.csv", "--out", "x.csv"]))
    options["sampling_strategy"] = options["sampling"]
    assert {name: options[name] for name in vars(MiningSettings())} == vars(MiningSettings())


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "needs an encoder"),
        (["--method", "random", "--max-score", "0.5"], "Give one, or leave out max_score"),
        (["--method", "random", "--range-min", "1"], "knows no ranks"),
        (["--num-negatives", "0"], "num_negatives=0"),
        (["--method", "random", "--corpus", "nowhere.txt"], "nowhere.txt cannot be read"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_written(
    command: Command, examples_file: Path, tmp_path: Path, options: list[str], said: str
):
    target = tmp_path / "mined.csv"
    assert said in command("mine", examples_file, "--out", target, *options).error
    assert not target.exists()


def test_a_target_of_another_suffix_is_refused_before_anything_is_read(command: Command, tmp_path: Path):
    error = command("mine", tmp_path / "nowhere.csv", "--out", tmp_path / "mined.txt").error
    assert "Expected --out to end in .csv, .tsv, .jsonl, .parquet" in error


def test_scored_pairs_are_refused(command: Command, pairs_file: Path, tmp_path: Path):
    result = command("mine", pairs_file, "--out", tmp_path / "mined.csv", "--method", "random")
    assert "name the columns anchor and positive" in result.error


def test_a_method_that_is_not_known_is_wrong_usage(command: Command, examples_file: Path, tmp_path: Path):
    result = command("mine", examples_file, "--out", tmp_path / "mined.csv", "--method", "sparse")
    assert result.status == 2


def test_standard_error_that_is_no_terminal_shows_no_progress(
    command: Command, tiny_folder: Path, examples_file: Path, tmp_path: Path
):
    assert not sys.stderr.isatty()
    result = command("mine", examples_file, "--encoder", tiny_folder, "--out", tmp_path / "mined.csv")
    assert "%|" not in result.err
