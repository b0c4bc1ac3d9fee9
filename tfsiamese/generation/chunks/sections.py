"""The parts of a document between headings, as units that are not taken apart."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tfsiamese.generation.chunks.prose import is_prose
from tfsiamese.generation.chunks.sentences import split_sentences
from tfsiamese.generation.documents.document import Document

__all__ = ["Section", "Unit", "read_sections"]

_LINE = re.compile(r"[^\n]+")


@dataclass(frozen=True)
class Unit:
    """A sentence, an item of a list, or a line of a table or of code.

    Attributes:
        start: where it begins in the document's text.
        end: where it ends.
        block: the number of its block.
        is_prose: it is made of words, and is no code.
        is_whole: it is no piece of a sentence.
    """

    start: int
    end: int
    block: int
    is_prose: bool
    is_whole: bool = True


@dataclass(frozen=True)
class Section:
    """What stands under a heading, up to the next one.

    Attributes:
        headings: those above it, the highest first.
        units: in reading order.
    """

    headings: tuple[str, ...]
    units: tuple[Unit, ...]


def read_sections(document: Document, names: Mapping[int, str]) -> Iterator[Section]:
    """The sections of a document that hold text.

    Args:
        document: the document.
        names: what its headings are called, by the numbers of their blocks.
    """
    headings: list[tuple[int, str]] = []
    units: list[Unit] = []
    for number, block in enumerate(document.blocks):
        if block.kind != "heading":
            units.extend(_units(document, number))
            continue
        if units:
            yield Section(tuple(text for _, text in headings), tuple(units))
        units = []
        while headings and headings[-1][0] >= block.level:
            headings.pop()
        headings.append((block.level, names[number]))
    if units:
        yield Section(tuple(text for _, text in headings), tuple(units))


def _units(document: Document, number: int) -> Iterator[Unit]:
    block, offset = document.blocks[number], document.offsets[number]
    if block.kind in ("table", "code"):
        spans = _lines(block.text)
    else:
        spans = split_sentences(block.text)
    for start, end in spans:
        has_words = block.kind != "code" and is_prose(block.text[start:end])
        yield Unit(offset + start, offset + end, number, has_words)


def _lines(text: str) -> list[tuple[int, int]]:
    spans = []
    for match in _LINE.finditer(text):
        line = match.group()
        start = match.start() + len(line) - len(line.lstrip())
        end = match.start() + len(line.rstrip())
        if start < end:
            spans.append((start, end))
    return spans
