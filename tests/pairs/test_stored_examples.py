"""Rows that went through a store are those that are read into memory."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.pairs.stored import pairs, stored, triplets
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import Pairs, StoredExamples, Triplets, read_examples, stream_examples, write_examples
from tfsiamese.pairs import store_building as building

FORMATS = [".csv", ".tsv", ".jsonl", ".parquet"]


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(building, "_CHUNK_ROWS", 7)


def assert_same(found: StoredExamples, expected: Pairs | Triplets) -> None:
    loaded = found.load()
    assert type(loaded) is type(expected)
    pd.testing.assert_frame_equal(loaded.frame, expected.frame)
    assert (len(found), found.source, found.shape) == (len(expected), expected.source, expected.shape)


def streamed(path: Path, **options) -> StoredExamples:
    return stream_examples(path, cache=path.parent / "cache", **options)


def without_tabs(examples: Pairs | Triplets) -> Pairs | Triplets:
    """A .tsv file holds no text with a tab or a line break in it."""
    frame = examples.frame.map(
        lambda value: str.translate(value, {9: " ", 10: " "}) if isinstance(value, str) else value
    )
    if "negatives" in frame:
        negatives = [tuple(text.translate({9: " ", 10: " "}) for text in texts) for texts in frame["negatives"]]
        frame["negatives"] = pd.Series(negatives, dtype=object)
    return type(examples)(frame, examples.source)


@pytest.mark.parametrize("suffix", FORMATS)
@pytest.mark.parametrize("examples", [pairs(), triplets(), triplets(details=False)], ids=["pairs", "triplets", "plain"])
def test_every_format_and_shape_gives_what_reading_into_memory_gives(tmp_path: Path, suffix: str, examples):
    path = tmp_path / f"data{suffix}"
    write_examples(without_tabs(examples) if suffix == ".tsv" else examples, path)
    assert_same(streamed(path), read_examples(path))


def test_options_of_reading_count(tmp_path: Path):
    path = tmp_path / "data.csv"
    path.write_text("nurse;médecin;5\nbaker;cook;0\n", encoding="cp1252")
    options = {"delimiter": ";", "columns": "left,right,score", "encoding": "cp1252", "score_range": (0, 5)}
    found = streamed(path, **options)
    assert_same(found, read_examples(path, **options))
    assert found.take([0]).score_range == (0.0, 5.0)


def test_columns_can_be_named(tmp_path: Path):
    path = tmp_path / "data.csv"
    path.write_text("a,b,c\nx,y,1\n")
    assert_same(streamed(path, left="a", right="b", score="c"), read_examples(path, left="a", right="b", score="c"))


def test_quotation_marks_that_do_not_pair_up_are_plain_characters_in_tsv(tmp_path: Path):
    path = tmp_path / "data.tsv"
    path.write_text('left\tright\tscore\n5" nail\tlong "nail\t1\nplain\ttext\t0\n')
    assert_same(streamed(path), read_examples(path))


def test_a_byte_order_mark_and_all_kinds_of_line_breaks_are_read(tmp_path: Path):
    path = tmp_path / "data.csv"
    path.write_bytes('\ufeffleft,right,score\r\na,"b\r\nc",1\rd,e,0\n\n\nf,g,0.5'.encode())
    assert_same(streamed(path), read_examples(path))
    assert streamed(path).load().frame["line"].tolist() == [2, 4, 7]


def test_members_that_only_late_lines_have_are_read(tmp_path: Path):
    path = tmp_path / "data.jsonl"
    rows = [{"anchor": f"a{i}", "positive": "p"} for i in range(30)] + [
        {"anchor": "z", "positive": "p", "negative": "n"}
    ]
    path.write_text("\n\n".join(map(json.dumps, rows)))
    assert_same(streamed(path), read_examples(path))


def test_files_of_a_pattern_are_one_data_set_in_the_order_of_their_names(tmp_path: Path):
    whole = pairs(50)
    for number, part in enumerate(np.array_split(np.arange(50), 3)):
        write_examples(whole.take(part), tmp_path / f"part-{number}.csv")
    found = stream_examples(str(tmp_path / "part-*.csv"), cache=tmp_path / "cache")
    columns = ["left", "right", "score"]
    pd.testing.assert_frame_equal(found.load().frame[columns], whole.frame[columns])
    assert found.source == str(tmp_path / "part-*.csv")
    assert "50 stored pairs" in repr(found)
    assert "3 files" in repr(found)
    lines = [read_examples(tmp_path / f"part-{number}.csv").frame["line"].tolist() for number in range(3)]
    assert [(Path(path).name, line) for path, line in found.where([0, 16, 17, 49])] == [
        ("part-0.csv", 2),
        ("part-0.csv", lines[0][16]),
        ("part-1.csv", 2),
        ("part-2.csv", lines[2][-1]),
    ]
    assert found.repeats.duplicates == whole.duplicates


def test_a_folder_of_parquet_parts_is_one_data_set(tmp_path: Path):
    folder = tmp_path / "parts"
    folder.mkdir()
    whole = triplets(40)
    for number, part in enumerate(np.array_split(np.arange(40), 4)):
        write_examples(whole.take(part), folder / f"{number}.parquet")
    (folder / "_SUCCESS").touch()
    (folder / ".1.parquet.crc").write_bytes(b"x")
    found = stream_examples(folder, cache=tmp_path / "cache")
    columns = ["anchor", "positive", "negatives", "scores", "group"]
    pd.testing.assert_frame_equal(found.load().frame[columns], whole.frame[columns])


def test_a_list_of_files_keeps_its_order(tmp_path: Path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(f"left,right,score\n{name},x,1\n")
    found = stream_examples([tmp_path / "b.csv", tmp_path / "a.csv"], cache=tmp_path / "cache")
    assert found.load().left == ["b", "a"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path):
    path = tmp_path / "part[1].csv"
    path.write_text("left,right,score\na,b,1\n")
    assert len(streamed(path)) == 1


def test_a_part_without_rows_is_passed_over(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "a.csv").write_text("left,right,score\n")
    (tmp_path / "b.csv").write_text("left,right,score\na,b,1\n")
    assert len(stream_examples(str(tmp_path / "?.csv"), cache=tmp_path / "cache")) == 1
    assert f"{tmp_path / 'a.csv'} has no rows" in caplog.text


@pytest.mark.parametrize("num_rows", [1, 5, 60, 400])
def test_repeats_are_those_of_reading_into_memory(tmp_path: Path, num_rows: int, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("tfsiamese.pairs.stored_repeats._BUCKET_ROWS", 50)
    examples = pairs(num_rows)
    found = stored(examples, tmp_path)
    assert found.repeats == read_examples(tmp_path / "data.jsonl").repeats


def test_repeats_of_triplets_are_those_of_reading_into_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog):
    monkeypatch.setattr("tfsiamese.pairs.stored_repeats._BUCKET_ROWS", 50)
    whole = triplets(300, details=False, texts=3)
    caplog.clear()
    found = stored(whole.take([*range(300), *range(40)]), tmp_path)
    expected = read_examples(tmp_path / "data.jsonl")
    assert expected.contradictions > 5
    assert (found.duplicates, found.contradictions) == (expected.duplicates, expected.contradictions)
    assert found.contradiction_lines()[0].startswith(expected._contradiction_line())
    assert sum("All rows are kept" in record.message for record in caplog.records) == 2


def test_a_pair_with_several_scores_is_warned_of_each_time(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    path = tmp_path / "data.csv"
    path.write_text("left,right,score\na,b,1\nb,a,0.5\n")
    for _ in range(2):
        streamed(path)
    message = "1 pair with more than one score, e.g. 'a' and 'b' have 1 on line 2, 0.5 on line 3"
    assert sum(message in record.message for record in caplog.records) == 2


def test_the_fingerprint_is_of_the_rows_not_of_the_files(tmp_path: Path):
    examples = pairs()
    one, other = (stored(examples, tmp_path, f"data{suffix}") for suffix in (".csv", ".parquet"))
    write_examples(examples.take(np.arange(30)), tmp_path / "part-1.csv")
    write_examples(examples.take(np.arange(30, 60)), tmp_path / "part-2.csv")
    parts = stream_examples(str(tmp_path / "part-*.csv"), cache=tmp_path / "cache")
    assert one.fingerprint == other.fingerprint == parts.fingerprint
    assert stored(examples.take(np.arange(59)), tmp_path, "less.csv").fingerprint != one.fingerprint
    assert one.split(0.2)[0].fingerprint != one.split(0.2, seed=1)[0].fingerprint


def test_rows_can_be_taken_by_number_by_mask_and_at_random(tmp_path: Path):
    examples = pairs()
    found = stored(examples, tmp_path)
    expected = found.load().frame
    for rows in ([5, 0, 5], np.arange(60) % 7 == 0):
        pd.testing.assert_frame_equal(found.take(rows).frame, expected.iloc[rows].reset_index(drop=True))
    assert len(found.take(np.array([], np.int64))) == 0
    sample = found.sample(10)
    assert sample.frame["line"].is_monotonic_increasing
    assert len(sample) == sample.frame["line"].nunique() == 10
    assert found.sample(10).fingerprint == sample.fingerprint != found.sample(10, seed=1).fingerprint
    assert len(found.sample(1000)) == 60
    with pytest.raises(IndexError):
        found.take([60])


def test_no_rows_can_be_taken(tmp_path: Path):
    found = stored(pairs(), tmp_path)
    for rows in ([], (), np.array([]), np.zeros(60, bool)):
        assert len(found.take(rows)) == 0
    assert len(found.sample(0)) == 0
    assert found.take([-1]).left == found.load().left[-1:]


class TestMistakes:
    def message(self, source, **options) -> str:
        with pytest.raises((DataError, SettingsError)) as caught:
            stream_examples(source, cache=options.pop("cache", None), **options)
        text = str(caught.value)
        assert len(text.splitlines()) == 1
        return text

    @pytest.mark.parametrize(
        ("name", "content"),
        [
            (
                "a.csv",
                "left,right,score\na,b,1\n" * 1 + "a,b,1\n" * 40 + "c,,1\n" + "a,b,1\n" * 30 + "d,e,f,g\nh,i,x\n",
            ),
            ("a.csv", "left,right,score\n" + "a,b,3\n" * 5),
            ("a.csv", 'left,right,score\na,b,1\n"open,b,1\n'),
            ("a.csv", "one,two\na,b\n"),
            ("a.csv", ""),
            ("a.csv", " \n\n"),
            ("a.csv", b"left,right,score\na,b,1\nc\0d,e,1\n"),
            ("a.csv", b"left,right,score\r\na,b,1\r\nm\xe9decin,e,1\r\n"),
            ("a.csv", b"\x1f\x8b\x08\x00"),
            ("a.tsv", "left\tright\tscore\na\tb\n"),
            ("a.jsonl", "[]"),
            ("a.jsonl", '{"left": "a"}\n' * 9 + '{"left"\n3\n'),
            ("a.jsonl", "3\n4\n"),
            (
                "a.jsonl",
                '{"left": "a", "right": "b", "score": 1}\n' * 20 + '{"left": "a", "right": 5, "score": 1}\n{\n',
            ),
            ("a.parquet", b"no parquet"),
            ("a.xlsx", b"PK\3\4"),
            ("a.csv", "anchor,positive,negative\na,b,c\n" * 1 + "a,,c\n"),
        ],
    )
    def test_a_message_is_that_of_reading_into_memory(self, tmp_path: Path, name: str, content: str | bytes):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(DataError) as expected:
            read_examples(path)
        assert self.message(path, cache=tmp_path / "cache") == str(expected.value)
        assert not [entry for entry in tmp_path.rglob("*") if entry.is_file() and entry != path], "a half store is left"

    def test_a_header_alone_is_no_data(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("left,right,score\n")
        assert "a.csv has no rows" in self.message(tmp_path / "a.csv", cache=tmp_path / "cache")

    def test_bad_rows_of_a_later_file_are_named_with_that_file_and_their_lines(self, tmp_path: Path):
        (tmp_path / "1.csv").write_text("left,right,score\na,b,1\n")
        (tmp_path / "2.csv").write_text("left,right,score\na,b,1\n" + "c,d,0\n" * 50 + "c,d,nine\n")
        message = self.message(str(tmp_path / "*.csv"), cache=tmp_path / "cache")
        assert message == f"{tmp_path / '2.csv'}: line 53: 'score' is 'nine', not a finite number. " + (
            "Correct or remove this row."
        )

    def test_files_of_different_shapes_are_refused_by_name(self, tmp_path: Path):
        (tmp_path / "1.csv").write_text("left,right,score\na,b,1\n")
        (tmp_path / "2.csv").write_text("anchor,positive\na,b\n")
        message = self.message(str(tmp_path / "*.csv"), cache=tmp_path / "cache")
        assert f"{tmp_path / '2.csv'} holds an anchor and a positive, and {tmp_path / '1.csv'} scored pairs" in message

    def test_groups_in_some_files_only_are_refused(self, tmp_path: Path):
        (tmp_path / "1.csv").write_text("anchor,positive\na,b\n")
        (tmp_path / "2.csv").write_text("anchor,positive,group\na,b,1\n")
        assert "an anchor and a positive with a group" in self.message(str(tmp_path / "*.csv"), cache=tmp_path / "c")

    def test_negatives_in_some_files_only_are_taken(self, tmp_path: Path):
        (tmp_path / "1.csv").write_text("anchor,positive\na,b\n")
        (tmp_path / "2.csv").write_text("anchor,positive,negative\na,b,c\n")
        found = stream_examples(str(tmp_path / "*.csv"), cache=tmp_path / "c").load()
        assert found.negatives == [(), ("c",)]

    def test_texts_with_classes_are_refused(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("text,class\na,b\n")
        message = self.message(tmp_path / "a.csv", cache=tmp_path / "c")
        assert "such data cannot be streamed" in message
        assert "--no-stream" in message

    def test_a_pattern_that_matches_nothing_is_said(self, tmp_path: Path):
        assert f"No file matches {tmp_path}/*.csv" in self.message(f"{tmp_path}/*.csv")

    def test_files_of_different_formats_are_refused(self, tmp_path: Path):
        for name in ("a.csv", "b.tsv"):
            (tmp_path / name).write_text("x")
        message = self.message(f"{tmp_path}/*")
        assert "'.csv', '.tsv'" in message
        assert "a.csv and" in message

    def test_a_folder_without_parquet_is_refused_with_a_pattern_to_use(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("x")
        assert f"'{tmp_path}/*.csv'" in self.message(tmp_path)

    @pytest.mark.parametrize("source", [5, [], [5], None])
    def test_a_source_that_is_no_path_is_refused(self, source):
        assert "Expected" in self.message(source)

    def test_a_frame_is_refused(self):
        assert "read_examples" in self.message(pd.DataFrame({"left": ["a"]}))

    def test_a_scale_goes_with_scored_pairs_only(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("anchor,positive\na,b\n")
        assert "for scored pairs only" in self.message(tmp_path / "a.csv", cache=tmp_path / "c", score_range=(0, 5))

    def test_an_unknown_encoding_is_refused(self, tmp_path: Path):
        (tmp_path / "a.csv").write_text("left,right,score\na,b,1\n")
        assert "'klingon'" in self.message(tmp_path / "a.csv", cache=tmp_path / "c", encoding="klingon")

    @pytest.mark.parametrize("rows", [[1.0], "1", ["a"], [[0, 1]], [[0], [1, 2]], None, 3, {1}])
    def test_positions_that_are_none_are_refused(self, tmp_path: Path, rows):
        with pytest.raises(SettingsError, match="positions of rows as whole numbers"):
            stored(pairs(), tmp_path).take(rows)

    @pytest.mark.parametrize("rows", [[60], [-61], np.ones(59, bool)])
    def test_positions_that_are_not_there_are_an_index_error(self, tmp_path: Path, rows):
        with pytest.raises(IndexError):
            stored(pairs(), tmp_path).take(rows)

    @pytest.mark.parametrize("count", [-1, 1.5, "3", None, True])
    def test_a_sample_of_no_whole_number_of_rows_is_refused(self, tmp_path: Path, count):
        with pytest.raises(SettingsError, match="Expected count to be a whole number from 0"):
            stored(pairs(), tmp_path).sample(count)

    @pytest.mark.parametrize("seed", ["x", 1.5, None, True])
    def test_a_seed_that_is_no_whole_number_is_refused(self, tmp_path: Path, seed):
        found = stored(pairs(), tmp_path)
        for action in (found.split, lambda seed: found.sample(5, seed=seed)):
            with pytest.raises(SettingsError, match="Expected seed to be a whole number"):
                action(seed=seed)

    @pytest.mark.parametrize("seed", [-1, 2**70, np.int64(3)])
    def test_any_whole_number_is_a_seed_of_a_split(self, tmp_path: Path, seed):
        training, held_out = stored(pairs(), tmp_path).split(0.2, seed=seed)
        assert len(training) + len(held_out) == 60

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("encoding", 5),
            ("encoding", None),
            ("cache", 5),
            ("cache", ""),
            ("left", 5),
            ("delimiter", 5),
            ("columns", 5),
            ("columns", [1]),
        ],
    )
    def test_settings_that_are_no_texts_are_refused(self, tmp_path: Path, name: str, value):
        (tmp_path / "a.csv").write_text("left,right,score\na,b,1\n")
        assert f"Expected {name} to be" in self.message(tmp_path / "a.csv", **{name: value})
