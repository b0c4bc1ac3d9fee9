"""Parts of edge lines that tell which of how many pages this is, such as "Page 2 of 7"."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tfsiamese.generation.documents.page_edges import EdgeRow
from tfsiamese.generation.documents.page_words import Word

__all__ = ["page_count_words"]

_COUNT = re.compile(
    r"(?P<word>(?:page|seite|página|pagina|strana|strona|sida|side|стр(?:аница|\.)|p\.|s\.|第)\s*)?"
    r"(?P<number>\d{1,4})\s*(?:[頁页]\s*)?(?:of|/|von|de|di|sur|van|av|af|z|ze|из|[,，/]?\s*共)\s*(?P<total>\d{1,4})"
    r"(?:\s*[頁页])?",
    re.IGNORECASE,
)
_SEPARATOR = re.compile(r"[|·•–—\-/,;:.]+")
_MOST_WORDS = 5
_WIDE_GAP = 1.0


@dataclass(frozen=True)
class _Part:
    """Words of a line that name a page.

    Attributes:
        row: the line.
        words: those that name it, and a sign that set them off.
        number: the page's.
        total: of all pages.
        has_word: "page" stands before the numbers.
        is_set_off: a wide gap or a sign stands between it and the rest of the line.
    """

    row: EdgeRow
    words: tuple[Word, ...]
    number: int
    total: int
    has_word: bool
    is_set_off: bool


def page_count_words(rows: Sequence[EdgeRow], num_pages: int) -> set[int]:
    """The ids of words at the ends of outermost lines that say "Page N of M", "N / M" or the like.

    Where several pages say so, the numbers have to count with the pages. On a single one, they have to be those of the
    document, or "page" with numbers in order, set off from the rest of the line.

    Args:
        rows: edge lines of a document.
        num_pages: of the document.
    """
    parts = [part for row in rows if row.is_outermost for part in _parts(row)]
    offsets = Counter((part.number - part.row.page, part.total) for part in parts)
    usual = max(offsets, key=lambda offset: offsets[offset], default=None)
    several = len({part.row.page for part in parts if (part.number - part.row.page, part.total) == usual}) > 1
    found: set[int] = set()
    for part in parts:
        if several:
            is_count = (part.number - part.row.page, part.total) == usual
        else:
            is_own = part.number == part.row.page + 1 and part.total == num_pages
            is_count = is_own or (num_pages == 1 and part.has_word and part.is_set_off)
        if is_count:
            found.update(map(id, part.words))
    return found


def _parts(row: EdgeRow) -> list[_Part]:
    """The longest one at either end of a line that has other words too."""
    words = row.words
    parts = []
    for at_end in (False, True):
        for length in range(min(_MOST_WORDS, len(words) - 1), 0, -1):
            inside = words[-length:] if at_end else words[:length]
            match = _COUNT.fullmatch(" ".join(word.text for word in inside))
            if match and 1 <= int(match["number"]) <= int(match["total"]):
                rest = words[:-length] if at_end else words[length:]
                parts.append(_part(row, inside, rest, match, at_end))
                break
    return parts


def _part(row: EdgeRow, inside: tuple[Word, ...], rest: tuple[Word, ...], match: re.Match[str], at_end: bool) -> _Part:
    neighbour, edge = (rest[-1], inside[0]) if at_end else (rest[0], inside[-1])
    gap = max(edge.x0 - neighbour.x1, neighbour.x0 - edge.x1)
    is_sign = _SEPARATOR.fullmatch(neighbour.text) is not None
    return _Part(
        row,
        (*inside, neighbour) if is_sign else inside,
        int(match["number"]),
        int(match["total"]),
        match["word"] is not None,
        is_sign or gap > _WIDE_GAP * row.size,
    )
