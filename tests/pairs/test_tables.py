import sys

import numpy as np
import pandas as pd
import pytest

from tfsiamese.errors import DataError, DependencyError, SettingsError
from tfsiamese.pairs import Pairs, read_pairs

COLUMNS = ["base", "ref", "similarity"]


def frame_of(*rows: tuple) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=COLUMNS, dtype=object)


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ((None, "b", 1), "row 2: 'base' is missing."),
        (("a", float("nan"), 1), "row 2: 'ref' is missing."),
        (("a", pd.NA, 1), "row 2: 'ref' is missing."),
        (("a", 7, 1), "row 2: 'ref' is 7, not a text."),
        (("a", b"b", 1), "row 2: 'ref' is b'b', not a text."),
        (("a", "\n ", 1), "row 2: 'ref' is blank."),
        (("a", "b", None), "row 2: 'similarity' is missing."),
        (("a", "b", pd.NA), "row 2: 'similarity' is missing."),
        (("a", "b", float("nan")), "row 2: 'similarity' is missing."),
        (("a", "b", np.bool_(True)), "row 2: 'similarity' is true."),
        (("a", "b", pd.Timestamp("2026-01-01")), "row 2: 'similarity' is 2026-01-01 00:00:00, not a finite number."),
    ],
)
def test_rows_of_a_data_frame_that_cannot_be_used_are_reported_with_their_number(row, problem):
    with pytest.raises(DataError) as caught:
        read_pairs(frame_of(("a", "b", 1), row))
    assert str(caught.value).startswith(f"DataFrame: {problem}")
    assert "\n" not in str(caught.value)


def test_row_numbers_count_rows_whatever_the_index_says():
    frame = frame_of(("a", "b", 1), ("c", "d", 0), ("e", "f", 0.5)).set_index(pd.Index([40, 30, 20]))
    assert read_pairs(frame).frame["line"].tolist() == [1, 2, 3]
    assert read_pairs(frame).frame.index.tolist() == [0, 1, 2]


def test_a_data_frame_of_any_column_types_is_read():
    frame = pd.DataFrame({"text1": pd.Categorical(["a", "b"]), "text2": ["c", "d"], "label": pd.array([1, 0], "Int64")})
    pairs = read_pairs(frame)
    assert (pairs.left, pairs.right, pairs.scores.tolist()) == (["a", "b"], ["c", "d"], [1.0, 0.0])
    numbered = pd.DataFrame([["a", "b", 1.0]])
    assert read_pairs(numbered, left="0", right="1", score="2").right == ["b"]


def test_a_data_frame_is_not_changed():
    frame = frame_of(("a", "b", 5), ("c", "d", 0))
    copy = frame.copy()
    read_pairs(frame, score_range=(0, 5))
    pd.testing.assert_frame_equal(frame, copy)


def test_an_empty_data_frame_is_reported():
    with pytest.raises(DataError, match=r"^DataFrame has no rows\. Expected one pair of texts in each row\.$"):
        read_pairs(frame_of())


def test_a_column_that_a_data_frame_has_twice_is_reported():
    frame = pd.DataFrame([["a", "b", 1, "c"]], columns=["base", "ref", "similarity", "ref"])
    with pytest.raises(DataError, match="columns 2 and 4 have the same name 'ref'"):
        read_pairs(frame)


def test_from_frame_reads_as_read_pairs_does_and_takes_a_name_for_messages():
    frame = pd.DataFrame({"a": ["x"], "b": ["y"], "c": [4]})
    names = {"left": "a", "right": "b", "score": "c", "score_range": (0, 5)}
    pairs = Pairs.from_frame(frame, source="my pairs", **names)
    assert pairs.source == "my pairs"
    assert pairs.score_range == (0.0, 5.0)
    assert pairs.fingerprint == read_pairs(frame, **names).fingerprint
    with pytest.raises(DataError, match=r"^my pairs: row 1: 'c' is 4, not from 0 to 1\."):
        Pairs.from_frame(frame, source="my pairs", left="a", right="b", score="c")


def test_a_parquet_file_is_read_by_column_name_with_row_numbers(tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "pairs.parquet"
    frame = pd.DataFrame({"id": [1, 2], "s.1": ["NA", "b"], "s": ["x", "y"], "s.2": ["c", "d"], "gold": [5.0, 0.0]})
    frame.to_parquet(path)
    pairs = read_pairs(path, left="s.1", right="s.2", score="gold", score_range=(0, 5))
    assert (pairs.left, pairs.right, pairs.scores.tolist()) == (["NA", "b"], ["c", "d"], [1.0, 0.0])
    assert pairs.frame["line"].tolist() == [1, 2]


@pytest.mark.parametrize(
    ("frame", "problem"),
    [
        (frame_of(("a", "b", 1.0), (None, "b", 1.0)), ": row 2: 'base' is missing. Correct or remove this row."),
        (pd.DataFrame({"base": [3], "ref": ["b"], "similarity": [1]}), ": row 1: 'base' is 3, not a text."),
        (pd.DataFrame({"base": ["a"], "ref": ["b"], "similarity": [True]}), ": row 1: 'similarity' is true. Write 1"),
        (pd.DataFrame({"base": ["a"], "ref": ["b"]}), ": the columns found are 'base', 'ref'; expected"),
        (frame_of(), " has no rows."),
    ],
)
def test_rows_of_a_parquet_file_that_cannot_be_used_are_reported_with_their_number(frame, problem, tmp_path):
    pytest.importorskip("pyarrow")
    path = tmp_path / "pairs.parquet"
    frame.to_parquet(path)
    with pytest.raises(DataError) as caught:
        read_pairs(path)
    assert str(caught.value).startswith(f"{path}{problem}")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"base,ref,similarity\n", b"PAR1 and no more PAR1"])
def test_a_file_that_is_no_parquet_is_reported(content, message_for):
    pytest.importorskip("pyarrow")
    message = message_for("pairs.parquet", content)
    assert message.startswith(" cannot be read as Parquet: ")
    assert message.endswith(". Check the file, or write it anew.")


def test_a_missing_parquet_file_is_reported(tmp_path):
    pytest.importorskip("pyarrow")
    with pytest.raises(DataError, match=r"pairs\.parquet does not exist\."):
        read_pairs(tmp_path / "pairs.parquet")


def test_parquet_without_pyarrow_names_the_extra_to_install(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DependencyError, match=r'pip install "tfsiamese\[parquet\]"'):
        read_pairs(tmp_path / "pairs.parquet")


@pytest.mark.parametrize("setting", [{"columns": ["a", "b", "c"]}, {"delimiter": ";"}])
def test_settings_of_delimited_files_are_refused_for_tables(setting, tmp_path):
    for source in (frame_of(("a", "b", 1)), tmp_path / "pairs.parquet"):
        with pytest.raises(SettingsError, match=r"is for \.csv and \.tsv files only"):
            read_pairs(source, **setting)
