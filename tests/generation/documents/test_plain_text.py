"""Plain text as documents."""

from pathlib import Path

import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.generation.documents import Block, read_plain_text
from tfsiamese.generation.documents.plain_text import plain_paragraphs


def read(folder: Path, text: str | bytes, encoding: str = "utf-8") -> list[tuple[str, int, str]]:
    path = folder / "note.txt"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return [
        (block.kind, block.level, block.text) for block in read_plain_text(path, "note.txt", encoding=encoding).blocks
    ]


def test_empty_lines_part_paragraphs_whose_lines_are_joined(tmp_path: Path):
    text = "One line\nand another.\r\n \t\r\nSecond\nparagraph.\n\n\n第一行\n第二行\n"
    texts = [text for _, _, text in read(tmp_path, text)]
    assert texts == ["One line and another.", "Second paragraph.", "第一行第二行"]


def test_underlined_lines_are_headings_with_levels_by_the_order_of_their_marks(tmp_path: Path):
    text = "=====\nGuide\n=====\n\nIntro.\n\nPart\n----\nText.\n\nDetail\n======\n\nMore.\n\nAgain\n-----\n\nEnd.\n"
    assert [block[:2] for block in read(tmp_path, text) if block[0] == "heading"] == [
        ("heading", 1),
        ("heading", 2),
        ("heading", 3),
        ("heading", 2),
    ]


def test_the_title_is_the_first_heading(tmp_path: Path):
    path = tmp_path / "a.txt"
    path.write_text("Vorwort.\n\nHandbuch für alle\n=================\n\nText.", encoding="utf-8")
    assert read_plain_text(path, "a.txt").title == "Handbuch für alle"


@pytest.mark.parametrize(
    "text", ["A long paragraph that\nends here\n---\nnot a heading", "Name\n--\nx", "a | b\n-- | --\nc"]
)
def test_rules_below_running_text_make_no_heading(tmp_path: Path, text: str):
    assert all(kind != "heading" for kind, _, _ in read(tmp_path, text))


@pytest.mark.parametrize(
    ("line", "level"),
    [("1. Scope", 1), ("2.1 Terms and definitions", 2), ("3.2.1 データ形式", 3), ("4.10. Über uns", 2)],
)
def test_a_numbered_line_that_stands_alone_is_a_heading(tmp_path: Path, line: str, level: int):
    blocks = read(tmp_path, f"Before it.\n\n{line}\n\nA paragraph follows here.")
    assert blocks[1] == ("heading", level, line)


@pytest.mark.parametrize(
    "text",
    [
        "3. Oktober war ein Feiertag.\n\nMehr dazu.",
        "1. Apples\n\n2. Pears\n\nBoth are fruit.",
        "12 Monkeys\n\nis a film",
        "1998 Was a good year\n\nfor wine",
        "2.1 scope in lower case\n\ntext",
        "Text.\n\n2.1 Last line of all",
    ],
)
def test_other_numbered_lines_are_no_headings(tmp_path: Path, text: str):
    assert all(kind != "heading" for kind, _, _ in read(tmp_path, text))


def test_lists_lose_their_marks_and_keep_their_lead(tmp_path: Path):
    text = "You need:\n- flour\n  and water\n- salt\n\n1. Mix.\n2. Bake.\n\nIn the year\n1998. All was well."
    assert read(tmp_path, text) == [
        ("paragraph", 0, "You need:"),
        ("list_item", 0, "flour and water"),
        ("list_item", 0, "salt"),
        ("list_item", 0, "Mix."),
        ("list_item", 0, "Bake."),
        ("paragraph", 0, "In the year 1998. All was well."),
    ]


def test_rules_between_paragraphs_vanish(tmp_path: Path):
    assert [text for _, _, text in read(tmp_path, "One.\n\n* * *\n\n-----\n\nTwo.")] == ["One.", "Two."]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_tells_the_encoding(tmp_path: Path, encoding: str):
    assert read(tmp_path, "Ελληνικά και русский".encode(encoding)) == [("paragraph", 0, "Ελληνικά και русский")]


def test_a_named_encoding_is_used(tmp_path: Path):
    assert read(tmp_path, "Größe".encode("cp1252"), "cp1252")[0][2] == "Größe"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ("Größe".encode("cp1252"), "byte 0xf6 at 2 is not utf-8.*--encoding"),
        (b"abc\0def", "NUL"),
        (b"%PDF-1.7\n%", "is a PDF"),
        (b" \r\n\t", "empty"),
        (b"* * *\n", "no text"),
    ],
)
def test_files_that_are_no_text_say_why(tmp_path: Path, data: bytes, reason: str):
    with pytest.raises(DataError, match=rf"^note.txt: .*{reason}"):
        read(tmp_path, data)


def test_an_unknown_encoding_is_a_wrong_setting(tmp_path: Path):
    with pytest.raises(SettingsError, match="utf-9"):
        read(tmp_path, "text", "utf-9")


def test_paragraphs_of_a_cell_have_no_headings():
    assert plain_paragraphs("1. Scope\n\nText\nhere") == [Block("1. Scope"), Block("Text here")]
