"""The encoding that a page is in."""

from bs4.dammit import EncodingDetector

from tfsiamese.generation.documents.file_bytes import byte_order_encoding, text_encoding

__all__ = ["html_text"]

# What browsers read in place of the encoding that is named: supersets, which pages use under the older name.
_READ_AS = {
    "iso-8859-1": "windows-1252",
    "latin-1": "windows-1252",
    "latin1": "windows-1252",
    "ascii": "windows-1252",
    "us-ascii": "windows-1252",
    "iso-8859-9": "windows-1254",
    "iso-8859-11": "windows-874",
    "tis-620": "windows-874",
    "shift_jis": "cp932",
    "shift-jis": "cp932",
    "sjis": "cp932",
    "x-sjis": "cp932",
    "windows-31j": "cp932",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc-kr": "cp949",
    "ks_c_5601-1987": "cp949",
    "big5": "big5hkscs",
    # A page that can name its encoding in single bytes is not in UTF-16.
    "utf-16": "utf-8",
    "utf-16le": "utf-8",
    "utf-16be": "utf-8",
}


def html_text(data: bytes, source: str) -> str:
    """The text of a page, by its byte order mark, the encoding it names, UTF-8 or Windows-1252.

    Where only some of the bytes are wrong, they are replaced by U+FFFD.

    Raises:
        DataError: the bytes are no text.
    """
    encoding = text_encoding(data, source, "utf-8")
    if byte_order_encoding(data) is not None:
        return data.decode(encoding, errors="replace")
    declared = _declared(data)
    for candidate in (declared, "utf-8"):
        text = data.decode(candidate, errors="replace") if candidate else "\ufffd"
        if not _is_wrong(text):
            return text
    return data.decode("windows-1252", errors="replace")


def _is_wrong(text: str) -> bool:
    """Whether more characters were wrong than right, of those that tell encodings apart."""
    num_wrong = text.count("\ufffd")
    return num_wrong > 0 and 2 * num_wrong > sum(1 for character in text if character > "\x7f")


def _declared(data: bytes) -> str | None:
    """The encoding that a page names, where Python knows it."""
    found = EncodingDetector.find_declared_encoding(data, is_html=True)
    if not found:
        return None
    name = _READ_AS.get(found.lower(), found.lower())
    try:
        b" ".decode(name)
    except (LookupError, ValueError):
        return None
    return name
