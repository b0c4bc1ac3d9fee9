"""Rows of tables as documents."""

import csv
from pathlib import Path

import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.generation.documents import Document, RowColumns, UnreadableFile, read_table_rows


def read(folder: Path, data: str | bytes, columns: RowColumns, name: str = "faq.csv", encoding: str = "utf-8"):
    path = folder / name
    path.write_bytes(data if isinstance(data, bytes) else data.encode())
    return list(read_table_rows(path, name, columns, encoding=encoding))


ANSWER = RowColumns(("answer",))


def test_a_row_is_a_document_named_by_its_number_below_the_header(tmp_path: Path):
    found = read(tmp_path, 'id,answer\n1,Yes.\n\n2,"No,\nnever."\n', ANSWER)
    assert [document.source for document in found] == ["faq.csv:row 1", "faq.csv:row 2"]
    assert [document.text for document in found] == ["Yes.", "No, never."]


def test_columns_are_joined_in_the_order_asked_for_below_the_title(tmp_path: Path):
    columns = RowColumns(("more", "answer"), "question")
    (document,) = read(tmp_path, 'question,answer,more\n"Wer\nda?","Ich.\n\nNur ich.",Mehr\n', columns)
    assert document.title == "Wer da?"
    assert [(block.kind, block.level, block.text) for block in document.blocks] == [
        ("heading", 1, "Wer da?"),
        ("paragraph", 0, "Mehr"),
        ("paragraph", 0, "Ich."),
        ("paragraph", 0, "Nur ich."),
    ]


def test_rows_without_text_or_with_other_widths_are_named_and_passed_over(tmp_path: Path):
    found = read(tmp_path, "id,answer\n1, \n2\n3,a,b\n,\n5,Yes.\n", ANSWER)
    assert [one.source for one in found] == [f"faq.csv:row {row}" for row in range(1, 6)]
    assert [one.reason.split(".")[0] for one in found if isinstance(one, UnreadableFile)] == [
        "the row has no text",
        "1 fields, expected 2 as in the header",
        "3 fields, expected 2 as in the header",
        "the row has no text",
    ]
    assert isinstance(found[-1], Document)


def test_tabs_part_the_columns_of_a_tsv_file(tmp_path: Path):
    (document,) = read(tmp_path, 'id\tanswer\n1\ta, "b"\n', ANSWER, "faq.TSV")
    assert document.text == 'a, "b"'


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str):
    (document,) = read(tmp_path, "answer\nこれ\n".encode(encoding), ANSWER)
    assert document.text == "これ"


def test_an_unknown_column_is_answered_with_the_nearest(tmp_path: Path):
    with pytest.raises(
        DataError, match=r"^faq.csv: there is no column 'anser'.*'id', 'answer'.*Did you mean 'answer'\?"
    ):
        read(tmp_path, "id,answer\n1,a\n", RowColumns(("anser",)))
    with pytest.raises(DataError, match="no column 'title'"):
        read(tmp_path, "id,answer\n1,a\n", RowColumns(("answer",), "title"))


@pytest.mark.parametrize(
    ("data", "row", "reason"),
    [
        (b'answer\nYes.\n"open\nNo.\n', 2, "line 4: the quotation marks do not pair up"),
        (b'answer\n"a"b\n', 1, "line 2: text follows a closing quotation mark"),
    ],
)
def test_the_rows_above_broken_quoting_are_kept(tmp_path: Path, data: bytes, row: int, reason: str):
    found = read(tmp_path, data, ANSWER)
    assert len(found) == row
    assert found[-1].source == f"faq.csv:row {row}"
    assert found[-1].reason.startswith(reason)
    assert "below it are lost" in found[-1].reason


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"answer\n\xff\n", "0xff.*--encoding"),
        (b"answer\na\0b\n", "NUL"),
        (b"PK\x03\x04", "office document"),
    ],
)
def test_files_that_are_no_tables_say_why(tmp_path: Path, data: bytes, reason: str):
    with pytest.raises(DataError, match=f"^faq.csv: .*{reason}"):
        read(tmp_path, data, ANSWER)


def test_an_unknown_encoding_is_a_wrong_setting(tmp_path: Path):
    with pytest.raises(SettingsError, match="utf-9"):
        read(tmp_path, "answer\na\n", ANSWER, encoding="utf-9")


def test_long_fields_are_read_and_the_limit_of_the_process_stays(tmp_path: Path):
    before = csv.field_size_limit()
    (document,) = read(tmp_path, "answer\n" + "word " * 100_000 + "\n", ANSWER)
    assert len(document.text) == 499_999
    assert csv.field_size_limit() == before


def test_rows_are_read_one_by_one(tmp_path: Path):
    path = tmp_path / "faq.csv"
    path.write_bytes(b"answer\n" + b"some words\n" * 100_000 + b"\xff\n")
    rows = read_table_rows(path, "faq.csv", ANSWER)
    assert next(rows).text == "some words"
