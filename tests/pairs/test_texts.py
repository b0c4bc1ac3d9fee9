import io
from pathlib import Path

import pytest

from tfsiamese.errors import DataError
from tfsiamese.pairs import read_texts


def write(folder: Path, content: bytes) -> str:
    path = folder / "texts.txt"
    path.write_bytes(content)
    return str(path)


@pytest.mark.parametrize("ending", [b"\n", b"\r\n"])
def test_each_line_is_a_text_and_a_blank_line_an_empty_one(tmp_path, ending):
    assert read_texts(write(tmp_path, ending.join([b"one", b"", b" two ", b""]))) == ["one", "", " two "]


def test_the_last_line_needs_no_line_break(tmp_path):
    assert read_texts(write(tmp_path, b"one\ntwo")) == ["one", "two"]


def test_a_byte_order_mark_is_dropped(tmp_path):
    assert read_texts(write(tmp_path, b"\xef\xbb\xbfone\n")) == ["one"]


def test_a_dash_reads_standard_input(monkeypatch):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO("データ\n".encode())))
    assert read_texts("-") == ["データ"]


def test_a_file_that_is_not_utf_8_is_named_with_the_line(tmp_path):
    with pytest.raises(DataError, match="texts.txt, line 2: not UTF-8"):
        read_texts(write(tmp_path, b"one\ncaf\xe9\n"))


@pytest.mark.parametrize("content", [b"", b"\n \n"])
def test_a_file_without_text_is_an_error(tmp_path, content):
    with pytest.raises(DataError, match="holds no text. Expected one text a line."):
        read_texts(write(tmp_path, content))


def test_a_missing_file_is_an_error(tmp_path):
    with pytest.raises(DataError, match="cannot be read: No such file or directory"):
        read_texts(str(tmp_path / "missing.txt"))
