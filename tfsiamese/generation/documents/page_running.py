"""Running headers and footers, page numbers and watermarks: what a page repeats and the text does not need."""

import re
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise

from tfsiamese.generation.documents.page_counts import page_count_words
from tfsiamese.generation.documents.page_edges import EdgeRow, edge_rows
from tfsiamese.generation.documents.page_words import PageText, Word

__all__ = ["remove_running_lines"]

_HEIGHT_STEP = 4.0
_MIN_PAGES = 3
_MIN_SHARE = 0.4
_LARGE = 1.15

_NUMBER = re.compile(r"\d+")
_ROMAN = re.compile(r"[ivxl]{1,7}|[IVXL]{1,7}")
_PAGE_WORD = re.compile(rf"\d{{1,4}}|{_ROMAN.pattern}")
_PAGE_NUMBER = re.compile(
    r"[\s\-\u2013\u2014|\[(.~\u00b7]*"
    r"(?:(?:page|seite|p\.|s\.|página|pagina|strana|стр\.|第|-)\s*)?"
    r"(?:\d{1,4}|[ivxl]{1,7}|[IVXL]{1,7})"
    r"(?:\s*(?:of|/|von|de|di|sur|van|из)\s*\d{1,4})?"
    r"\s*(?:頁|页|ページ|-)?"
    r"[\s\-\u2013\u2014|\])~.\u00b7]*",
    re.IGNORECASE,
)


def remove_running_lines(pages: Sequence[PageText], body_size: float) -> None:
    """Takes running headers and footers, page numbers and watermarks out of the pages' words.

    A line near the upper or lower edge is a running one if it stands at the same height on at least three pages, most
    of those between the first and the last of them or every other one, with the same words. Numbers in it may differ
    if they count with the pages; large lines, which may be headings, must agree in them. On two pages, such lines are
    running ones only in the margins, with none but others of them between them and the edge. Page numbers go from the
    outermost lines of documents of any length, whether they are alone there or say "Page 2 of 7" beside other words.

    Args:
        pages: of one document; their words are changed.
        body_size: the font size of most of the text, in points.
    """
    rows = [row for number, page in enumerate(pages) for row in edge_rows(number, page)]
    drop: set[int] = set()
    for row in rows:
        if row.is_outermost and _PAGE_NUMBER.fullmatch(row.text) and _is_apart(row, pages[row.page]):
            drop.update(map(id, row.words))
    groups = _groups(rows, lambda row: (row.is_footer, _words_of(row)))
    if len(pages) == 2:
        drop |= _rows_of_two_pages(groups, body_size)
    for group in groups:
        if _is_running(group, body_size):
            drop.update(id(word) for row in group for word in row.words)
    drop |= _numbered_rows(rows, len(pages), body_size)
    drop |= page_count_words(rows, len(pages))
    drop |= _watermarks(pages, body_size)
    for page in pages:
        page.words = [word for word in page.words if id(word) not in drop]


def _words_of(row: EdgeRow) -> tuple[str, ...]:
    """What is compared: the words in any order, as left and right pages turn it, without numbers."""
    words = [_NUMBER.sub("#", word) for word in row.text.split()]
    if len(words) > 1 or not row.is_footer:
        words = ["#" if place in (0, len(words) - 1) and _ROMAN.fullmatch(w) else w for place, w in enumerate(words)]
    return tuple(sorted(words))


def _groups(rows: Sequence[EdgeRow], key: Callable[[EdgeRow], object]) -> list[list[EdgeRow]]:
    """Rows of one key that stand at one height."""
    by_key: dict[object, list[EdgeRow]] = defaultdict(list)
    for row in rows:
        by_key[key(row)].append(row)
    groups = []
    for same in by_key.values():
        same.sort(key=lambda row: row.bottom)
        begin = 0
        for end in range(1, len(same) + 1):
            if end == len(same) or same[end].bottom - same[end - 1].bottom > _HEIGHT_STEP:
                groups.append(sorted(same[begin:end], key=lambda row: row.page))
                begin = end
    return groups


def _is_running(group: list[EdgeRow], body_size: float) -> bool:
    pages = {row.page for row in group}
    span = max(pages) - min(pages) + 1
    if len(pages) < _MIN_PAGES or len(pages) < _MIN_SHARE * span:
        return False
    return _is_alike(group, body_size)


def _is_alike(group: list[EdgeRow], body_size: float) -> bool:
    """Whether rows differ in nothing, or in numbers that count with the pages."""
    if len({tuple(sorted(row.text.split())) for row in group}) == 1:
        return True
    return group[0].size < _LARGE * body_size and _counts_with_pages(group)


def _rows_of_two_pages(groups: Sequence[list[EdgeRow]], body_size: float) -> set[int]:
    """Words of the lines in the margins that both pages of a document have, from the edge inwards."""
    drop: set[int] = set()
    pairs = [
        group
        for group in groups
        if [row.page for row in group] == [0, 1]
        and all(row.in_margin for row in group)
        and group[0].place == group[1].place
        and _is_alike(group, body_size)
    ]
    for is_footer in (False, True):
        ordered = sorted(
            (group for group in pairs if group[0].is_footer == is_footer), key=lambda group: group[0].place
        )
        for place, group in enumerate(ordered):
            if group[0].place != place:
                break
            drop.update(id(word) for row in group for word in row.words)
    return drop


def _counts_with_pages(group: list[EdgeRow]) -> bool:
    """Whether one of the lines' numbers, arabic or roman, grows as the page does."""
    numbers = [(row.page, _numbers(row.text)) for row in group]
    steps = [
        any(b - a == later - earlier for a in first for b in second)
        for (earlier, first), (later, second) in pairwise(numbers)
    ]
    return sum(steps) >= 0.6 * len(steps)


def _numbers(text: str) -> list[int]:
    numbers = [int(number) for number in _NUMBER.findall(text) if len(number) < 7]
    return numbers + [_roman_value(word) for word in text.split() if _ROMAN.fullmatch(word)]


def _roman_value(text: str) -> int:
    values = [{"i": 1, "v": 5, "x": 10, "l": 50}[letter] for letter in text.lower()]
    return sum(-a if a < b else a for a, b in zip(values, [*values[1:], 0], strict=True))


def _numbered_rows(rows: Sequence[EdgeRow], num_pages: int, body_size: float) -> set[int]:
    """Words of outermost lines that begin or end with the page's number, as most pages print it.

    They are found where a running header is that of a chapter of one or two pages.
    """
    offsets: Counter[int] = Counter()
    numbered = []
    for row in rows:
        if row.is_outermost and row.size < _LARGE * body_size:
            words = row.text.split()
            ends = {number for word in (words[0], words[-1]) if _PAGE_WORD.fullmatch(word) for number in _numbers(word)}
            numbered += [(row, number - row.page) for number in ends]
            offsets.update({number - row.page for number in ends})
    usual, count = offsets.most_common(1)[0] if offsets else (0, 0)
    if count < max(_MIN_PAGES, 0.3 * num_pages):
        return set()
    return {id(word) for row, offset in numbered if offset == usual for word in row.words}


def _is_apart(row: EdgeRow, page: PageText) -> bool:
    """Whether white space sets a line off from the text of its page."""
    own = set(map(id, row.words))
    others = [word for word in page.words if id(word) not in own]
    if not others:
        return False
    if row.is_footer:
        return row.bottom - max(word.bottom for word in others) > 1.5 * row.size and row.bottom > 0.88 * page.height
    gap = min(word.top for word in others) - row.bottom
    return gap > 0.7 * row.size and row.bottom < 0.1 * page.height


def _watermarks(pages: Sequence[PageText], body_size: float) -> set[int]:
    """Large words that stand at one place on most of at least three pages."""
    places: dict[tuple[str, int, int], list[Word]] = defaultdict(list)
    for page in pages:
        for word in page.words:
            if word.size > 2 * body_size:
                places[(word.text, round(word.x0 / 3), round(word.bottom / 3))].append(word)
    least = max(_MIN_PAGES, 0.6 * len(pages))
    return {id(word) for words in places.values() if len(words) >= least for word in words}
