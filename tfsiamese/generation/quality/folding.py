"""Texts without what does not make two of them different."""

import re
import unicodedata

from tfsiamese.generation.shortening import shortened

__all__ = ["designators", "fold", "has_words", "quoted", "text_key"]

# They tell C from C# and C++, and 5 from 5 %.
_MEANINGFUL = frozenset("#%&@*")

_DIGITS = re.compile(r"\d+")
_NUMERALS = re.compile(
    r"\d+|[〇一二三四五六七八九十百千万萬億亿兆]+|(?<!\w)(?:[a-z][+#]+|[ivx]{2,}|[bcefghkopruvwxyz])(?!\w)"
)
_LONGEST_QUOTE = 80


class _Folding(dict[int, str | int]):
    """For `str.translate`: what becomes of a character, worked out when it first occurs."""

    def __missing__(self, code: int) -> str | int:
        character = chr(code)
        kind = unicodedata.category(character)
        if kind == "Cf":
            folded: str | int = ""
        elif kind == "Sk" or kind[0] in "PZC":
            folded = code if character in _MEANINGFUL else " "
        else:
            folded = code
        self[code] = folded
        return folded


_FOLDING = _Folding()


def fold(text: str) -> str:
    """Words in one case, width and composition (NFKC) with one blank between them, without punctuation."""
    compatible = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    return " ".join(compatible.translate(_FOLDING).split())


def text_key(text: str) -> str:
    """The same for texts that differ in case, width, punctuation and spaces only; 2.5 and 25 differ."""
    folded = fold(text)
    return f"{folded.replace(' ', '')} {' '.join(_DIGITS.findall(folded))}"


def designators(text: str) -> tuple[str, ...]:
    """What tells one thing from another of its kind, in the text's order: numbers, as of versions; "C++"; "II"; "B"."""
    return tuple(map(_plain_digits, _NUMERALS.findall(fold(text))))


def has_words(text: str) -> bool:
    """Whether there is a letter or a digit."""
    return any(map(str.isalnum, text))


def quoted(text: str) -> str:
    """A text in one line between quotation marks, cut where it is long."""
    return f"'{shortened(text, _LONGEST_QUOTE)}'"


def _plain_digits(numeral: str) -> str:
    """Digits of every script as 0 to 9."""
    return "".join(str(unicodedata.decimal(character, character)) for character in numeral)
