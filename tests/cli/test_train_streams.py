"""`train` on patterns, folders and files that are streamed."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command
from tests.training.examples import classes, triplets
from tfsiamese.cli.assembly import assemble_data
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import LabelledTexts, Pairs, StoredExamples, Triplets, write_examples
from tfsiamese.training.recipe import make_recipe


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFSIAMESE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def parts(tmp_path: Path, tiny_pairs: Pairs) -> str:
    """A pattern of three files."""
    folder = tmp_path / "pairs"
    folder.mkdir()
    for number, rows in enumerate(np.array_split(np.arange(len(tiny_pairs)), 3)):
        write_examples(tiny_pairs.take(rows), folder / f"part-{number}.csv")
    return str(folder / "part-*.csv")


def data_of(**entry):
    data = assemble_data(make_recipe({"data": [entry], "out": "run"}))
    ((name, training),) = data.training["1"].items()
    return name, training, data.validation.get("1", {}).get(name), data


def test_a_pattern_is_one_data_set_named_by_what_is_fixed_in_it(parts: str, tiny_pairs: Pairs):
    name, training, held_out, _ = data_of(file=parts)
    assert name == "part"
    assert isinstance(training, Pairs), "so small a data set is read into memory"
    assert len(training) + len(held_out) == len(tiny_pairs)


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("jobs/*.csv", "jobs"),
        ("jobs", "jobs"),
        ("a/titles-[0-9]?.parquet", "titles"),
        ("titles.csv", "titles"),
        ("*", "training"),
    ],
)
def test_names_of_data_sets(file: str, name: str):
    assert make_recipe({"data": file, "out": "run"}).stages[0].data[0].name == name


def test_what_is_streamed_holds_out_rows_in_memory(parts: str, tiny_pairs: Pairs):
    _, training, held_out, data = data_of(file=parts, stream=True, validation="0.2")
    assert isinstance(training, StoredExamples)
    assert isinstance(held_out, Pairs)
    assert len(training) + len(held_out) == len(tiny_pairs)
    assert data.shown is held_out


def test_a_large_file_is_streamed_by_itself_unless_it_must_not_be(tmp_path, tiny_pairs, monkeypatch):
    write_examples(tiny_pairs, tmp_path / "a.csv")
    assert isinstance(data_of(file=str(tmp_path / "a.csv"))[1], Pairs)
    monkeypatch.setattr("tfsiamese.pairs.streaming.STREAM_ABOVE_BYTES", 100)
    assert isinstance(data_of(file=str(tmp_path / "a.csv"))[1], StoredExamples)
    assert isinstance(data_of(file=str(tmp_path / "a.csv"), stream=False)[1], Pairs)


def test_options_of_reading_count_for_what_is_streamed(tmp_path):
    (tmp_path / "a.csv").write_text("a;b;5\nc;d;0\ne;f;1\n")
    reading = {"columns": ["left", "right", "score"], "delimiter": ";", "score_range": [0, 5], "stream": True}
    _, training, _, _ = data_of(file=str(tmp_path / "a.csv"), validation="0", **reading)
    assert training.load().scores.tolist() == pytest.approx([1, 0, 0.2])


def test_without_held_out_rows_the_plots_are_of_a_sample(tmp_path, monkeypatch):
    monkeypatch.setattr("tfsiamese.cli.run_data._MOST_SHOWN", 5)
    examples = triplets(20)
    write_examples(examples, tmp_path / "a.jsonl")
    _, training, held_out, data = data_of(file=str(tmp_path / "a.jsonl"), stream=True, validation="0")
    assert held_out is None
    assert isinstance(data.shown, Triplets)
    assert (len(training), len(data.shown)) == (len(examples), 5)
    assert set(data.shown.texts()) <= set(training.load().texts())
    assert set(data.contrast.scores) == {0.0, 1.0}


def test_rows_of_a_validation_file_are_left_out_of_what_is_streamed(tmp_path, tiny_pairs, caplog):
    write_examples(tiny_pairs, tmp_path / "a.csv")
    write_examples(tiny_pairs.take(range(7)), tmp_path / "v.csv")
    _, training, held_out, _ = data_of(file=str(tmp_path / "a.csv"), stream=True, validation=str(tmp_path / "v.csv"))
    pairs = {frozenset(texts) for texts in zip(held_out.left, held_out.right, strict=True)}
    loaded = training.load()
    assert not pairs & {frozenset(texts) for texts in zip(loaded.left, loaded.right, strict=True)}
    assert f"{len(tiny_pairs) - len(training)} rows are validation data too" in caplog.text


def test_the_setting_is_true_or_false():
    with pytest.raises(SettingsError, match="expected stream to be true or false"):
        make_recipe({"data": [{"file": "a.csv", "stream": "yes"}], "out": "run"})


def test_texts_with_classes_cannot_be_streamed(tmp_path, monkeypatch):
    write_examples(classes(), tmp_path / "a.csv")
    with pytest.raises(DataError, match=r"cannot be streamed.*pass --no-stream"):
        data_of(file=str(tmp_path / "a.csv"), stream=True)
    monkeypatch.setattr("tfsiamese.pairs.streaming.STREAM_ABOVE_BYTES", 100)
    with pytest.raises(DataError, match=r"cannot be streamed.*pass --no-stream"):
        data_of(file=str(tmp_path / "a.csv"))
    assert isinstance(data_of(file=str(tmp_path / "a.csv"), stream=False)[1], LabelledTexts)


@pytest.mark.parametrize("how", [{}, {"stream": False}], ids=str)
def test_texts_with_classes_of_several_files_are_one_data_set(tmp_path, how):
    whole = classes()
    for number, rows in enumerate(np.array_split(np.arange(len(whole)), 2)):
        write_examples(whole.take(rows), tmp_path / f"part-{number}.csv")
    _, training, _, _ = data_of(file=str(tmp_path / "part-*.csv"), validation="0", **how)
    assert isinstance(training, LabelledTexts)
    assert training.fingerprint == whole.fingerprint


@pytest.mark.parametrize("how", [{}, {"stream": False}], ids=str)
def test_what_is_not_streamed_leaves_nothing_in_the_cache(parts, cache, how, monkeypatch):
    if how:
        monkeypatch.setattr("tfsiamese.pairs.streaming.STREAM_ABOVE_BYTES", 100)
    _, training, held_out, _ = data_of(file=parts, validation=parts.replace("part-*", "part-[0]"), **how)
    assert len(training) > len(held_out) > 1
    assert isinstance(training, Pairs)
    assert not cache.exists()


def test_a_validation_pattern_of_what_is_streamed_is_read_without_a_store(parts, cache):
    _, _, held_out, _ = data_of(file=parts, stream=True, validation=parts.replace("part-*", "part-[0]"))
    assert isinstance(held_out, Pairs)
    assert len(list(cache.glob("streams/*"))) == 1


def test_an_empty_path_is_refused(command: Command, tmp_path: Path, tiny_pairs, monkeypatch):
    write_examples(tiny_pairs, tmp_path / "a.parquet")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="path of a file of examples is empty"):
        data_of(file="a.parquet", validation="")
    for file in ("", " "):
        result = command("train", file, "--out", tmp_path / "run", "--encoder", tmp_path)
        assert result.status == 1
        assert "Expected a" in result.error


def test_a_run_on_a_pattern_is_streamed_from_end_to_end(
    command: Command, parts: str, tiny_folder: Path, tmp_path: Path
):
    out = tmp_path / "run"
    config = tmp_path / "run.toml"
    config.write_text(
        f'encoder = "{tiny_folder}"\nout = "{out}"\n[[data]]\nfile = "{parts}"\nstream = true\nvalidation = 8\n'
        "[training]\nepochs = 1\n"
    )
    result = command("train", "--config", config)
    assert result.status == 0, result.err
    described = json.loads((out / "config.json").read_text())["data"]["training"]
    assert described["source"] == parts
    assert described["validation"]["rows"] == 8
    assert "validation_pearson" in result.out
    assert (out / "plots" / "score_scatter.png").is_file()


def test_a_pattern_that_matches_nothing_ends_in_one_line(command: Command, tmp_path: Path):
    result = command("train", tmp_path / "no-*.csv", "--out", tmp_path / "run", "--encoder", tmp_path)
    assert f"No file matches {tmp_path}/no-*.csv" in result.error
