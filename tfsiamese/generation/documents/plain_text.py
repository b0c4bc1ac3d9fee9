"""Plain text: paragraphs, underlined and numbered headings, and lists."""

import itertools
import re
from collections.abc import Sequence
from pathlib import Path

from tfsiamese.errors import DataError
from tfsiamese.generation.documents.clean_text import clean_line, join_lines
from tfsiamese.generation.documents.document import Block, Document
from tfsiamese.generation.documents.file_bytes import read_text

__all__ = ["plain_paragraphs", "read_plain_text"]

_UNDERLINE = re.compile(r"""(?P<mark>[=\-~^"'`*+#:._])(?P=mark){2,}$""")
_BULLET = re.compile(r"\s*[-*+•·‣◦▪●]\s+(?=\S)")
_NUMBER = re.compile(r"\s*(\d{1,3})[.)]\s+(?=\S)")
_NUMBERED_HEADING = re.compile(r"(?P<number>\d{1,2}(?:\.\d{1,2}){0,4})(?P<dot>\.?)\s+(?=[^\W\d_])")
_RULE = re.compile(r"[!-/:-@\[-`{-~\s]+$")
_LONGEST_HEADING = 80

Lines = Sequence[str]


def read_plain_text(path: Path, source: str, *, encoding: str = "utf-8") -> Document:
    """Reads plain text; reStructuredText is read as such, its directives and marks left as they stand.

    Empty lines part paragraphs, whose lines are joined. A line underlined with at least three equal marks (=== or
    ---) is a heading, the level of which is told by the order in which the marks come up, as in reStructuredText;
    so is a numbered line between empty lines, such as "2.1 Scope", that neither ends like a sentence nor stands
    beside another one. Everything else that could be a heading is a paragraph.

    Args:
        path: the file.
        source: names the document.
        encoding: of a file without a byte order mark.

    Raises:
        DataError: the file cannot be read, is empty or binary, or is not in this encoding.
        SettingsError: there is no such encoding.
    """
    text = read_text(path, source, encoding)
    blocks = _blocks(_groups(text))
    if not blocks:
        raise DataError(f"{source}: the file has no text.")
    title = next((block.text for block in blocks if block.kind == "heading"), "")
    return Document(source, title, blocks)


def plain_paragraphs(text: str) -> list[Block]:
    """The paragraphs and list items of a text without headings."""
    return [block for lines in _groups(text) for block in _body(lines)]


def _groups(text: str) -> list[Lines]:
    """Lines that no empty line parts."""
    groups: list[list[str]] = [[]]
    for line in re.split(r"\r\n|[\n\r\f\v\u2028\u2029]", text):
        if clean_line(line):
            groups[-1].append(line)
        elif groups[-1]:
            groups.append([])
    return [lines for lines in groups if lines]


def _blocks(groups: Sequence[Lines]) -> tuple[Block, ...]:
    blocks: list[Block] = []
    marks: list[str] = []
    for place, lines in enumerate(groups):
        level = _numbered_level(groups, place)
        if level:
            blocks.append(Block(join_lines(lines[0]), "heading", level))
            continue
        start = 0
        for found in _underlines(lines):
            first = found - 1
            overlined = first > start and _UNDERLINE.match(lines[first - 1].strip())
            blocks += _body(lines[start : first - 1 if overlined else first])
            mark = ("overlined " if overlined else "") + lines[found].strip()[0]
            if mark not in marks:
                marks.append(mark)
            blocks.append(Block(clean_line(lines[first]), "heading", min(marks.index(mark) + 1, 6)))
            start = found + 1
        blocks += _body(lines[start:])
    return tuple(blocks)


def _underlines(lines: Lines) -> list[int]:
    """Where the lines are that underline a heading."""
    found: list[int] = []
    for place in range(1, len(lines)):
        last = found[-1] if found else -1
        title, underline = clean_line(lines[place - 1]), lines[place].strip()
        if last == place - 1 or not _UNDERLINE.match(underline) or _UNDERLINE.match(title):
            continue
        # A line of a paragraph above would make this the end of a sentence, or a table.
        alone = last == place - 2 or bool(_UNDERLINE.match(lines[place - 2].strip()))
        if alone and len(title) <= 2 * _LONGEST_HEADING and 2 * len(underline) >= len(title):
            found.append(place)
    return found


def _numbered_level(groups: Sequence[Lines], place: int) -> int:
    """The level of a numbered heading; 0 where the lines are none."""
    if len(groups[place]) != 1 or place + 1 == len(groups):
        return 0
    found = _numbered(groups[place][0])
    neighbours = (groups[place + 1][0], groups[place - 1][-1] if place else "")
    if found is None or any(_same_depth(found, _numbered(line)) for line in neighbours):
        return 0
    return found["number"].count(".") + 1


def _numbered(line: str) -> re.Match[str] | None:
    text = clean_line(line)
    found = _NUMBERED_HEADING.match(text)
    if found is None or len(text) > _LONGEST_HEADING or text[-1] in ".!?:;,。！？：；،؟।":
        return None
    begins = text[found.end()]
    # "12 apples" and "3 Oktober" are none; scripts without capitals have only the dot to tell.
    if begins.islower() or not ("." in found["number"] or found["dot"]):
        return None
    return found


def _same_depth(found: re.Match[str], other: re.Match[str] | None) -> bool:
    return other is not None and other["number"].count(".") == found["number"].count(".")


def _body(lines: Lines) -> list[Block]:
    """A paragraph, or the items of a list with the paragraph that leads to it."""
    begins = _items(lines)
    bounds = [*begins, len(lines)]
    lead = _paragraph(lines[: bounds[0]], "paragraph")
    items = [
        _paragraph([_without_mark(lines[first]), *lines[first + 1 : last]], "list_item")
        for first, last in itertools.pairwise(bounds)
    ]
    return [block for block in (lead, *items) if block is not None]


def _items(lines: Lines) -> list[int]:
    """Where items of a list begin: at bullets, or at numbers that count on."""
    bullets = [place for place, line in enumerate(lines) if _BULLET.match(line)]
    if bullets and (bullets[0] == 0 or len(bullets) > 1):
        return bullets
    numbers = [(place, int(found[1])) for place, line in enumerate(lines) if (found := _NUMBER.match(line))]
    counts_on = all(after[1] == before[1] + 1 for before, after in itertools.pairwise(numbers))
    return [place for place, _ in numbers] if len(numbers) > 1 and counts_on else []


def _without_mark(line: str) -> str:
    return (_NUMBER if _NUMBER.match(line) else _BULLET).sub("", line, count=1)


def _paragraph(lines: Lines, kind: str) -> Block | None:
    text = join_lines("\n".join(lines))
    return Block(text, kind) if text and not _RULE.match(text) else None
