"""PDF files made for tests, with a text that is known word by word."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas

WIDTH, HEIGHT = A4
FONT, BOLD = "Times-Roman", "Times-Bold"
SIZE, LEADING = 10.0, 12.0
MARGIN, GUTTER = 56.0, 20.0
COLUMN = (WIDTH - 2 * MARGIN - GUTTER) / 2
TOP, FOOT = HEIGHT - 78.0, 74.0
INDENT = 12.0


@dataclass
class Canvases:
    """A page description in points from the upper left corner."""

    path: Path
    size: tuple[float, float] = A4
    canvas: Canvas = field(init=False)

    def __post_init__(self):
        self.canvas = Canvas(str(self.path), pagesize=self.size, invariant=1)

    def text(self, x: float, y: float, text: str, size: float = SIZE, font: str = FONT) -> None:
        self.canvas.setFont(font, size)
        self.canvas.drawString(x, self.size[1] - y, text)

    def lines(self, x: float, y: float, lines: Sequence[str], size: float = SIZE, leading: float = LEADING) -> None:
        for number, line in enumerate(lines):
            self.text(x, y + number * leading, line, size)

    def box(self, x: float, y: float, width: float, height: float) -> None:
        self.canvas.rect(x, self.size[1] - y - height, width, height)

    def table(self, x: float, y: float, widths: Sequence[float], rows: Sequence[Sequence[str]], height=16.0) -> None:
        for row, cells in enumerate(rows):
            left = x
            for width, cell in zip(widths, cells, strict=True):
                self.box(left, y + row * height, width, height)
                for number, line in enumerate(cell.split("\n")):
                    self.text(left + 4, y + row * height + 11 + number * LEADING, line, 9)
                left += width

    def page(self) -> None:
        self.canvas.showPage()

    def save(self) -> Path:
        self.canvas.save()
        return self.path


def vocabulary(rng: random.Random, count: int) -> list[tuple[str, ...]]:
    """Words as their syllables, none of which begins another word or is one."""
    syllables = [a + b + c for a in "bdfgklmnprstv" for b in "aeiou" for c in ("", "n", "r", "l", "st")]
    words: dict[str, tuple[str, ...]] = {}
    while len(words) < count:
        parts = tuple(rng.choice(syllables) for _ in range(rng.choice((1, 2, 2, 3, 3, 4))))
        words["".join(parts)] = parts
    return list(words.values())


class TwoColumnArticle:
    """Typesets an article of invented words in two justified columns; `blocks` is what it says, in reading order.

    Running header and footer, section headings, indented paragraphs with hyphenated words, list items, and ruled
    tables in one column or across both, at the top or in the midst of a page.
    """

    def __init__(self, path: Path, seed: int = 7):
        self.sheet = Canvases(path)
        self.rng = random.Random(seed)
        self.words = vocabulary(self.rng, 500)
        self.compounds = [("".join(a), "".join(b)) for a, b in zip(self.words[:40], self.words[40:80], strict=True)]
        self.blocks: list[tuple[str, str]] = []
        self.num_pages, self.num_hyphens, self.num_broken_paragraphs, self.num_wide_tables = 1, 0, 0, 0
        self.zones: list[tuple[float, float]] = []
        self.section = "Opening"
        self._begin_page()

    def write(self, num_pages: int) -> Path:
        number = 0
        while self.num_pages < num_pages or self.column == 0 or self.zones:
            number += 1
            self._heading(f"{number} {self._title()}")
            for place in range(self.rng.randint(3, 6)):
                self._paragraph(self._sentences(self.rng.randint(2, 7)), INDENT if place else 0.0)
                if self.rng.random() < 0.12:
                    self._column_table()
                if self.num_pages >= num_pages and self.column == 1 and not self.zones:
                    break
        self._running_lines()
        return self.sheet.save()

    def _begin_page(self) -> None:
        kind = self.rng.choice(["plain", "plain", "top", "middle"])
        if kind == "top":
            y = self._wide_table(TOP)
            self.zones = [(y - 14, FOOT)]
        elif kind == "middle":
            middle = self.rng.uniform(0.35, 0.65) * HEIGHT
            self.zones = [(TOP, middle), (-1.0, FOOT)]
        else:
            self.zones = [(TOP, FOOT)]
        self._begin_zone()

    def _begin_zone(self) -> None:
        top, bottom = self.zones.pop(0)
        if top < 0:
            top = self._wide_table(self.bottom - 22) - 14
        self.top, self.bottom, self.column, self.y = top, bottom, 0, top

    def _next_column(self) -> None:
        if self.column == 0:
            self.column, self.y = 1, self.top
        elif self.zones:
            self._begin_zone()
        else:
            self._running_lines()
            self.sheet.page()
            self.num_pages += 1
            self._begin_page()

    def _running_lines(self) -> None:
        even = self.num_pages % 2 == 0
        header = f"{self.num_pages}    Journal of Invented Words" if even else f"{self.section}    {self.num_pages}"
        self.sheet.text(MARGIN if even else WIDTH - MARGIN - 150, 40, header, 8)
        self.sheet.text(WIDTH / 2 - 30, HEIGHT - 36, f"Volume 3, page {self.num_pages} of 100", 8)

    @property
    def _x(self) -> float:
        return MARGIN + self.column * (COLUMN + GUTTER)

    def _room(self, height: float) -> None:
        while self.y - height < self.bottom:
            self._next_column()

    def _title(self) -> str:
        words = ["".join(self.rng.choice(self.words)) for _ in range(self.rng.randint(2, 3))]
        return " ".join(words).capitalize()

    def _heading(self, title: str) -> None:
        self.y -= 10
        self._room(50)
        self.y -= 14
        self.sheet.text(self._x, HEIGHT - self.y, title, 13, BOLD)
        self.y -= 5
        self.blocks.append(("heading", title))

    def _sentences(self, count: int) -> list[tuple[str, ...]]:
        """Words as the parts they may be broken into."""
        words: list[tuple[str, ...]] = []
        for _ in range(count):
            sentence: list[tuple[str, ...]] = [self.rng.choice(self.words) for _ in range(self.rng.randint(5, 16))]
            if self.rng.random() < 0.5:
                first, second = self.rng.choice(self.compounds)
                sentence.insert(2, (f"{first}-", second))
            sentence[0] = (sentence[0][0].capitalize(), *sentence[0][1:])
            sentence[-1] = (*sentence[-1][:-1], sentence[-1][-1] + ".")
            words += sentence
        return words

    def _paragraph(self, words: list[tuple[str, ...]], indent: float) -> None:
        self._room(2 * LEADING)
        self.blocks.append(("paragraph", " ".join("".join(parts) for parts in words)))
        place = (self.num_pages, self.column, self.top)
        for line, is_last in self._broken(words, indent):
            self._room(LEADING)
            self.y -= LEADING
            self._justified(line, indent, is_last)
            indent = 0.0
        self.num_broken_paragraphs += place != (self.num_pages, self.column, self.top)

    def _broken(self, words: list[tuple[str, ...]], indent: float):
        line: list[str] = []
        room = COLUMN - indent
        queue = list(words)
        while queue:
            parts = queue.pop(0)
            if _width([*line, "".join(parts)]) <= room:
                line.append("".join(parts))
                continue
            for cut in range(len(parts) - 1, 0, -1):
                left, right = "".join(parts[:cut]), "".join(parts[cut:])
                broken = left if left.endswith("-") else f"{left}-"
                if len(left) > 2 and len(right) > 3 and _width([*line, broken]) <= room:
                    line.append(broken)
                    parts = parts[cut:]
                    self.num_hyphens += 1
                    break
            yield line, False
            line, room = [], COLUMN
            queue.insert(0, parts)
        yield line, True

    def _justified(self, line: list[str], indent: float, is_last: bool) -> None:
        x, spare = self._x + indent, COLUMN - indent - _width(line)
        space = stringWidth(" ", FONT, SIZE)
        if not is_last and len(line) > 1:
            space += spare / (len(line) - 1)
        for word in line:
            self.sheet.text(x, HEIGHT - self.y, word)
            x += stringWidth(word, FONT, SIZE) + space

    def _rows(self, num_columns: int) -> list[list[str]]:
        head = ["".join(self.rng.choice(self.words)).capitalize() for _ in range(num_columns)]
        rows = [["".join(self.rng.choice(self.words))] for _ in range(self.rng.randint(2, 5))]
        return [head] + [row + [str(self.rng.randint(1, 9999)) for _ in head[1:]] for row in rows]

    def _column_table(self) -> None:
        rows = self._rows(3)
        self._room(16 * len(rows) + 14)
        self.y -= 7
        self.sheet.table(self._x, HEIGHT - self.y, [COLUMN / 3] * 3, rows)
        self.y -= 16 * len(rows) + 2
        self.blocks.append(("table", _table_text(rows)))

    def _wide_table(self, y: float) -> float:
        rows = self._rows(5)
        self.sheet.table(MARGIN, HEIGHT - y, [(WIDTH - 2 * MARGIN) / 5] * 5, rows)
        self.blocks.append(("table", _table_text(rows)))
        self.num_wide_tables += 1
        return y - 16 * len(rows)


def _table_text(rows: Sequence[Sequence[str]]) -> str:
    return "\n".join(" | ".join(row) for row in rows)


def _width(line: Sequence[str]) -> float:
    return stringWidth(" ".join(line), FONT, SIZE)
