import csv
import io
import json
import subprocess
import sys

import pandas as pd
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs import Pairs, read_pairs

TEXTS = [
    ("NA", "null"),
    ("001", "1e5"),
    ("true", "None"),
    ("nan", "-"),
    (" spaces ", "tab\tinside"),
    ('say "yes"', "a,b;c"),
    ("line\nbreak", "infirmière"),
    ("看護師", "👩‍⚕️ Krankenschwester"),
    ("'", "#N/A"),
]
SCORES = [0.0, 1.0, 0.5, 0.7468, 1 / 3, 0.1, 1e-3, 0.25, 0.9]
ROWS = [(left, right, score) for (left, right), score in zip(TEXTS, SCORES, strict=True)]


def delimited(delimiter: str, header: tuple[str, ...] = ("base", "ref", "similarity")) -> str:
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter).writerows([header, *ROWS])
    return buffer.getvalue()


def json_lines(*names: str) -> str:
    return "".join(json.dumps(dict(zip(names, row, strict=True)), ensure_ascii=False) + "\n" for row in ROWS)


FILES = {
    "pairs.csv": delimited(","),
    "PAIRS.CSV": delimited(",", (" Base", "REF ", "Similarity")),
    "pairs.tsv": delimited("\t"),
    "pairs.jsonl": json_lines("sentence1", "sentence2", "score"),
    "pairs.ndjson": json_lines("text1", "text2", "label"),
    "pairs.json": json_lines("left", "right", "score"),
}


def check_rows(pairs: Pairs) -> None:
    assert list(zip(pairs.left, pairs.right, pairs.frame["score"], strict=True)) == ROWS
    assert pairs.fingerprint == read_pairs(pd.DataFrame(ROWS, columns=["left", "right", "score"])).fingerprint


@pytest.mark.parametrize("name", FILES)
def test_texts_and_scores_of_a_text_file_are_kept_as_they_are_written(name, write_file):
    path = write_file(name, FILES[name])
    check_rows(read_pairs(path))
    check_rows(read_pairs(str(path)))


def test_texts_and_scores_of_a_parquet_file_are_kept_as_they_are_written(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "pairs.parquet"
    pd.DataFrame(ROWS, columns=["base", "ref", "similarity"]).to_parquet(path)
    check_rows(read_pairs(path))


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-8", "utf-16", "utf-16-le", "gb18030"])
def test_other_encodings_are_read_when_named_and_byte_order_marks_are_passed_over(name, encoding, write_file):
    check_rows(read_pairs(write_file(name, FILES[name].encode(encoding)), encoding=encoding))


@pytest.mark.parametrize("name", ["pairs.csv", "pairs.jsonl"])
def test_a_byte_order_mark_of_utf_8_needs_no_setting(name, write_file):
    check_rows(read_pairs(write_file(name, FILES[name].encode("utf-8-sig"))))


@pytest.mark.parametrize("encoding", ["no-such-encoding", "base64", "rot13"])
def test_an_unknown_encoding_is_refused(encoding, write_file):
    with pytest.raises(SettingsError, match=f"encoding '{encoding}'. Pass a name that Python knows with --encoding"):
        read_pairs(write_file("pairs.csv", FILES["pairs.csv"]), encoding=encoding)


def test_other_columns_may_be_there_and_any_names_can_be_given(write_file):
    path = write_file("pairs.csv", "id;Query;Hit;Gold;note\n1;a;b;0.5;\n2;c;d;1;x\n")
    pairs = read_pairs(path, left="query", right=" Hit", score="GOLD", delimiter=";")
    assert (pairs.left, pairs.right, pairs.scores.tolist()) == (["a", "c"], ["b", "d"], [0.5, 1.0])


def test_scores_are_mapped_from_their_range_to_zero_to_one(write_file):
    path = write_file("pairs.csv", "left,right,score\na,b,-1\nc,d,0\ne,f,1\ng,h,0.5\n")
    for score_range in [(-1, 1), [-1.0, 1.0]]:
        pairs = read_pairs(path, score_range=score_range)
        assert pairs.frame["score"].tolist() == [0.0, 0.5, 1.0, 0.75]
        assert pairs.score_range == (-1.0, 1.0)


@pytest.mark.parametrize(
    "score_range", [(1, 0), (1, 1), (0,), (0, 1, 2), (0, float("inf")), ("a", "b"), "01", 5, (0, None)]
)
def test_a_score_range_that_is_none_is_refused(score_range, write_file):
    path = write_file("pairs.csv", FILES["pairs.csv"])
    with pytest.raises(SettingsError, match=r"Expected two numbers, the lower one first, as --score-range LOW HIGH"):
        read_pairs(path, score_range=score_range)


def test_a_missing_file_is_reported(tmp_path):
    for name in ("none.csv", "none.jsonl", "none.xyz", "none"):
        with pytest.raises(DataError, match=rf"{name} does not exist\. .*check the path\.$"):
            read_pairs(tmp_path / name)


def test_a_name_that_is_too_long_is_reported():
    with pytest.raises(DataError, match=r"\.csv cannot be read: File name too long"):
        read_pairs("x" * 5000 + ".csv")


def test_a_folder_is_reported(tmp_path):
    (tmp_path / "folder.csv").mkdir()
    for path in (tmp_path, tmp_path / "folder.csv"):
        with pytest.raises(DataError, match=r" is a folder\. Expected a file"):
            read_pairs(path)


@pytest.mark.parametrize(
    ("name", "problem"),
    [("pairs.xlsx", "the unknown suffix .xlsx"), ("pairs.csv.gz", "the unknown suffix .gz"), ("pairs", "no suffix")],
)
def test_an_unknown_suffix_is_reported_with_those_that_are_known(name, problem, message_for):
    message = message_for(name, "left,right,score\na,b,1\n")
    assert message == (
        f" has {problem}. Expected one of .csv, .tsv, .jsonl, .ndjson, .json, .parquet: convert or rename the file."
    )


@pytest.mark.parametrize("source", [None, 7, b"pairs.csv", ["a", "b"], io.StringIO()])
def test_a_source_that_is_neither_path_nor_data_frame_is_refused(source):
    with pytest.raises(SettingsError, match=r"Expected the path of a file, or a pandas DataFrame. Received: \w+\."):
        read_pairs(source)


def test_the_training_pairs_of_the_article_are_read(data_folder):
    pairs = read_pairs(data_folder / "seed_article" / "esco_pairs.csv")
    assert len(pairs) == 98
    assert pairs.frame.iloc[0].tolist() == ["dresser", "data scientist", 0.5, 2]
    assert sorted(set(pairs.scores.round(4).tolist())) == pytest.approx([0.5, 0.7468, 1.0])
    # The eighth pair holds a line break, so the ninth starts two lines further down.
    assert pairs.right[7].startswith(" Equine dental technicians provide")
    assert pairs.right[7].endswith("legislation. \n")
    assert pairs.frame["line"].tolist()[6:10] == [8, 9, 11, 12]


@pytest.mark.parametrize(
    ("name", "num_rows"), [("en-train", 5749), ("en-dev", 1500), ("de-test", 1379), ("ja-dev", 1500)]
)
def test_sts_b_is_read_with_names_for_its_columns_and_its_score_range(name, num_rows, data_folder):
    path = data_folder / "stsb" / f"stsb-{name}.csv"
    pairs = read_pairs(path, columns=["sentence1", "sentence2", "score"], score_range=(0, 5))
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    assert len(pairs) == num_rows == len(rows)
    assert pairs.left == [row[0] for row in rows]
    assert pairs.right == [row[1] for row in rows]
    assert pairs.scores.tolist() == pytest.approx([float(row[2]) / 5 for row in rows])


def test_sts_b_without_names_for_its_columns_is_told_to_give_them(data_folder):
    with pytest.raises(DataError, match=r"line 1 holds data, not column names.*--columns sentence1,sentence2,score"):
        read_pairs(data_folder / "stsb" / "stsb-en-dev.csv")


def test_reading_pairs_does_not_import_tensorflow():
    code = "import sys, tfsiamese.pairs; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
