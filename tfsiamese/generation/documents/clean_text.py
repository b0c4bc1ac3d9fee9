"""What every format's text goes through before it stands in a block."""

import re
import unicodedata

__all__ = ["clean_code", "clean_line", "clean_lines", "join_lines"]

# The zero-width joiner and non-joiner (U+200D, U+200C) stay: Persian, Hindi and emoji are spelled with them.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060\ufeff]")
_SPACES = re.compile(r"[\s\x00-\x1f\x7f-\x9f\ud800-\udfff]+")
_NO_SPACE = re.compile(r"[^\S ]|[\x00-\x1f\x7f-\x9f\ud800-\udfff]")
_LINE_BREAK = re.compile(r"\r\n|[\n\r\f\v\u0085\u2028\u2029]")

# Scripts whose words are written without spaces: a line that ends in one goes on without a space. Korean has spaces.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u312f\u31a0-\u9fff\ua9e0-\ua9ff\uaa60-\uaa7f\uf900-\ufaff"
    "\uff01-\uff9f\U00020000-\U0003ffff"
)
_BREAK_INSIDE = re.compile(rf"(?<=[{_UNSPACED}])[^\S\r\n]*[\r\n]\s*(?=[{_UNSPACED}])")


def clean_line(text: str) -> str:
    """A text as one line.

    In Unicode's normal form C, without soft hyphens, zero-width spaces and byte order marks; control characters, line
    breaks and every kind of white space become one space, and none is left at the ends. Lone surrogates, which no
    file can store, count as white space.
    """
    return _SPACES.sub(" ", _INVISIBLE.sub("", unicodedata.normalize("NFC", text))).strip()


def join_lines(text: str) -> str:
    """A text of several lines as one line, as `clean_line`; Chinese, Japanese, Thai and the like without a space."""
    return clean_line(_BREAK_INSIDE.sub("", text))


def clean_lines(text: str) -> str:
    """A text whose line breaks mean something, line by line; lines that become empty are left out."""
    return "\n".join(filter(None, map(clean_line, _LINE_BREAK.split(text))))


def clean_code(text: str) -> str:
    """Code line by line: as `clean_lines`, with the spaces inside lines and what they are indented to one another."""
    lines = [_code_line(line) for line in _LINE_BREAK.split(text)]
    lines = [line for line in lines if line]
    least = min((len(line) - len(line.lstrip()) for line in lines), default=0)
    return "\n".join(line[least:] for line in lines).strip()


def _code_line(line: str) -> str:
    normal = _INVISIBLE.sub("", unicodedata.normalize("NFC", line)).expandtabs(4)
    return _NO_SPACE.sub(" ", normal).rstrip()
