"""The fonts that matplotlib brings along and no others, and a font made on the spot."""

from pathlib import Path

import matplotlib
import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from matplotlib import font_manager

KANA = "ネコ"


@pytest.fixture
def bundled_fonts(monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a machine without any fonts of its own. What a test adds to the list is gone after it."""
    folder = str(Path(matplotlib.get_data_path()))
    entries = [entry for entry in font_manager.fontManager.ttflist if entry.fname.startswith(folder)]
    monkeypatch.setattr(font_manager.fontManager, "ttflist", entries)
    monkeypatch.setattr(font_manager, "findSystemFonts", list)
    font_manager.fontManager._findfont_cached.cache_clear()


@pytest.fixture
def kana_font(tmp_path: Path) -> str:
    """A font file with two letters, each a filled square."""
    pen = TTGlyphPen(None)
    for move, point in zip((pen.moveTo, pen.lineTo, pen.lineTo, pen.lineTo), SQUARE, strict=True):
        move(point)
    pen.closePath()
    square, empty = pen.glyph(), TTGlyphPen(None).glyph()
    names = [".notdef", *(f"kana{index}" for index in range(len(KANA)))]
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap({ord(letter): name for letter, name in zip(KANA, names[1:], strict=True)})
    builder.setupGlyf({name: empty if name == ".notdef" else square for name in names})
    builder.setupHorizontalMetrics(dict.fromkeys(names, (1000, 0)))
    builder.setupHorizontalHeader(ascent=800, descent=-200)
    builder.setupNameTable({"familyName": "Two Kana", "styleName": "Regular"})
    builder.setupOS2(usWeightClass=400)
    builder.setupPost()
    path = str(tmp_path / "TwoKana-Regular.ttf")
    builder.save(path)
    return path


SQUARE = ((0, 0), (0, 800), (900, 800), (900, 0))
