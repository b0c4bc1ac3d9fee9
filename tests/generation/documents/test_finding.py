"""Files of documents by paths, folders and patterns."""

import os
from pathlib import Path

import pytest

from tfsiamese.errors import DataError
from tfsiamese.generation.documents import DocumentFiles, find_documents


def make(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")


def sources(found: DocumentFiles) -> list[str]:
    return [file.source for file in found.files]


def test_a_folder_is_searched_in_the_order_of_its_names(tmp_path: Path):
    make(tmp_path, "b.txt", "a/z.md", "a/b/y.HTML", "c.PDF", "A.docx")
    assert sources(find_documents(tmp_path)) == ["A.docx", "a/b/y.HTML", "a/z.md", "b.txt", "c.PDF"]


def test_hidden_files_and_folders_are_left_out_unless_they_are_given(tmp_path: Path):
    make(tmp_path, ".git/a.txt", ".hidden.txt", "~$letter.docx", "seen.txt")
    assert sources(find_documents(tmp_path)) == ["seen.txt"]
    assert sources(find_documents(tmp_path / ".git")) == ["a.txt"]
    assert sources(find_documents(tmp_path / ".hidden.txt")) == [".hidden.txt"]


def test_other_kinds_are_counted_in_folders_and_named_where_they_were_given(tmp_path: Path):
    make(tmp_path, "docs/a.txt", "docs/1.png", "docs/2.PNG", "docs/Makefile", "docs/s.css", "x.zip")
    found = find_documents([tmp_path / "docs", tmp_path / "x.zip"])
    assert found.describe_passed_over() == "4 files of other kinds passed over (.png 2, no suffix 1, .css 1)"
    assert [file.source for file in found.unreadable] == ["x.zip"]
    assert "no known format" in found.unreadable[0].reason


def test_nothing_passed_over_is_described_by_nothing(tmp_path: Path):
    make(tmp_path, "a.txt")
    assert find_documents(tmp_path).describe_passed_over() == ""


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("docs/*.txt", ["a.txt", "b.txt"]),
        ("docs/**/*.txt", ["a.txt", "b.txt", "sub/c.txt"]),
        ("docs/[b-z]*", ["b.txt", "sub/c.txt"]),
        ("d*/sub", ["docs/sub/c.txt"]),
    ],
)
def test_patterns_name_files_below_their_fixed_part(tmp_path: Path, pattern: str, expected: list[str]):
    make(tmp_path, "docs/a.txt", "docs/b.txt", "docs/sub/c.txt")
    assert sources(find_documents(str(tmp_path / pattern))) == expected


def test_a_file_whose_name_looks_like_a_pattern_is_a_file(tmp_path: Path):
    make(tmp_path, "a[1].txt", "a1.txt")
    assert sources(find_documents(str(tmp_path / "a[1].txt"))) == ["a[1].txt"]


def test_files_of_one_name_get_the_folders_above_them_in_front(tmp_path: Path):
    make(tmp_path, "one/x.txt", "two/x.txt", "two/y.txt")
    assert sources(find_documents([tmp_path / "one", tmp_path / "two"])) == ["one/x.txt", "two/x.txt", "y.txt"]
    assert sources(find_documents([tmp_path / "one/x.txt", tmp_path / "two/x.txt"])) == ["one/x.txt", "two/x.txt"]


def test_folders_of_one_name_are_told_apart_too(tmp_path: Path):
    make(tmp_path, "one/docs/a/x.txt", "two/docs/a/x.txt")
    found = find_documents([tmp_path / "one/docs", tmp_path / "two/docs"])
    assert sources(found) == ["one/docs/a/x.txt", "two/docs/a/x.txt"]


def test_a_file_that_is_found_twice_is_taken_once(tmp_path: Path):
    make(tmp_path, "docs/a.txt", "docs/b.txt")
    (tmp_path / "docs" / "link.txt").symlink_to(tmp_path / "docs" / "a.txt")
    (tmp_path / "docs" / "loop").symlink_to(tmp_path / "docs")
    paths = [tmp_path / "docs", tmp_path / "docs" / "b.txt", str(tmp_path / "docs" / "*.txt")]
    assert sources(find_documents(paths)) == ["a.txt", "b.txt"]


def test_no_source_is_an_absolute_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make(tmp_path, "docs/a.txt", "b.txt")
    monkeypatch.chdir(tmp_path / "docs")
    assert sources(find_documents([".", "../b.txt"])) == ["a.txt", "b.txt"]


def test_a_single_path_may_be_a_string(tmp_path: Path):
    make(tmp_path, "a.txt")
    assert sources(find_documents(str(tmp_path))) == ["a.txt"]


def test_special_files_are_not_opened(tmp_path: Path):
    make(tmp_path, "a.txt")
    os.mkfifo(tmp_path / "pipe.txt")
    found = find_documents(tmp_path)
    assert sources(found) == ["a.txt"]
    assert [file.source for file in found.unreadable] == ["pipe.txt"]


@pytest.mark.parametrize("name", ["missing", "missing.txt", "*.none", "x" * 300])
def test_a_path_that_names_nothing_is_an_error(tmp_path: Path, name: str):
    make(tmp_path, "a.txt")
    with pytest.raises(DataError, match="does not exist|fits no file"):
        find_documents([tmp_path, tmp_path / name])


def test_no_document_at_all_is_an_error_that_names_the_formats(tmp_path: Path):
    make(tmp_path, "a.png")
    for paths in (tmp_path, tmp_path / "a.png", []):
        with pytest.raises(DataError, match=r"no document in .*\.pdf, \.html"):
            find_documents(paths)


def test_names_that_no_output_could_hold_are_made_printable(tmp_path: Path):
    (tmp_path / os.fsdecode(b"caf\xe9\n1.txt")).write_text("x")
    assert sources(find_documents(tmp_path)) == ["caf\ufffd 1.txt"]
