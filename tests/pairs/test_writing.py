import csv
import json
import random
import sys

import pandas as pd
import pytest

from tfsiamese.errors import DataError, DependencyError, SettingsError
from tfsiamese.pairs import LabelledTexts, Pairs, Triplets, read_examples, read_pairs, write_examples

SUFFIXES = (".csv", ".tsv", ".jsonl", ".parquet")
TEXTS = [
    "NA",
    "null",
    " spaces ",
    "tab\tinside",
    'say "yes"',
    '"quoted"',
    "a,b;c",
    "line\nbreak",
    "carriage\rreturn",
    "both\r\n",
    "a\u2028b\x85c",
    "看護師",
    "👩‍⚕️",
    "\ufefftext",
    "007",
    "1e5",
    "'",
    "#N/A",
    "=SUM(1)",
    '"',
    '\t"\t\n"',
]
NUMBERS = [1 / 3, 0.1, 1e-300, 0.0, 1.0, 0.1 + 0.2, 5e-324, 0.7468, 2 / 3, 0.9999999999999999]


def score(place: int) -> float:
    return NUMBERS[place % len(NUMBERS)]


def pairs() -> Pairs:
    rows = [(text, TEXTS[-place - 1], score(place)) for place, text in enumerate(TEXTS)]
    return Pairs.from_frame(pd.DataFrame(rows, columns=["left", "right", "score"]))


def triplets(negatives: bool = True, scores: bool = True, groups: bool = True) -> Triplets:
    generator = random.Random(0)
    frame = pd.DataFrame({"anchor": TEXTS, "positive": TEXTS[::-1]})
    if negatives:
        frame["negatives"] = pd.Series([tuple(generator.sample(TEXTS, place % 4)) for place in range(len(TEXTS))])
    if scores:
        counts = frame["negatives"].map(len) if negatives else [0] * len(frame)
        values = [tuple(score(place) * 100 - 50 for place in range(row, row + 1 + n)) for row, n in enumerate(counts)]
        frame["scores"] = pd.Series(values)
    if groups:
        frame["group"] = [f'"group", {place % 5}\t' for place in range(len(frame))]
    return Triplets.from_frame(frame)


def labelled_texts() -> LabelledTexts:
    classes = [f'class "{place % 3}",\t7' for place in range(len(TEXTS))]
    return LabelledTexts.from_frame(pd.DataFrame({"text": TEXTS, "class": classes}))


EXAMPLES = {
    "pairs": pairs,
    "triplets": triplets,
    "triplets without scores": lambda: triplets(scores=False),
    "triplets without negatives": lambda: triplets(negatives=False),
    "triplets of two columns": lambda: triplets(negatives=False, scores=False, groups=False),
    "texts with classes": labelled_texts,
}


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("kind", EXAMPLES)
def test_what_is_written_reads_back_as_it_was(kind, suffix, tmp_path):
    if suffix == ".parquet":
        pytest.importorskip("pyarrow")
    examples, path = EXAMPLES[kind](), tmp_path / f"examples{suffix}"
    write_examples(examples, path)
    again = read_examples(path)
    assert type(again) is type(examples)
    assert again.fingerprint == examples.fingerprint
    assert again.frame.drop(columns="line").equals(examples.frame.drop(columns="line"))


def test_scores_of_pairs_are_written_as_mapped_to_zero_to_one(tmp_path):
    frame = pd.DataFrame({"left": ["a", "c"], "right": ["b", "d"], "score": [1, 5]})
    examples = read_pairs(frame, score_range=(0, 5))
    write_examples(examples, tmp_path / "pairs.csv")
    assert (tmp_path / "pairs.csv").read_bytes() == b"left,right,score\na,b,0.2\nc,d,1.0\n"
    assert read_examples(tmp_path / "pairs.csv").fingerprint == examples.fingerprint


def few_triplets() -> Triplets:
    rows = [("a", "p", ("n", "m"), (1.5, 0.25, -1), "g"), ("b", "q", (), (2,), "h")]
    return Triplets.from_frame(pd.DataFrame(rows, columns=["anchor", "positive", "negatives", "scores", "group"]))


def test_csv_files_have_a_column_for_each_negative_with_empty_cells_where_a_row_has_fewer(tmp_path):
    write_examples(few_triplets(), tmp_path / "examples.csv")
    assert (tmp_path / "examples.csv").read_text().splitlines() == [
        "anchor,positive,negative,negative_2,positive_score,negative_score,negative_2_score,group",
        "a,p,n,m,1.5,0.25,-1.0,g",
        "b,q,,,2.0,,,h",
    ]


def test_json_lines_hold_lists_of_negatives_and_texts_as_they_are(tmp_path):
    write_examples(few_triplets(), str(tmp_path / "examples.jsonl"))
    lines = (tmp_path / "examples.jsonl").read_text().splitlines()
    assert json.loads(lines[0]) == {
        "anchor": "a",
        "positive": "p",
        "negatives": ["n", "m"],
        "positive_score": 1.5,
        "negative_scores": [0.25, -1.0],
        "group": "g",
    }
    assert json.loads(lines[1])["negatives"] == []
    write_examples(labelled_texts(), tmp_path / "texts.jsonl")
    assert "看護師" in (tmp_path / "texts.jsonl").read_text(encoding="utf-8")


def test_an_existing_file_is_replaced_and_nothing_else_is_left(tmp_path):
    path = tmp_path / "folder" / "examples.csv"
    write_examples(pairs(), path)
    write_examples(few_triplets(), path)
    assert read_examples(path).fingerprint == few_triplets().fingerprint
    assert [file.name for file in path.parent.iterdir()] == ["examples.csv"]


@pytest.mark.parametrize("name", ["examples.txt", "examples", "examples.csv.gz"])
def test_an_unknown_suffix_is_refused_with_those_that_are_known(name, tmp_path):
    with pytest.raises(SettingsError, match=r"suffixes \.csv, \.tsv, \.jsonl, \.parquet\. Received: .*examples"):
        write_examples(pairs(), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_no_rows_cannot_be_written(tmp_path):
    with pytest.raises(DataError, match=r"^DataFrame has no rows, so there is nothing to write to .*pairs\.csv"):
        write_examples(pairs().take([]), tmp_path / "pairs.csv")


@pytest.mark.parametrize("suffix", [".csv", ".tsv"])
def test_a_text_too_long_to_be_read_from_a_field_is_refused_and_can_be_written_to_json_lines(suffix, tmp_path):
    frame = pd.DataFrame({"text": ["x" * (csv.field_size_limit() + 1)], "class": ["a"]})
    examples = LabelledTexts.from_frame(frame)
    with pytest.raises(DataError, match=r"longer than the 131072 .* Write \.jsonl or \.parquet"):
        write_examples(examples, tmp_path / f"examples{suffix}")
    assert not list(tmp_path.iterdir())
    write_examples(examples, tmp_path / "examples.jsonl")
    assert read_examples(tmp_path / "examples.jsonl").fingerprint == examples.fingerprint


def test_texts_that_a_tsv_file_would_not_keep_apart_are_refused(tmp_path):
    examples = LabelledTexts.from_frame(pd.DataFrame({"text": ["one\ttwo\nthree"], "class": ["a"]}))
    with pytest.raises(DataError, match=r"would be read as those between columns and rows\. Write \.csv"):
        write_examples(examples, tmp_path / "examples.tsv")
    write_examples(examples, tmp_path / "examples.csv")
    assert read_examples(tmp_path / "examples.csv").fingerprint == examples.fingerprint


def test_parquet_without_pyarrow_names_the_extra_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DependencyError, match=r'pip install "tfsiamese\[parquet\]"'):
        write_examples(pairs(), tmp_path / "pairs.parquet")
