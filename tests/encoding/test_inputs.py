import csv
import gzip
import json
from pathlib import Path

import pytest

from tfsiamese.encoding.inputs import find_inputs, windows
from tfsiamese.encoding.records import Columns
from tfsiamese.errors import DataError, SettingsError

pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed")


def write(path: Path, content: str | bytes) -> Path:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def write_parquet(path: Path, columns: dict[str, list]) -> Path:
    from pyarrow import parquet

    parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return path


def read(*paths: Path, column: str | None = None, id_column: str | None = None) -> list[tuple]:
    """(line, text, id) of all records."""
    columns = Columns(column, id_column)
    found = windows(find_inputs(paths, columns), columns, None)
    return [tuple(record) for window in found for record in window.records]


def test_lines_of_several_files_come_in_the_order_of_the_files(tmp_path: Path):
    one, two = write(tmp_path / "1.txt", "red\n\nblue\n"), write(tmp_path / "2.txt", "green")
    assert read(two, one) == [(1, "green", None), (1, "red", None), (2, "", None), (3, "blue", None)]


def test_a_pattern_finds_its_files_sorted_and_in_folders_below(tmp_path: Path):
    (tmp_path / "a").mkdir()
    write(tmp_path / "b.txt", "b"), write(tmp_path / "a" / "z.txt", "z"), write(tmp_path / "a.txt", "a")
    write(tmp_path / "c.csv", "text\nnot this\n")
    found = find_inputs(str(tmp_path / "**" / "*.txt"), Columns())
    assert [Path(source.path).relative_to(tmp_path).as_posix() for source in found] == ["a.txt", "a/z.txt", "b.txt"]


def test_a_file_whose_name_looks_like_a_pattern_is_that_file(tmp_path: Path):
    assert read(write(tmp_path / "a[1].txt", "one")) == [(1, "one", None)]


@pytest.mark.parametrize("name", ["texts.txt.gz", "misnamed.txt"])
def test_gzip_is_unpacked_whatever_the_name(tmp_path: Path, name: str):
    assert read(write(tmp_path / name, gzip.compress("één\ntwo\n".encode()))) == [(1, "één", None), (2, "two", None)]


def test_a_gzip_file_that_ends_early_is_named_with_the_line_it_got_to(tmp_path: Path):
    path = write(tmp_path / "t.gz", gzip.compress("".join(f"line {n * n}\n" for n in range(20_000)).encode())[:-20_000])
    with pytest.raises(DataError, match=r"t\.gz cannot be unpacked after line \d{3,}"):
        read(path)


def test_lines_end_at_line_feeds_only(tmp_path: Path):
    path = write(tmp_path / "t.txt", "a\u2028b\x0cc\r\nd\x85e\r\n")
    assert [text for _, text, _ in read(path)] == ["a\u2028b\x0cc", "d\x85e"]


def test_a_column_of_a_csv_file_with_lines_inside_quotes_keeps_the_line_where_a_row_starts(tmp_path: Path):
    path = write(tmp_path / "t.csv", '\ufeffid,title\n7,"red, ""big""\napple"\n\n8,\n9,nurse\n')
    rows = [(2, 'red, "big"\napple', "7"), (5, "", "8"), (6, "nurse", "9")]
    assert read(path, column="title", id_column="id") == rows


def test_quotation_marks_of_a_tab_separated_file_that_do_not_pair_up_are_characters(tmp_path: Path):
    path = write(tmp_path / "t.tsv", 'text\tscore\n"open\t1\nplain\t2\n')
    assert [text for _, text, _ in read(path)] == ['"open', "plain"]


def test_members_of_json_lines_may_stand_in_any_order(tmp_path: Path):
    lines = [{"id": 7, "title": "red\u2028apple"}, {"title": "nurse", "id": None}, {"title": "\ud800x", "id": "z"}]
    path = write(tmp_path / "t.jsonl", "\n\n".join(map(json.dumps, lines)))
    rows = [(1, "red\u2028apple", "7"), (3, "nurse", None), (5, "���x", "z")]
    assert read(path, column="title", id_column="id") == rows


def test_rows_of_parquet_are_counted_from_1_over_row_groups(tmp_path: Path):
    path = write_parquet(tmp_path / "t.parquet", {"n": [5, None, 7], "text": ["red", "", "péar"]})
    assert read(path, id_column="n") == [(1, "red", "5"), (2, "", None), (3, "péar", "7")]


def test_texts_of_parquet_may_be_a_dictionary(tmp_path: Path):
    path = write_parquet(tmp_path / "t.parquet", {"text": pyarrow.array(["a", "b", "a"]).dictionary_encode()})
    assert [text for _, text, _ in read(path)] == ["a", "b", "a"]


@pytest.mark.parametrize("name", ["string_view", "large_string"])
def test_texts_of_parquet_may_be_of_any_type_of_strings(tmp_path: Path, name: str):
    if not hasattr(pyarrow, name):
        pytest.skip(f"this pyarrow has no {name}")
    path = write_parquet(tmp_path / "t.parquet", {"text": pyarrow.array(["a", "péar"], getattr(pyarrow, name)())})
    assert [text for _, text, _ in read(path)] == ["a", "péar"]


def test_the_first_row_of_json_lines_decides_where_the_texts_are(tmp_path: Path):
    path = write(tmp_path / "t.jsonl", '{"title": "red"}\n{"title": "blue", "id": 1}\n{"note": "not this"}\n')
    with pytest.raises(DataError, match=r"t\.jsonl, line 3 has no column 'title'\."):
        read(path)
    path = write(tmp_path / "u.jsonl", '{"title": "red"}\n{"title": "blue", "text": "not this"}\n')
    assert [text for _, text, _ in read(path)] == ["red", "blue"]


def test_two_columns_of_one_name_are_refused(tmp_path: Path):
    from pyarrow import parquet

    table = pyarrow.Table.from_arrays([pyarrow.array(["a"])] * 3, names=["text", "n", "text"])
    parquet.write_table(table, tmp_path / "t.parquet")
    for path in (tmp_path / "t.parquet", write(tmp_path / "t.csv", "text,n, text\na,b,c\n")):
        with pytest.raises(DataError, match="has 2 columns 'text'. Expected one"):
            find_inputs(path, Columns())
        assert [text for _, text, _ in read(path, column="n")] in (["a"], ["b"])


@pytest.mark.parametrize("suffix", ["csv", "tsv"])
def test_long_fields_are_read_and_the_limit_of_the_process_stays(tmp_path: Path, suffix: str):
    limit = csv.field_size_limit()
    text = 'long, "quoted" ' * 20_000
    quoted = text.replace('"', '""')
    path = write(tmp_path / f"t.{suffix}", f'text\n"{quoted}"\nshort\n')
    assert [found for _, found, _ in read(path)] == [text, "short"]
    assert csv.field_size_limit() == limit


def test_a_quotation_mark_that_is_never_closed_does_not_take_all_of_the_file(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("tfsiamese.encoding.large_fields.MOST_CHARACTERS", 200_000)
    monkeypatch.setattr("tfsiamese.encoding.records.MOST_CHARACTERS", 200_000)
    path = write(tmp_path / "t.csv", 'text\n"open\n' + "a line\n" * 40_000)
    with pytest.raises(DataError, match=r"line 2: a field is longer than 200,000 characters\. .*\.jsonl or \.parquet"):
        read(path)


@pytest.mark.parametrize("header", ["text", "title"])
def test_the_column_is_found_where_it_is_called_text_or_is_the_only_one(tmp_path: Path, header: str):
    assert read(write(tmp_path / "t.csv", f"{header}\nred\n")) == [(2, "red", None)]
    assert read(write(tmp_path / "u.csv", "id,text\n1,red\n")) == [(2, "red", None)]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.txt", b"ok\ncaf\xe9\n", r"t\.txt, line 2: not UTF-8 \("),
        ("t.csv", b"text\nok\ncaf\xe9\n", r"t\.csv, line 3: not UTF-8 \("),
        ("t.csv", b"text,n\na,1\nb\n", r"t\.csv, line 3: 1 fields, expected 2"),
        ("t.csv", b'text,n\na,1\n"b,2\nc,3\n', r"t\.csv, line 3: .*quotation marks"),
        ("t.csv", b"a,b\n1,2\n", r"t\.csv has the columns 'a', 'b'\. Name .*--column"),
        ("t.jsonl", b'{"text": "a"}\n{"text": \n', r"t\.jsonl, line 2: no valid JSON"),
        ("t.jsonl", b'{"text": "a"}\n["b"]\n', r"t\.jsonl, line 2: \['b'\] is no JSON object"),
        ("t.jsonl", b'{"text": "a"}\n{"text": null}\n', r"t\.jsonl, line 2: the text is missing"),
        ("t.jsonl", b'{"text": "a"}\n{"text": 7}\n', r"t\.jsonl, line 2: the text is 7, not a text"),
        ("t.jsonl", b'{"text": "a", "n": 1}\n{"n": 1, "m": 2}\n', r"t\.jsonl, line 2 has no column 'text'"),
        ("t.parquet", b"no parquet", r"t\.parquet cannot be read as Parquet"),
        ("t.txt", None, r"t\.txt cannot be read: No such file"),
    ],
)
def test_what_cannot_be_read_is_named_with_its_file_and_line(tmp_path: Path, name, content, said):
    if content is not None:
        write(tmp_path / name, content)
    with pytest.raises((DataError, SettingsError), match=said):
        read(tmp_path / name)


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({"text": ["a", None, "b", None]}, r"2 texts of the column 'text' are missing"),
        ({"text": [1, 2]}, r"the column 'text' is int64\. Expected a column of texts"),
        ({"title": ["a"], "id": ["b"]}, r"has the columns 'title', 'id'"),
    ],
)
def test_parquet_that_cannot_be_encoded_is_refused_before_anything_is_read(tmp_path: Path, columns, said):
    path = write_parquet(tmp_path / "t.parquet", columns)
    with pytest.raises((DataError, SettingsError), match=said):
        find_inputs(path, Columns())


@pytest.mark.parametrize("name", ["t.csv", "t.parquet", "t.jsonl"])
def test_a_missing_column_is_found_at_once_with_the_nearest_name(tmp_path: Path, name: str):
    if name == "t.parquet":
        write_parquet(tmp_path / name, {"titel": ["a"]})
    else:
        write(tmp_path / name, "titel\na\n" if name == "t.csv" else '{"titel": "a"}')
    with pytest.raises(DataError, match=r"has no column 'title'\. Did you mean 'titel'\?"):
        find_inputs(tmp_path / name, Columns("title"))


def test_sources_that_lead_nowhere_are_refused(tmp_path: Path):
    write(tmp_path / "a.txt", "a")
    with pytest.raises(DataError, match=r"\*\.csv matches no file"):
        find_inputs(tmp_path / "*.csv", Columns())
    with pytest.raises(DataError, match=r"is a folder\. Name its files"):
        find_inputs(tmp_path, Columns())
    with pytest.raises(SettingsError, match="no files"):
        find_inputs([], Columns())
    with pytest.raises(SettingsError, match="more than once"):
        find_inputs(["-", "-"], Columns())
    with pytest.raises(SettingsError, match="without columns"):
        find_inputs(tmp_path / "a.txt", Columns("title"))


def test_windows_end_where_a_shard_ends_and_depend_on_its_own_texts_alone(tmp_path: Path):
    one = write(tmp_path / "1.txt", "".join(f"{number}\n" for number in range(7)))
    two = write(tmp_path / "2.txt", "".join(f"{number}\n" for number in range(7, 13)))
    found = list(windows(find_inputs([one, two], Columns()), Columns(), 5, rows=3))
    assert [(window.shard, len(window.records)) for window in found] == [(0, 3), (0, 2), (1, 3), (1, 2), (2, 3)]
    assert [text for window in found for text in window.texts] == [str(number) for number in range(13)]
    assert [window.files for window in found[2:4]] == [[0, 0, 1], [1, 1]]
    assert found[-1].position == one.stat().st_size + two.stat().st_size
    positions = [window.position for window in found]
    assert positions == sorted(positions)


def test_windows_of_long_texts_have_fewer_of_them(tmp_path: Path):
    path = write(tmp_path / "t.txt", ("x" * 2**20 + "\n") * 40)
    sizes = [len(window.records) for window in windows(find_inputs(path, Columns()), Columns(), None)]
    assert sum(sizes) == 40
    assert max(sizes) < 20
