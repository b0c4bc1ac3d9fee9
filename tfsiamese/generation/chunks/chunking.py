"""Documents -> chunks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from tfsiamese.errors import SettingsError
from tfsiamese.generation.chunks.chunk import Chunk
from tfsiamese.generation.chunks.chunked_document import ChunkedDocument, LeftOut
from tfsiamese.generation.chunks.cutting import cut
from tfsiamese.generation.chunks.heading_numbers import heading_names
from tfsiamese.generation.chunks.measuring import CharacterMeasure, CountTokens, Measure, TokenCounts, TokenMeasure
from tfsiamese.generation.chunks.packing import Run, pack
from tfsiamese.generation.chunks.page_lists import lists_pages
from tfsiamese.generation.chunks.prose import reading_length
from tfsiamese.generation.chunks.sections import Section, Unit, read_sections
from tfsiamese.generation.chunks.settings import ChunkSettings
from tfsiamese.generation.documents.document import Document

__all__ = ["chunk_document"]


def chunk_document(
    document: Document, settings: ChunkSettings | None = None, count_tokens: CountTokens | None = None
) -> ChunkedDocument:
    """Cuts a document into chunks of whole sentences, none of which reaches across a heading.

    A chunk ends with a paragraph where that fills at least half of it. Tables and code are cut between lines. A
    sentence that is longer than a chunk is cut behind a clause, else at white space, else between characters. Chunks
    have headings without the bare numbers that count sections, as in "2 Installation".

    Args:
        document: the document.
        settings: the chunks' size; by default 1,000 characters.
        count_tokens: tells how many tokens an encoder makes of each of some texts, special tokens included; needed
            where the unit is "tokens".

    Raises:
        SettingsError: the unit is "tokens", and there is nothing to count them, or it gives None.
    """
    settings = settings or ChunkSettings()
    names = heading_names(document)
    sections = list(read_sections(document, names))
    if settings.unit == "characters":
        most = settings.size
        sections = [replace(section, units=_cut_units(document.text, section.units, most)) for section in sections]
        runs = _pack(document.text, sections, CharacterMeasure(), settings)
    elif count_tokens is None:
        raise SettingsError(
            'The unit "tokens" needs count_tokens, a function that counts the tokens of texts. Expected that of an '
            'encoder: pass one, or take the unit "characters".'
        )
    else:
        sections, runs = _by_tokens(document.text, sections, count_tokens, settings)
    return _chunked(document, _title(document, names), runs, settings)


def _title(document: Document, names: Mapping[int, str]) -> str:
    """The document's title; without a number where it is a heading that loses its own."""
    same = (name for number, name in names.items() if document.blocks[number].text == document.title)
    return next(same, document.title)


def _cut_units(text: str, units: Sequence[Unit], most: int) -> tuple[Unit, ...]:
    whole_or_pieces: list[Unit] = []
    for unit in units:
        if unit.end - unit.start <= most:
            whole_or_pieces.append(unit)
        else:
            spans = cut(text, unit.start, unit.end, most)
            whole_or_pieces.extend(replace(unit, start=start, end=end, is_whole=False) for start, end in spans)
    return tuple(whole_or_pieces)


def _pack(
    text: str, sections: Sequence[Section], measure: Measure, settings: ChunkSettings
) -> list[tuple[Section, Run]]:
    return [(section, run) for section in sections for run in pack(text, section.units, measure, settings)]


def _by_tokens(
    text: str, sections: list[Section], count_tokens: CountTokens, settings: ChunkSettings
) -> tuple[list[Section], list[tuple[Section, Run]]]:
    """Packs by guesses and counts what came of it, until all of it was counted."""
    counts = TokenCounts(text, count_tokens)
    sections = _cut_by_tokens(text, sections, counts, settings.size)
    measure = TokenMeasure(counts, [section.units for section in sections])
    while True:
        runs = _pack(text, sections, measure, settings)
        spans = [_span(section, run.first, run.last) for section, run in runs]
        spans += [_span(section, run.first, run.new) for section, run in runs if run.first < run.new]
        if not counts.count(spans):
            return sections, runs


def _cut_by_tokens(text: str, sections: list[Section], counts: TokenCounts, size: int) -> list[Section]:
    """Cuts overlong sentences, in rounds: how many characters make a token differs from sentence to sentence."""
    while True:
        counts.count((unit.start, unit.end) for section in sections for unit in section.units)
        smaller = [
            replace(
                section,
                units=tuple(
                    piece
                    for unit in section.units
                    for piece in _cut_unit(text, unit, counts[unit.start, unit.end], size)
                ),
            )
            for section in sections
        ]
        if smaller == sections:
            return sections
        sections = smaller


def _cut_unit(text: str, unit: Unit, num_tokens: int, size: int) -> tuple[Unit, ...]:
    if num_tokens <= size:
        return (unit,)
    length = unit.end - unit.start
    most = max(1, min(length - 1, length * size // num_tokens))
    return _cut_units(text, [unit], most)


def _span(section: Section, first: int, last: int) -> tuple[int, int]:
    return section.units[first].start, section.units[last - 1].end


def _chunked(
    document: Document, title: str, runs: list[tuple[Section, Run]], settings: ChunkSettings
) -> ChunkedDocument:
    chunks: list[Chunk] = []
    left_out: list[LeftOut] = []
    for section, run in runs:
        start, end = _span(section, run.first, run.last)
        units = section.units[run.first : run.last]
        chunk = Chunk(
            text=document.text[start:end],
            source=document.source,
            offset=start,
            page=document.blocks[units[0].block].page,
            title=title,
            headings=section.headings,
            opens_section=run.first == 0,
        )
        if reading_length(chunk.text) < settings.min_size:
            left_out.append(LeftOut(chunk, "too short"))
        elif not any(unit.is_prose for unit in units) or _lists_pages(document, units):
            left_out.append(LeftOut(chunk, "no prose"))
        else:
            chunks.append(chunk)
    return ChunkedDocument(tuple(chunks), tuple(left_out))


def _lists_pages(document: Document, units: Sequence[Unit]) -> bool:
    """Whether units are entries with the numbers of their pages."""
    return lists_pages("\n".join(document.text[unit.start : unit.end] for unit in units))
