"""Tables of contents and indexes: entries with the numbers of their pages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["lists_pages"]

_RANGE = r"(?:\s?[-–—]\s?\d{1,4})?"
_PAGES = rf"(?P<page>\d{{1,4}}){_RANGE}(?:,\s?\d{{1,4}}{_RANGE})*(?=\s|$)"
_BEHIND_DOTS = re.compile(rf"(?:(?:\s?[.…·_]){{4,}}|\s?…)\s*(?:{_PAGES}|[ivxlc]{{1,6}}(?=\s|$))")
_BEHIND_COMMA = re.compile(rf",\s*{_PAGES}")
_BEHIND_SPACE = re.compile(rf"(?:(?:\s?[.…·_]){{4,}}|\s?…|,)?\s+{_PAGES}")
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE_END = re.compile(r"[^\W\d_]{2}[.!?](?=\s)|[。！？।؟]")
_LONGEST_ENTRY = 150
_MOST_SENTENCE_ENDS = 0.2
_LARGEST_TAIL = 0.25
_FEWEST_BEHIND_SPACE = 3


@dataclass(frozen=True)
class _Entry:
    """What is listed, and the first page it is on; 0 for a Roman number."""

    text: str
    page: int


def lists_pages(text: str) -> bool:
    """Whether a text is a table of contents or an index, or a part of one.

    Its entries have a row of dots between what they name and the page; or a comma, and there are two at least; or
    there are three, and none has a page before the last one's.

    Args:
        text: whole entries, in one line or several.
    """
    if _are_entries(*_entries(_BEHIND_DOTS, text)):
        return True
    behind_comma, tail = _entries(_BEHIND_COMMA, text)
    if len(behind_comma) > 1 and _are_entries(behind_comma, tail):
        return True
    entries, tail = _entries(_BEHIND_SPACE, text)
    pages = [entry.page for entry in entries]
    counts = len(pages) >= _FEWEST_BEHIND_SPACE and pages == sorted(pages)
    return counts and not _LETTER.search(tail) and _are_entries(entries, tail)


def _entries(pages: re.Pattern[str], text: str) -> tuple[list[_Entry], str]:
    """The entries, and what follows the last of them; numbers of sections are not taken for pages."""
    entries = []
    start = 0
    for found in pages.finditer(text):
        named = text[start : found.start()].strip()
        if _LETTER.search(named) and not named.endswith("|"):
            entries.append(_Entry(named, int(found["page"] or 0)))
            start = found.end()
    return entries, text[start:]


def _are_entries(entries: Sequence[_Entry], tail: str) -> bool:
    """Whether texts between numbers are short and hardly ever sentences, and little follows the last number."""
    letters = [len(_LETTER.findall(text)) for text in (tail, *(entry.text for entry in entries))]
    num_ends = sum(_SENTENCE_END.search(entry.text) is not None for entry in entries)
    return (
        bool(entries)
        and letters[0] <= _LARGEST_TAIL * sum(letters)
        and num_ends <= _MOST_SENTENCE_ENDS * len(entries)
        and all(len(entry.text) <= _LONGEST_ENTRY for entry in entries)
    )
