"""The pages of a PDF file become pieces of text in reading order."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from tfsiamese.generation.documents.page_columns import Gutter, reading_regions
from tfsiamese.generation.documents.page_lines import Line, make_lines
from tfsiamese.generation.documents.page_notes import make_notes, split_notes
from tfsiamese.generation.documents.page_paragraphs import Piece, make_pieces
from tfsiamese.generation.documents.page_running import remove_running_lines
from tfsiamese.generation.documents.page_style import TextStyle, measure_style
from tfsiamese.generation.documents.page_tables import PageTable
from tfsiamese.generation.documents.page_words import PageText, Word

__all__ = ["ReadPage", "pieces_of_pages"]

# The lines between two tables of a column, or a table.
Part = list[Line] | PageTable


@dataclass(slots=True)
class ReadPage:
    """What was read from a page.

    Attributes:
        number: from 1.
        text: its words, those of tables excluded.
        tables: its ruled tables.
    """

    number: int
    text: PageText
    tables: list[PageTable]


def pieces_of_pages(pages: Sequence[ReadPage]) -> tuple[list[Piece], TextStyle]:
    """Headings, paragraphs, items and tables in reading order, and what is usual among them.

    Footnotes, and text in another direction than the page's, stand behind the rest of their page.

    Args:
        pages: of one document; running headers and footers are taken out of them.
    """
    remove_running_lines([page.text for page in pages], _usual_size(pages))
    gutters: list[Gutter] = []
    regions = [_parts_of_regions(page, gutters) for page in pages]
    style = measure_style([part for page in regions for region in page for part in region if isinstance(part, list)])
    pieces: list[Piece] = []
    for page, parts in zip(pages, regions, strict=True):
        pieces += _pieces_of_page(page, parts, style)
    return pieces, style


def _usual_size(pages: Sequence[ReadPage]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for word in page.text.words:
            sizes[round(2 * word.size) / 2] += len(word.text)
    return sizes.most_common(1)[0][0] if sizes else 10.0


def _parts_of_regions(page: ReadPage, gutters: list[Gutter]) -> list[list[Part]]:
    regions = reading_regions([*page.text.words, *page.tables], gutters)
    return [_parts(region) for region in regions]


def _parts(region: Sequence[Word | PageTable]) -> list[Part]:
    lines = make_lines(item for item in region if isinstance(item, Word))
    tables = sorted((item for item in region if isinstance(item, PageTable)), key=lambda table: table.top)
    parts: list[Part] = []
    for table in tables:
        middle = (table.top + table.bottom) / 2
        above = [line for line in lines if line.bottom < middle]
        lines = [line for line in lines if line.bottom >= middle]
        parts += [above, table] if above else [table]
    return [*parts, lines] if lines else parts


def _pieces_of_page(page: ReadPage, regions: Sequence[Sequence[Part]], style: TextStyle) -> list[Piece]:
    notes: list[Line] = []
    bodies: list[list[Part]] = []
    for parts in regions:
        body: list[Part] = []
        for place, part in enumerate(parts):
            if isinstance(part, list) and place == len(parts) - 1:
                part, found = split_notes(part, style)
                notes += found
            if part:
                body.append(part)
        bodies.append(body)
    note_pieces, marks = make_notes(notes, page.number)
    pieces: list[Piece] = []
    for body in bodies:
        pieces += _pieces_of_column(body, page.number, marks, style)
    pieces += note_pieces
    turned = make_lines(page.text.turned)
    return [*pieces, Piece("paragraph", page.number, turned, is_note=True)] if turned else pieces


def _pieces_of_column(parts: Sequence[Part], page: int, marks: set[str], style: TextStyle) -> list[Piece]:
    pieces: list[Piece] = []
    for part in parts:
        if isinstance(part, PageTable):
            pieces.append(Piece("table", page, [], rows=part.rows))
        else:
            lines = [line.without_marks(marks) for line in part] if marks else part
            made = make_pieces(lines, page, style)
            made[0].opens_column = True
            pieces += made
    return pieces
