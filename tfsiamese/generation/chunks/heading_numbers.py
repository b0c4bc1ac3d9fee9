"""Numbers of sections that stand bare in front of headings, as in "2 Installation" or "A.1 Licence"."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tfsiamese.generation.documents.document import Document

__all__ = ["heading_names"]

_BARE = re.compile(r"(?P<prefix>[A-Z]\.)?(?P<number>\d{1,2})\s+(?=[^\W\d_])")
_LETTER = re.compile(r"(?P<prefix>)(?P<number>[A-Z])\s+(?=[^\W\d_])")
_BELOW = re.compile(r"(?P<above>\d{1,2}|[A-Z])\.\d{1,2}\b")
_SHORTEST_LATE_RUN = 3


@dataclass(eq=False)
class _Heading:
    """A heading of a document, and whether a number in front of it counts sections."""

    text: str
    level: int
    is_numbered: bool = False


def heading_names(document: Document) -> dict[int, str]:
    """The headings of a document by the numbers of their blocks, without the numbers that count its sections.

    A bare number or capital letter counts sections where a heading beside it has the one before or after, as in
    "1 Filling" and "2 Venting", or the first heading below it begins with it, as in "2.1 Venting" or "A.1 Licence".
    So "3 ways to fill it" stays as it is where nothing says that two others stand before it.

    Args:
        document: the document.
    """
    headings = {
        number: _Heading(block.text, block.level)
        for number, block in enumerate(document.blocks)
        if block.kind == "heading"
    }
    in_order = list(headings.values())
    for siblings in _families(in_order):
        _mark_runs(siblings)
    for heading, following in pairwise(in_order):
        _mark_above(heading, following)
    return {number: _name(heading) for number, heading in headings.items()}


def _families(headings: Sequence[_Heading]) -> Iterator[list[_Heading]]:
    """Yields headings of one level below the same one."""
    families: dict[tuple[int, int], list[_Heading]] = defaultdict(list)
    above: list[_Heading] = []
    for heading in headings:
        while above and above[-1].level >= heading.level:
            above.pop()
        families[id(above[-1]) if above else 0, heading.level].append(heading)
        above.append(heading)
    yield from families.values()


def _mark_runs(siblings: Sequence[_Heading]) -> None:
    """Marks headings whose numbers count on: two from the first one, or three from any other."""
    for pattern in (_BARE, _LETTER):
        run: list[tuple[_Heading, str, int]] = []
        for heading in siblings:
            found = pattern.match(heading.text)
            if found is None:
                continue
            counted = (heading, found["prefix"] or "", _value(found["number"]))
            if run and (run[-1][1], run[-1][2] + 1) != counted[1:]:
                _mark(run)
                run = []
            run.append(counted)
        _mark(run)


def _mark(run: Sequence[tuple[_Heading, str, int]]) -> None:
    # "1 Kings" and "2 Kings", or "5 minutes" and "6 minutes", differ in their numbers alone.
    names = {_stripped(heading.text) for heading, _, _ in run}
    is_long = len(run) >= (2 if run and run[0][2] <= 1 else _SHORTEST_LATE_RUN)
    if is_long and len(names) == len(run):
        for heading, _, _ in run:
            heading.is_numbered = True


def _mark_above(heading: _Heading, following: _Heading) -> None:
    """Marks "2 Filling" and "A Licences" in front of "2.1 Water" and "A.1 Text", and "A.1 Text" itself."""
    below = _BELOW.match(following.text)
    if below is None:
        return
    found = _BARE.match(heading.text) or _LETTER.match(heading.text)
    is_first = below.group().endswith(".1")
    if found and is_first and not found["prefix"] and found["number"] == below["above"]:
        heading.is_numbered = True
        following.is_numbered = True
    elif is_first and re.search(rf"\b{below['above']}\b", heading.text) and heading.level < following.level:
        following.is_numbered = True


def _value(number: str) -> int:
    return int(number) if number.isdecimal() else ord(number) - ord("A") + 1


def _stripped(text: str) -> str:
    found = _BARE.match(text) or _LETTER.match(text)
    return text[found.end() :] if found else text


def _name(heading: _Heading) -> str:
    return _stripped(heading.text) if heading.is_numbered else heading.text
