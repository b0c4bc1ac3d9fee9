"""Markdown as documents."""

from pathlib import Path

import pytest

from tfsiamese.errors import DataError
from tfsiamese.generation.documents import Document, read_markdown


def read(folder: Path, text: str) -> Document:
    path = folder / "page.md"
    path.write_text(text, encoding="utf-8")
    return read_markdown(path, "page.md")


def blocks(folder: Path, text: str) -> list[tuple[str, int, str]]:
    return [(block.kind, block.level, block.text) for block in read(folder, text).blocks]


def test_headings_paragraphs_and_code_keep_their_order(tmp_path: Path):
    text = "# Top *one*\n\nSome `code` and\nmore.\n\nSub\n---\n```sh\n  ls   -l\n\n    cd\n```\n### Deep ###\n"
    assert blocks(tmp_path, text) == [
        ("heading", 1, "Top one"),
        ("paragraph", 0, "Some code and more."),
        ("heading", 2, "Sub"),
        ("code", 0, "ls   -l\n  cd"),
        ("heading", 3, "Deep"),
    ]


def test_nested_lists_keep_their_order(tmp_path: Path):
    text = "- one\n  - inner\n\n    its second paragraph\n- two\n\n1. first\n"
    assert blocks(tmp_path, text) == [
        ("list_item", 0, "one"),
        ("list_item", 0, "inner"),
        ("paragraph", 0, "its second paragraph"),
        ("list_item", 0, "two"),
        ("list_item", 0, "first"),
    ]


def test_a_table_has_a_row_a_line(tmp_path: Path):
    text = "| Name | Größe |\n|---|--:|\n| `ab` | 1 |\n| | **2** |\n"
    assert blocks(tmp_path, text) == [("table", 0, "Name | Größe\nab | 1\n| 2")]


def test_addresses_pictures_and_comments_give_no_text(tmp_path: Path):
    text = "See [the guide](https://a.example/x 'tip')![logo](logo.png).<!-- hidden -->\n\n[ref]: https://b.example\n"
    assert blocks(tmp_path, text) == [("paragraph", 0, "See the guide.")]


def test_html_inside_is_read_as_html(tmp_path: Path):
    text = "A <b>bo</b>ld word<br>here.\n\n<div>\n<p>In a box</p>\n<script>x()</script>\n</div>\n"
    assert [text for _, _, text in blocks(tmp_path, text)] == ["A bold word here.", "In a box"]


@pytest.mark.parametrize(
    ("front", "title"),
    [
        ('---\ntitle: "A: b"\ntags: [x]\n---\n', "A: b"),
        ("---\ntags: [x]\ntitle: Plain title\n...\n", "Plain title"),
        ("+++\ntitle = 'Toml'\n+++\n", "Toml"),
        ("---\nlayout: post\n---\n", "Heading"),
        ("", "Heading"),
    ],
)
def test_front_matter_gives_its_title_and_no_text(tmp_path: Path, front: str, title: str):
    document = read(tmp_path, front + "# Heading\n\nText.\n")
    assert (document.title, document.text) == (title, "Heading\n\nText.")


def test_rules_at_the_beginning_are_no_front_matter(tmp_path: Path):
    assert read(tmp_path, "---\n\nFirst.\n\n---\n\nSecond.\n").text == "First.\n\nSecond."


def test_japanese_lines_are_joined_without_a_space(tmp_path: Path):
    assert read(tmp_path, "これは\n文章です。\n").text == "これは文章です。"


def test_markdown_without_text_says_so(tmp_path: Path):
    with pytest.raises(DataError, match="^page.md: .*no text"):
        read(tmp_path, "![only a picture](x.png)\n")
