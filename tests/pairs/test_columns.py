import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.pairs.columns import ColumnNames, find_columns, is_known_header, looks_like_data


@pytest.mark.parametrize(
    ("header", "wanted", "positions"),
    [
        (["base", "ref", "similarity"], ColumnNames(), (0, 1, 2)),
        (["score", "id", "sentence2", "sentence1"], ColumnNames(), (3, 2, 0)),
        (["text1", "text2", "label"], ColumnNames(), (0, 1, 2)),
        (["left", "right", "score"], ColumnNames(), (0, 1, 2)),
        ([" LEFT ", "Right", "\tscore"], ColumnNames(), (0, 1, 2)),
        (["a", "b", "c"], ColumnNames("c", "a", "b"), (2, 0, 1)),
        (["A", "b", "c"], ColumnNames("a", " B", "C "), (0, 1, 2)),
        (["sentence1", "sentence2", "score", "gold"], ColumnNames(score="gold"), (0, 1, 3)),
        (["a", "b", "label"], ColumnNames("a", "b"), (0, 1, 2)),
        (["base", "ref", "similarity", "left", "right", "score"], ColumnNames("left", "right", "score"), (3, 4, 5)),
        (["base", "ref", "similarity", "note", "note"], ColumnNames(), (0, 1, 2)),
    ],
)
def test_columns_are_found_by_name_wherever_they_stand(header, wanted, positions):
    assert find_columns(header, wanted, "pairs.csv") == positions


@pytest.mark.parametrize(
    ("header", "wanted", "problem"),
    [
        (["base", "ref"], ColumnNames(), "the columns found are 'base', 'ref'; expected (base, ref, similarity) or"),
        (
            ["a", "b", "c"],
            ColumnNames("a", "x", "y"),
            "there is no column 'x', 'y'; the columns found are 'a', 'b', 'c'",
        ),
        (["a", "b", "c"], ColumnNames("a", "b"), "beside left='a', right='b'. Name others with --left, --right"),
        (["a", "b", "label", "score"], ColumnNames("a", "b"), "are both there. Name those to read"),
        (["left", "right", "score", "LEFT"], ColumnNames(), "columns 1 and 4 have the same name 'left'"),
    ],
)
def test_columns_that_are_missing_or_not_unique_are_reported(header, wanted, problem):
    with pytest.raises(DataError) as caught:
        find_columns(header, wanted, "pairs.csv")
    assert str(caught.value).startswith("pairs.csv: ")
    assert problem in str(caught.value)


def test_many_column_names_are_counted_and_not_all_listed():
    with pytest.raises(DataError) as caught:
        find_columns([f"c{n}" for n in range(200)], ColumnNames(), "pairs.csv")
    assert "'c8', 'c9', and 190 more" in str(caught.value)
    assert "c10" not in str(caught.value)


def test_one_column_for_two_roles_is_refused():
    with pytest.raises(SettingsError, match="Received: left='a', right='A'"):
        find_columns(["a", "b"], ColumnNames("a", "A"), "pairs.csv")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (["A plane is taking off.", "An air plane is taking off.", "5.0"], True),
        (["a", "b", "0,5"], True),
        (["a", "b", "1e-3"], True),
        (["a", "b", "score"], False),
        (["nan", "inf", "infinity"], False),
        (["sentence1", "sentence2", "score"], False),
    ],
)
def test_a_row_with_a_number_looks_like_data(row, expected):
    assert looks_like_data(row) is expected


def test_a_row_is_a_known_header_when_it_holds_all_names_of_one_set():
    assert is_known_header(["id", "Base ", "REF", "similarity"])
    assert not is_known_header(["base", "ref", "score"])
