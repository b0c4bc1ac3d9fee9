"""Files of documents by paths, folders and patterns."""

import errno
import os
from pathlib import Path

import pytest

from tfsiamese.errors import DataError
from tfsiamese.generation.documents import DocumentFiles, find_documents
from tfsiamese.generation.documents.finding import _numbered


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


def refuse(monkeypatch: pytest.MonkeyPatch, below: Path, error: int = errno.EACCES) -> None:
    """What stands in a folder can be listed and not reached, for root too."""
    reach = Path.stat

    def stat(self: Path, **options: bool) -> os.stat_result:
        if below in self.parents:
            raise OSError(error, os.strerror(error), str(self))
        return reach(self, **options)

    monkeypatch.setattr(Path, "stat", stat)


@pytest.mark.parametrize("error", [errno.EACCES, errno.EIO])
def test_what_is_listed_and_cannot_be_reached_is_named_and_the_rest_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int
):
    make(tmp_path, "docs/a.txt", "docs/locked/b.txt", "docs/locked/c", "docs/z.txt")
    refuse(monkeypatch, tmp_path / "docs/locked", error)
    for path in (tmp_path / "docs", str(tmp_path / "d*")):
        found = find_documents(path)
        assert [source.rpartition("/")[2] for source in sources(found)] == ["a.txt", "z.txt"]
        assert [file.source.rpartition("docs/")[2] for file in found.unreadable] == ["locked/b.txt", "locked/c"]
        assert all(os.strerror(error) in file.reason for file in found.unreadable)


def test_a_path_that_cannot_be_reached_is_not_called_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make(tmp_path, "locked/a.txt", "b.txt")
    refuse(monkeypatch, tmp_path / "locked")
    for name in ("a.txt", "[ab].none"):
        with pytest.raises(DataError, match=r"cannot be reached: Permission denied\. Check its permissions"):
            find_documents([tmp_path / "b.txt", tmp_path / "locked" / name])


def test_where_nothing_can_be_reached_the_error_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    make(tmp_path, "locked/a.txt")
    refuse(monkeypatch, tmp_path / "locked")
    with pytest.raises(DataError, match=r"no document in .* a\.txt: it cannot be opened: Permission denied"):
        find_documents(tmp_path / "locked")


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions stop neither root nor Windows")
@pytest.mark.parametrize(("mode", "named"), [(0o644, "locked/b.txt"), (0o000, "locked")])
def test_folders_that_permissions_close_are_named(tmp_path: Path, mode: int, named: str):
    make(tmp_path, "a.txt", "locked/b.txt")
    (tmp_path / "locked").chmod(mode)
    try:
        found = find_documents(tmp_path)
    finally:
        (tmp_path / "locked").chmod(0o755)
    assert sources(found) == ["a.txt"]
    assert [file.source for file in found.unreadable] == [named]


def test_a_link_that_leads_nowhere_costs_nothing_else(tmp_path: Path):
    make(tmp_path, "a.txt")
    (tmp_path / "loop.png").symlink_to(tmp_path / "loop.png")
    (tmp_path / "gone.png").symlink_to(tmp_path / "nothing")
    found = find_documents(tmp_path)
    assert sources(found) == ["a.txt"]
    assert found.unreadable == ()


def test_names_that_become_alike_are_numbered_and_get_no_folders_in_front(tmp_path: Path):
    for name in (b"x\xfe.txt", b"x\xff.txt", b"a\nb.txt", b"a b.txt", b"a\tb.txt"):
        (tmp_path / os.fsdecode(name)).write_text("x")
    expected = ["a b.txt", "a b.txt (2)", "a b.txt (3)", "x\ufffd.txt", "x\ufffd.txt (2)"]
    assert sources(find_documents(tmp_path)) == expected


def test_folders_whose_names_become_alike_are_numbered_where_no_folder_above_tells_them_apart(tmp_path: Path):
    make(tmp_path, "one/a b/x.txt", "one/a\nb/x.txt", "two/a b/x.txt")
    found = find_documents([tmp_path / "one", tmp_path / "two"])
    assert sources(found) == ["one/a b/x.txt", "one/a b/x.txt (2)", "two/a b/x.txt"]


def test_a_number_that_another_name_has_already_is_passed_over():
    assert _numbered(["a", "a", "a (2)", "a", "b"]) == ["a", "a (3)", "a (2)", "a (4)", "b"]
