"""Several files are read into memory as they are streamed, and messages name the file of each row."""

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pairs.stored import pairs, triplets
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import LabelledTexts, stream_examples, write_examples
from tfsiamese.pairs.places import places_of
from tfsiamese.pairs.streaming import read_shards


def files(folder: Path, **contents: str) -> str:
    for name, content in contents.items():
        (folder / f"{name}.csv").write_text(content)
    return str(folder / "*.csv")


@pytest.mark.parametrize("whole", [pairs(40), triplets(40)], ids=["pairs", "triplets"])
def test_files_read_into_memory_are_what_is_streamed_of_them(tmp_path: Path, whole):
    for number, part in enumerate(np.array_split(np.arange(40), 3)):
        write_examples(whole.take(part), tmp_path / f"part-{number}.jsonl")
    pattern = str(tmp_path / "part-*.jsonl")
    found, streamed = read_shards(pattern), stream_examples(pattern, cache=tmp_path / "cache").load()
    pd.testing.assert_frame_equal(found.frame, streamed.frame, check_like=True)
    assert (found.source, found.fingerprint) == (pattern, whole.fingerprint)


def test_texts_with_classes_are_read_from_several_files(tmp_path: Path):
    found = read_shards(files(tmp_path, a="text,class\nnurse,1\n", b="text,class\nbaker,2\ncook,2\n"))
    assert isinstance(found, LabelledTexts)
    assert found.texts() == ["nurse", "baker", "cook"]
    assert found.labels.tolist() == [0, 1, 1]


def test_options_of_reading_count_for_each_file(tmp_path: Path):
    found = read_shards(
        files(tmp_path, a="x;y;5\n", b="z;w;0\n"), delimiter=";", columns="left,right,score", score_range=(0, 5)
    )
    assert (found.left, found.scores.tolist(), found.score_range) == (["x", "z"], [1.0, 0.0], (0.0, 5.0))


def test_a_file_without_rows_is_passed_over_unless_all_are(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    pattern = files(tmp_path, a="left,right,score\n", b="left,right,score\nx,y,1\n")
    assert len(read_shards(pattern)) == 1
    assert f"{tmp_path / 'a.csv'} has no rows" in caplog.text
    files(tmp_path, b="left,right,score\n")
    with pytest.raises(DataError, match="has no rows"):
        read_shards(pattern)


def test_bad_rows_are_named_with_their_file(tmp_path: Path):
    pattern = files(tmp_path, a="left,right,score\nx,y,1\n", b="left,right,score\nx,y,1\nx,,1\n")
    with pytest.raises(DataError, match=r"b\.csv: line 3: 'right' is blank"):
        read_shards(pattern)


def test_files_of_different_shapes_are_refused(tmp_path: Path):
    pattern = files(tmp_path, a="text,class\nx,y\n", b="left,right,score\nx,y,1\n")
    with pytest.raises(DataError, match=r"b\.csv holds scored pairs, and .*a\.csv "):
        read_shards(pattern)


def test_a_scale_for_other_than_scored_pairs_is_refused(tmp_path: Path):
    with pytest.raises(SettingsError, match="for scored pairs only"):
        read_shards(files(tmp_path, a="text,class\nx,y\n"), score_range=(0, 5))


@pytest.mark.parametrize("way", ["streamed", "in memory"])
class TestSeveralFiles:
    def read(self, way: str, pattern: str, folder: Path):
        return read_shards(pattern) if way == "in memory" else stream_examples(pattern, cache=folder / "cache")

    def test_repeats_name_the_files_of_both_rows(self, tmp_path: Path, way: str):
        pattern = files(tmp_path, a="left,right,score\nx,y,1\n", b="left,right,score\nz,w,1\nx,y,1\ny,x,1\n")
        repeats = self.read(way, pattern, tmp_path).repeats
        a, b = tmp_path / "a.csv", tmp_path / "b.csv"
        assert repeats.lines() == [
            f"1 duplicate row: line 3 of {b} repeats line 2 of {a}",
            f"1 mirrored row: line 4 of {b} repeats line 2 of {a}",
        ]

    def test_pairs_with_several_scores_are_warned_of_with_their_files(self, tmp_path: Path, way: str, caplog):
        pattern = files(tmp_path, a="left,right,score\nx,y,1\n", b="left,right,score\nz,w,1\nx,y,0.5\n")
        self.read(way, pattern, tmp_path)
        assert f"have 1 on line 2 of {tmp_path / 'a.csv'}, 0.5 on line 3 of {tmp_path / 'b.csv'}." in caplog.text

    def test_false_negatives_are_warned_of_with_their_file(self, tmp_path: Path, way: str, caplog):
        header = "anchor,positive,negative\n"
        pattern = files(tmp_path, a=f"{header}x,y,z\n", b=f"{header}u,v,w\nx,z,y\n")
        with caplog.at_level(logging.WARNING):
            self.read(way, pattern, tmp_path)
        assert f"line 2 of {tmp_path / 'a.csv'}" in caplog.text

    def test_places_are_files_and_lines(self, tmp_path: Path, way: str):
        pattern = files(tmp_path, a="left,right,score\nx,y,1\n", b="left,right,score\nz,w,1\nx,u,0.5\n")
        found = self.read(way, pattern, tmp_path)
        expected = [(str(tmp_path / "b.csv"), 3), (str(tmp_path / "a.csv"), 2)]
        assert places_of(found, [2, 0]) == expected
        assert places_of(found.take([2, 0]), [0, 1]) == expected


def test_an_empty_path_is_not_the_current_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    write_examples(pairs(10), tmp_path / "part.parquet")
    monkeypatch.chdir(tmp_path)
    assert len(read_shards(".")) == 10
    for source in ("", ["part.parquet", ""]):
        with pytest.raises(SettingsError, match="is empty"):
            read_shards(source)
        with pytest.raises(SettingsError, match="is empty"):
            stream_examples(source, cache=tmp_path / "cache")
