"""Lines near the upper and lower edges of pages."""

from collections.abc import Iterator
from dataclasses import dataclass

from tfsiamese.generation.documents.page_lines import Line, make_lines
from tfsiamese.generation.documents.page_words import PageText, Word

__all__ = ["EdgeRow", "edge_rows"]

_ZONE = 0.2
_OUTERMOST = 4
_HEADER_MARGIN = 0.1
_FOOTER_MARGIN = 0.88


@dataclass(slots=True)
class EdgeRow:
    """A line across the whole page, near its upper or lower edge.

    Attributes:
        page: the number of its page, from 0.
        line: its words.
        text: the words with spaces.
        is_footer: it stands near the lower edge.
        place: how many lines stand between it and the edge.
        in_margin: it stands where the margins of most pages are.
    """

    page: int
    line: Line
    text: str
    is_footer: bool
    place: int
    in_margin: bool

    @property
    def words(self) -> tuple[Word, ...]:
        """In reading order."""
        return self.line.words

    @property
    def bottom(self) -> float:
        """In points."""
        return self.line.bottom

    @property
    def size(self) -> float:
        """Of the font of most of its characters, in points."""
        return self.line.size

    @property
    def is_outermost(self) -> bool:
        """Whether no line stands between it and the edge."""
        return self.place == 0


def edge_rows(number: int, page: PageText) -> Iterator[EdgeRow]:
    """The four outermost lines at each of a page's two edges.

    Args:
        number: of the page, from 0.
        page: its words.
    """
    upper, lower = _ZONE * page.height, (1 - _ZONE) * page.height
    for is_footer in (False, True):
        words = [word for word in page.words if (word.top > lower if is_footer else word.bottom < upper)]
        lines = make_lines(words)
        edge = lines[::-1][:_OUTERMOST] if is_footer else lines[:_OUTERMOST]
        for place, line in enumerate(edge):
            height = line.bottom / page.height
            in_margin = height > _FOOTER_MARGIN if is_footer else height < _HEADER_MARGIN
            yield EdgeRow(number, line, line.text, is_footer, place, in_margin)
