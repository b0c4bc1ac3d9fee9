"""Lines of a paragraph become one text: hyphens that only the line's end put there go, those of the word stay."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence

__all__ = ["is_unspaced", "join_broken_lines", "spelled_words"]

_SOFT_HYPHEN = "\u00ad"
_HYPHENS = "-\u2010"
_WORD = re.compile(rf"\w+(?:[{_HYPHENS}]\w+)*")
_BROKEN_WORD = re.compile(rf"(\w+(?:[{_HYPHENS}]\w+)*)[{_HYPHENS}]$")
_HYPHENATED_LINE = re.compile(rf"\w[{_HYPHENS}{_SOFT_HYPHEN}]$")

# "Vor- und Nachteile", "pre- and post-war": the hyphen stands for the rest of the second word.
_CONJUNCTIONS = frozenset(
    ("und", "oder", "bzw", "sowie", "and", "or", "to", "et", "ou", "och", "og", "eller", "en", "y", "o", "e")
)
_KEEP_THEIR_HYPHEN = frozenset(("self", "well", "quasi", "half", "cross", "long", "short", "high", "low"))

# Writing systems without spaces between words: Thai, Lao, Burmese, Khmer, Han, kana and their punctuation.
_UNSPACED = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0x2E80, 0x303F),
    (0x3040, 0x30FF),
    (0x31F0, 0x31FF),
    (0x3400, 0x4DBF),
    (0x4E00, 0x9FFF),
    (0xF900, 0xFAFF),
    (0xFF00, 0xFFEF),
    (0x20000, 0x3134F),
)


def is_unspaced(character: str) -> bool:
    """Whether the character belongs to a writing system without spaces between words."""
    code = ord(character)
    return code >= 0x0E00 and any(low <= code <= high for low, high in _UNSPACED)


def spelled_words(paragraphs: Iterable[Sequence[str]]) -> Counter[str]:
    """How often each word is written inside the lines, in lower case; words broken at a line's end are not counted.

    Args:
        paragraphs: the lines of each.
    """
    words: Counter[str] = Counter()
    for lines in paragraphs:
        is_broken = False
        for line in lines:
            spelled = _WORD.findall(line.replace(_SOFT_HYPHEN, "").lower())
            begin = 1 if is_broken else 0
            is_broken = _HYPHENATED_LINE.search(line) is not None
            words.update(spelled[begin : len(spelled) - 1 if is_broken else None])
    for word in [word for word in words if "\u2010" in word]:
        words[word.replace("\u2010", "-")] += words[word]
    return words


def join_broken_lines(lines: Sequence[str], words: Counter[str]) -> str:
    """The lines of a paragraph as one text.

    A soft hyphen at a line's end always goes. Any other goes unless the word is spelled with it: the document has the
    hyphenated form more often than the joined one, digits stand beside it, a capital follows, or a conjunction does
    ("Vor- und Nachteile"). Lines of scripts without spaces are joined without one.

    Args:
        lines: not empty, without white space at their ends.
        words: of the whole document, from `spelled_words`.
    """
    text = ""
    for line in lines:
        text = _joined(text, line, words) if text else line
    return text.replace(_SOFT_HYPHEN, "")


def _joined(left: str, right: str, words: Counter[str]) -> str:
    if left.endswith(_SOFT_HYPHEN):
        return left + right
    if is_unspaced(left[-1]) and is_unspaced(right[0]):
        return left + right
    # "https://example.org/\nguide", "and/\nor", "a dash—\nlike this"
    if left[-1] in "/\u2014" and left[-2:-1].strip():
        return left + right
    broken = _BROKEN_WORD.search(left)
    following = _WORD.match(right)
    if broken is None or following is None:
        return f"{left} {right}"
    first, second = broken[1], following[0]
    if _is_suspended(first, second, words):
        return f"{left} {right}"
    return left + right if _keeps_hyphen(first, second, words) else left[:-1] + right


def _is_suspended(first: str, second: str, words: Counter[str]) -> bool:
    return second in _CONJUNCTIONS and not words[(first + second).lower()]


def _keeps_hyphen(first: str, second: str, words: Counter[str]) -> bool:
    if first[-1].isdigit() or second[0].isdigit():
        return True
    if second[0].isupper() and not (first.isupper() and second.isupper()):
        return True
    first, second = first.lower().replace("\u2010", "-"), second.lower().replace("\u2010", "-")
    joined, hyphenated = words[first + second], words[f"{first}-{second}"]
    if joined or hyphenated:
        return hyphenated > joined
    if "-" in first:
        inner = first.rsplit("-", 1)[1]
        return bool("-" in second or (words[inner] and words[second] and not words[inner + second]))
    return first in _KEEP_THEIR_HYPHEN and words[second] > 0
