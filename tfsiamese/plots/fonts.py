"""Fonts for texts in any script.

matplotlib draws a text with a list of font families and takes each character from the first family that has it. Its
own DejaVu Sans has Latin, Greek, Cyrillic, Arabic and Hebrew letters, but no Chinese, Japanese, Korean, Thai or Indian
ones. Only when DejaVu Sans lacks a character are the installed fonts searched. Nothing is set for other figures.
"""

import dataclasses
import functools
import logging
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import matplotlib
from matplotlib import font_manager
from matplotlib.ft2font import FT2Font

__all__ = ["BASE_FAMILY", "Lettering", "choose_lettering"]

BASE_FAMILY = "DejaVu Sans"
_BOX = "□"

_logger = logging.getLogger(__name__)

# Fonts that hold a box or a blank for every character, and colour bitmaps, which matplotlib cannot draw.
_UNUSABLE = ("last resort", "lastresort", "blank", "color emoji", "colour emoji")
_LEAST_WANTED = ("unifont",)
_LESS_WANTED = ("serif", "mono", "mincho", "ming", "song", "batang", "nastaliq", "symbola", "handwriting", "cursive")
_CJK_SCRIPTS = {"CJK", "HIRAGANA", "KATAKANA", "HANGUL", "BOPOMOFO", "IDEOGRAPHIC", "FULLWIDTH", "HALFWIDTH"}

_JOINED_SCRIPTS = {"DEVANAGARI", "BENGALI", "GURMUKHI", "GUJARATI", "ORIYA", "TAMIL", "TELUGU", "KANNADA", "MALAYALAM"}


class _Font(NamedTuple):
    family: str
    path: str
    face: int


@dataclasses.dataclass(frozen=True)
class Lettering:
    """What some texts are drawn with: font families, DejaVu Sans first, and the characters that none of them has."""

    families: list[str]
    missing: frozenset[str]

    def drawable(self, text: str) -> str:
        """`text` with a box for each character that cannot be drawn, and without marks that cannot.

        matplotlib has boxes of its own, but warns of each, and version 3.11 takes them to have no width.
        """
        return "".join(self._in_place_of(character) for character in text)

    def _in_place_of(self, character: str) -> str:
        if character not in self.missing:
            return character
        return "" if unicodedata.category(character).startswith("M") else _BOX


def choose_lettering(texts: Iterable[str]) -> Lettering:
    """Finds fonts for `texts` among those installed.

    Characters that no font has are named in one warning, with the packages to install. A font that was installed after
    matplotlib listed the fonts is added to the list of this process.
    """
    characters = [character for character in dict.fromkeys("".join(texts)) if not _is_invisible(character)]
    missing = frozenset(characters)
    missing -= _characters_of(_Font(BASE_FAMILY, str(font_manager.findfont(BASE_FAMILY)), 0), missing)
    families = [BASE_FAMILY]
    while missing and (font := _choose_font(missing)):
        families.append(font.family)
        missing -= _characters_of(font, missing)
    if missing:
        _logger.warning("%s", _advice([character for character in characters if character in missing]))
    if unshaped := _unshaped_scripts(characters):
        _logger.warning(
            "matplotlib %s draws %s letter by letter and from left to right; matplotlib 3.11 sets it properly.",
            matplotlib.__version__,
            ", ".join(unshaped),
        )
    return Lettering(families, missing)


def _choose_font(missing: frozenset[str]) -> _Font | None:
    """The font to add next, also from those installed since matplotlib wrote its list, a file it rarely renews."""
    listed = list(_listed_fonts())
    font = _best_font(listed, missing)
    if font is None or _characters_of(font, missing) != missing:
        font = _best_font([*listed, *_unlisted_fonts()], missing)
        if font and font not in listed:
            font_manager.fontManager.addfont(font.path)
    return font


def _best_font(fonts: Iterable[_Font], missing: frozenset[str]) -> _Font | None:
    """The font with the most of the `missing` characters; among equals the best looking one."""
    best, highest = None, 0.0
    for font in sorted(fonts, key=lambda font: _rank(font.family, missing)):
        score = _score(font, missing)
        if score > highest:
            best, highest = font, score
        if highest == len(missing):
            break
    return best


def _score(font: _Font, missing: frozenset[str]) -> float:
    """How many of the `missing` characters a font has; less than one for a font that any other is better than."""
    name = font.family.lower()
    if any(word in name for word in _UNUSABLE):
        return 0
    number = len(_characters_of(font, missing))
    return min(number, 0.5) if any(word in name for word in _LEAST_WANTED) else number


def _rank(family: str, missing: frozenset[str]) -> tuple[bool, bool, bool, bool, str]:
    """Sorts plain sans-serif families first, and those made for the language at hand before their sisters."""
    name = family.lower()
    scripts = {_script(character) for character in missing}
    region = "jp" if scripts & {"HIRAGANA", "KATAKANA"} else "kr" if "HANGUL" in scripts else "sc"
    return (
        any(word in name for word in _LESS_WANTED),
        not name.startswith("noto sans"),
        not ("sans" in name or "gothic" in name),
        not name.endswith(region),
        family,
    )


def _listed_fonts() -> Iterator[_Font]:
    """The upright face nearest to regular of each family in matplotlib's list: the one it opens for that name."""
    nearest: dict[str, font_manager.FontEntry] = {}
    for entry in font_manager.fontManager.ttflist:
        known = nearest.get(entry.name)
        if entry.style == "normal" and (known is None or _distance(entry) < _distance(known)):
            nearest[entry.name] = entry
    for family, entry in nearest.items():
        yield _Font(family, entry.fname, getattr(entry, "index", 0))


def _distance(entry: font_manager.FontEntry) -> float:
    """How far a face is from regular weight and width."""
    weight = entry.weight if isinstance(entry.weight, int) else font_manager.weight_dict.get(entry.weight, 400)
    return abs(weight - 400) + (1000 if entry.stretch not in ("normal", 400, 500) else 0)


def _unlisted_fonts() -> Iterator[_Font]:
    listed = {entry.fname for entry in font_manager.fontManager.ttflist}
    for path in sorted(set(font_manager.findSystemFonts()) - listed):
        try:
            font = FT2Font(path)
        except (OSError, RuntimeError):
            continue
        if font.scalable and font.style_name in ("Regular", "Book", "Roman", "Medium"):
            yield _Font(font.family_name, path, 0)


@functools.lru_cache(maxsize=4096)
def _characters_of(font: _Font, characters: frozenset[str]) -> frozenset[str]:
    """Those of `characters` that a font has."""
    try:
        face = FT2Font(font.path, face_index=font.face) if font.face else FT2Font(font.path)
    except (OSError, RuntimeError):
        return frozenset()
    if not face.scalable:
        return frozenset()
    return frozenset(character for character in characters if face.get_char_index(ord(character)))


def _is_invisible(character: str) -> bool:
    """Spaces and joiners: there is nothing to draw where a font lacks them."""
    return character.isspace() or unicodedata.category(character) in ("Cc", "Cf")


def _script(character: str) -> str:
    """First word of the Unicode name, which is the script's for letters: HIRAGANA, DEVANAGARI; EMOJI for pictures."""
    if 0x1F000 <= ord(character) <= 0x1FAFF:
        return "EMOJI"
    return unicodedata.name(character, "UNKNOWN").split()[0].split("-")[0]


def _unshaped_scripts(characters: Iterable[str]) -> list[str]:
    """Scripts among `characters` that this version of matplotlib cannot set."""
    if matplotlib.__version_info__ >= (3, 11):
        return []
    right_to_left = (character for character in characters if unicodedata.bidirectional(character) in ("R", "AL"))
    joined = (character for character in characters if _script(character) in _JOINED_SCRIPTS)
    return sorted({_script(character) for character in (*right_to_left, *joined)})


def _advice(missing: list[str]) -> str:
    """What cannot be drawn, and what to install."""
    scripts = defaultdict(list)
    for character in missing:
        scripts[_script(character)].append(character)
    named = [f"{script} ({''.join(found[:8])}{'…' if len(found) > 8 else ''})" for script, found in scripts.items()]
    packages = []
    if scripts.keys() & _CJK_SCRIPTS:
        packages.append("fonts-noto-cjk")
    if scripts.keys() - _CJK_SCRIPTS - {"EMOJI"}:
        packages.append("fonts-noto-core")
    if "EMOJI" in scripts:
        packages.append("fonts-symbola")
    emoji = " (matplotlib cannot draw colour emoji fonts; Symbola or Noto Emoji it can)" if "EMOJI" in scripts else ""
    return (
        f"No installed font has {len(missing)} of the characters to draw, boxes stand in for them: {', '.join(named)}. "
        f"Install a font that has them, e.g. `apt-get install {' '.join(packages)}` or any Noto font{emoji}."
    )
