"""Sentences that are longer than a chunk may be."""

import re
import unicodedata
from collections.abc import Iterator

__all__ = ["cut"]

_CLAUSE_END = re.compile(r"""[,;:،؛](?=\s)|[、，；：·]|\s[–—-](?=\s)|—""")
_JOINERS = "\u200d"
_LEADING_VOWELS = frozenset("เแโใไເແໂໃໄ")
_FOLLOWING_VOWELS = frozenset("ะาำๅະາຳ")
_VIRAMA = 9
# So that the search for the beginning of a cluster comes to an end.
_LONGEST_CLUSTER = 64


def cut(text: str, start: int, end: int, most: int) -> Iterator[tuple[int, int]]:
    """Cuts text[start:end] into spans of at most `most` characters, without the white space between them.

    Each ends behind a clause in its second half where there is one, else at white space, else between two characters
    that a reader sees as such; a single one of these that is longer than `most` stays whole.

    Reference: Unicode Standard Annex #29, "Unicode Text Segmentation", grapheme cluster boundaries.
    """
    while end - start > most:
        place = _place(text, start, start + most, end)
        yield start, start + len(text[start:place].rstrip())
        while place < end and text[place].isspace():
            place += 1
        start = place
    if start < end:
        yield start, end


def _place(text: str, start: int, limit: int, end: int) -> int:
    """Where to cut, after `start` and, where that is possible, not after `limit`."""
    middle = start + (limit - start + 1) // 2
    ends = [match.end() for match in _CLAUSE_END.finditer(text, middle, limit + 1) if match.end() <= limit]
    if ends:
        return _boundary(text, start, ends[-1], end)
    for place in range(limit, start, -1):
        if text[place].isspace():
            return place
    return _boundary(text, start, limit, end)


def _boundary(text: str, start: int, place: int, end: int) -> int:
    """The last place up to this one where a cluster of characters ends; or the first one behind it."""
    for earlier in range(place, max(start, place - _LONGEST_CLUSTER), -1):
        if _ends_cluster(text, earlier):
            return earlier
    while place < end and not _ends_cluster(text, place):
        place += 1
    return place


def _ends_cluster(text: str, place: int) -> bool:
    before, after = text[place - 1], text[place]
    if unicodedata.category(after)[0] == "M" or after in _JOINERS or after in _FOLLOWING_VOWELS:
        return False
    if before in _JOINERS or before in _LEADING_VOWELS or unicodedata.combining(before) == _VIRAMA:
        return False
    if "\U0001f3fb" <= after <= "\U0001f3ff" or "\U000e0020" <= after <= "\U000e007f":
        return False
    if "\ud800" <= before <= "\udbff" and "\udc00" <= after <= "\udfff":
        return False
    if ("\u1100" <= before <= "\u11ff" and "\u1160" <= after <= "\u11ff") or before + after == "\r\n":
        return False
    return not (_is_regional(after) and _regionals_before(text, place) % 2)


def _is_regional(character: str) -> bool:
    return "\U0001f1e6" <= character <= "\U0001f1ff"


def _regionals_before(text: str, place: int) -> int:
    """How many letters of flags stand before a place, up to the longest cluster: two make a flag."""
    first = place
    while first > 0 and place - first < _LONGEST_CLUSTER and _is_regional(text[first - 1]):
        first -= 1
    return place - first
