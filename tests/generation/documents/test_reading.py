"""Files of every format, the bad ones in their place."""

from dataclasses import replace
from pathlib import Path

import docx
import pytest

from tfsiamese.errors import DataError, DependencyError, SettingsError
from tfsiamese.generation.documents import Document, UnreadableFile, find_documents, packages, read_documents, reading
from tfsiamese.generation.documents.formats import FORMATS, Format


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One good file of each format."""
    docs = tmp_path / "docs"
    docs.mkdir()
    (docs / "a.html").write_text("<h1>Seite</h1><p>Text</p>", encoding="utf-8")
    (docs / "b.md").write_text("# Page\n\nText", encoding="utf-8")
    (docs / "c.txt").write_text("Text", encoding="utf-8")
    (docs / "d.rst").write_text("Page\n====\n\nText", encoding="utf-8")
    (docs / "e.csv").write_text("q,a\nPage,Text\n,Text\n", encoding="utf-8")
    document = docx.Document()
    document.add_paragraph("Text")
    document.save(docs / "f.DOCX")
    return docs


def test_every_format_gives_documents_in_the_order_of_the_files(folder: Path):
    found = list(read_documents(folder, text_columns="a", title_column="q"))
    assert all(isinstance(document, Document) for document in found)
    assert [(document.source, document.title) for document in found] == [
        ("a.html", "Seite"),
        ("b.md", "Page"),
        ("c.txt", ""),
        ("d.rst", "Page"),
        ("e.csv:row 1", "Page"),
        ("e.csv:row 2", ""),
        ("f.DOCX", ""),
    ]
    assert {document.blocks[-1].text for document in found} == {"Text"}


def test_bad_files_are_named_in_their_place_with_a_reason_of_one_line(folder: Path):
    (folder / "b.md").write_bytes(b"\xff\xfe\x00")
    (folder / "c.txt").write_bytes(b"")
    (folder / "f.DOCX").write_bytes(b"PK\x03\x04broken")
    (folder / "g.pdf").write_bytes(b"no PDF")
    (folder / "h.txt").symlink_to(folder / "gone")
    found = [file for file in read_documents(folder, text_columns=["a"]) if isinstance(file, UnreadableFile)]
    assert [file.source for file in found] == ["b.md", "c.txt", "f.DOCX", "g.pdf", "h.txt"]
    for file in found:
        assert file.reason and "\n" not in file.reason
        assert str(folder) not in file.reason and not file.reason.startswith(file.source)


def test_what_a_parser_stumbles_over_costs_one_file(folder: Path, monkeypatch: pytest.MonkeyPatch):
    def stumble(path: Path, source: str, encoding: str) -> Document:
        raise RecursionError("maximum recursion depth exceeded\nsecond line")

    monkeypatch.setitem(FORMATS, ".html", Format("HTML", (), stumble))
    found = list(read_documents([folder / "a.html", folder / "c.txt"]))
    assert found[0] == UnreadableFile(
        "a.html", "it cannot be read (RecursionError: maximum recursion depth exceeded). Check the file."
    )
    assert isinstance(found[1], Document)


def test_a_table_among_other_files_needs_columns_and_stops_nothing(folder: Path):
    found = {file.source: file for file in read_documents(folder)}
    assert isinstance(found["e.csv"], UnreadableFile) and "text_columns" in found["e.csv"].reason
    assert isinstance(found["f.DOCX"], Document)


def test_a_table_that_was_named_needs_columns_at_once(folder: Path):
    with pytest.raises(SettingsError, match="e.csv is a table.*text_columns"):
        read_documents(folder / "e.csv")


def test_a_column_that_no_table_has_is_an_error_at_once(folder: Path):
    with pytest.raises(DataError, match="e.csv: there is no column 'aa'.*Did you mean 'a'"):
        read_documents(folder, text_columns=["aa"])


def test_a_table_without_the_columns_of_the_others_is_named(folder: Path):
    (folder / "z.tsv").write_text("x\ty\n1\t2\n", encoding="utf-8")
    found = {file.source: file for file in read_documents(folder, text_columns=["a"])}
    assert isinstance(found["z.tsv"], UnreadableFile)
    assert "no column 'a'" in found["z.tsv"].reason
    assert isinstance(found["e.csv:row 1"], Document)


def test_a_missing_package_is_noticed_before_anything_is_read(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "find_spec", lambda module: None if module == "docx" else object())
    monkeypatch.setattr(reading, "_documents", lambda *_: pytest.fail("something was read"))
    with pytest.raises(DependencyError, match=r'python-docx.*pip install "tfsiamese\[documents\]"'):
        read_documents(folder)


def test_plain_text_needs_no_package(folder: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(packages, "find_spec", lambda module: None)
    assert [document.text for document in read_documents(folder / "c.txt")] == ["Text"]


def test_wrong_arguments_are_errors_of_the_call_itself(folder: Path):
    with pytest.raises(SettingsError, match="utf-9"):
        read_documents(folder, encoding="utf-9")
    with pytest.raises(DataError, match="does not exist"):
        read_documents(folder / "missing")


def test_files_that_were_found_before_are_read(folder: Path):
    found = find_documents([folder / "c.txt", folder / "a.html"])
    assert [document.source for document in read_documents(found)] == ["c.txt", "a.html"]


def test_of_files_that_were_found_before_some_may_be_left_out(folder: Path):
    (folder / "g.zip").write_bytes(b"x")
    found = find_documents([folder / "g.zip", folder])
    fewer = replace(found, files=tuple(file for file in found.files if file.path.suffix in (".txt", ".md")))
    # The table and the .docx file, which are left out, ask for nothing.
    assert [each.source for each in read_documents(fewer, text_columns=["no such"])] == ["g.zip", "b.md", "c.txt"]
    assert [each.source for each in read_documents(replace(found, files=()))] == ["g.zip"]


def test_a_file_that_was_named_and_has_no_known_format_is_reported(folder: Path):
    (folder / "x.zip").write_bytes(b"x")
    first, second = read_documents([folder / "x.zip", folder / "c.txt"])
    assert isinstance(first, UnreadableFile) and first.source == "x.zip"
    assert isinstance(second, Document)


def test_a_named_encoding_is_for_text_and_tables(folder: Path):
    (folder / "c.txt").write_bytes("Größe".encode("cp1252"))
    (folder / "e.csv").write_bytes("a\nGröße\n".encode("cp1252"))
    found = read_documents([folder / "c.txt", folder / "e.csv"], text_columns=["a"], encoding="cp1252")
    assert [document.text for document in found] == ["Größe", "Größe"]
