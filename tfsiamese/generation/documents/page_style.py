"""What is usual in a document, and the lines that differ from it."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tfsiamese.generation.documents.page_lines import Line

__all__ = ["TextStyle", "is_code_line", "is_entry", "is_heading_line", "measure_style", "without_leaders"]

_LEADER = re.compile(r"(?:\s?[.…·]){4,}\s*")
_LARGER = 1.1


@dataclass(frozen=True)
class TextStyle:
    """What is usual in a document.

    Attributes:
        size: of the font of most of its text, in points.
        is_bold: whether most of the text is.
        is_monospaced: likewise.
        leading: from a line's foot to the next one's, as a multiple of the font size.
    """

    size: float
    is_bold: bool
    is_monospaced: bool
    leading: float


def measure_style(columns: Sequence[Sequence[Line]]) -> TextStyle:
    """What is usual among the lines of a document.

    Args:
        columns: each from top to bottom.
    """
    sizes: Counter[float] = Counter()
    bold = monospaced = total = 0
    leadings: Counter[float] = Counter()
    for lines in columns:
        for line in lines:
            sizes[_rounded(line.size)] += len(line.text)
            total += len(line.text)
            bold += line.is_bold * len(line.text)
            monospaced += line.is_monospaced * len(line.text)
        for above, below in pairwise(lines):
            if abs(above.size - below.size) < 0.5 and 0.9 < (below.bottom - above.bottom) / below.size < 2.5:
                leadings[round((below.bottom - above.bottom) / below.size, 1)] += 1
    size = sizes.most_common(1)[0][0] if sizes else 10.0
    leading = leadings.most_common(1)[0][0] if leadings else 1.2
    return TextStyle(size, 2 * bold > total, 2 * monospaced > total, leading)


def is_heading_line(line: Line, style: TextStyle) -> bool:
    """Whether a line may be one of a heading: it is larger than the rest, or bold where that is not."""
    if _LEADER.search(line.text):
        return False
    return line.size > _LARGER * style.size or (line.is_bold and not style.is_bold and line.size > 0.9 * style.size)


def is_code_line(line: Line, style: TextStyle) -> bool:
    """Whether a line is monospaced, as the document is not."""
    return line.is_monospaced and not style.is_monospaced and not line.size > _LARGER * style.size


def is_entry(line: Line) -> bool:
    """Whether this is the last line of an entry in a table of contents."""
    leader = _LEADER.search(line.text)
    return leader is not None and len(line.text) - leader.end() < 6


def without_leaders(text: str) -> str:
    """A line of a table of contents, its row of dots made short."""
    return _LEADER.sub(" … ", text)


def _rounded(size: float) -> float:
    return round(2 * size) / 2
