import pytest

from tfsiamese.errors import DataError
from tfsiamese.pairs.text_file import read_text


@pytest.mark.parametrize("line_break", ["\n", "\r", "\r\n"])
@pytest.mark.parametrize(("encoding", "bad"), [("utf-8", b"\xff"), ("utf-8-sig", b"\xff"), ("utf-16-le", b"\x00\xdc")])
def test_the_line_of_a_bad_byte_is_counted_in_any_encoding(line_break, encoding, bad, write_file):
    before = line_break.join(["naïve", "", ""]).encode(encoding)
    path = write_file("pairs.csv", before + bad + line_break.encode(encoding.removesuffix("-sig")))
    with pytest.raises(DataError, match=rf"pairs\.csv: line 3 has the byte 0x{bad[0]:02x}, which is not {encoding}\."):
        read_text(path, encoding)


def test_line_breaks_are_kept(write_file):
    assert read_text(write_file("pairs.csv", "a\r\nb\rc\n"), "utf-8") == "a\r\nb\rc\n"
