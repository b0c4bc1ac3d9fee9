"""The scripts that texts are written in."""

import re
from collections import Counter
from functools import cache

__all__ = ["is_unspaced", "letters_by_script", "scripts_of"]

# Code points of letters and marks; digits and punctuation of a script say nothing about a language.
_LETTERS = {
    "Latin": "0041-005A 0061-007A 00AA 00BA 00C0-00D6 00D8-00F6 00F8-024F 1E00-1EFF",
    "Greek": "0370-037D 0386-03FF 1F00-1FFE",
    "Cyrillic": "0400-052F 1C80-1C88 A640-A69F",
    "Armenian": "0531-0556 0561-0587",
    "Hebrew": "05B0-05BD 05C1-05C2 05D0-05F2 FB1D-FB4F",
    "Arabic": "0620-065F 066E-06D3 06FA-06FC 0750-077F 08A0-08C7 FB50-FDFB FE70-FEFC",
    "Ethiopic": "1200-135F",
    "Devanagari": "0900-0963 0971-097F",
    "Bengali": "0980-09E3 09F0-09F1",
    "Gurmukhi": "0A01-0A63 0A70-0A75",
    "Gujarati": "0A81-0AE3",
    "Oriya": "0B01-0B63",
    "Tamil": "0B82-0BD7",
    "Telugu": "0C00-0C63",
    "Kannada": "0C80-0CE3",
    "Malayalam": "0D00-0D63",
    "Sinhala": "0D82-0DDF",
    "Thai": "0E01-0E3A 0E40-0E4E",
    "Lao": "0E81-0ECD 0EDC-0EDF",
    "Tibetan": "0F40-0FBC",
    "Myanmar": "1000-103F 1050-108F",
    "Georgian": "10A0-10FF 1C90-1CBF",
    "Khmer": "1780-17D3",
    "Mongolian": "1820-1878",
    "Hangul": "1100-11FF 3131-318E AC00-D7A3",
    "Kana": "3041-3096 309D-309F 30A1-30FA 30FC-30FF 31F0-31FF",
    "Han": "3005 3007 3400-4DBF 4E00-9FFF F900-FAFF 20000-323AF",
}
_UNSPACED = ("Han", "Kana", "Thai", "Lao", "Khmer", "Myanmar", "Tibetan")

_SCRIPTS_OF_LANGUAGES = {
    "ja": ("Kana", "Han"),
    "zh": ("Han",),
    "ko": ("Hangul",),
    "el": ("Greek",),
    "hy": ("Armenian",),
    "ka": ("Georgian",),
    "am": ("Ethiopic",),
    "dz": ("Tibetan",),
    "km": ("Khmer",),
    "lo": ("Lao",),
    "my": ("Myanmar",),
    "si": ("Sinhala",),
    "th": ("Thai",),
    "bn": ("Bengali",),
    "as": ("Bengali",),
    "gu": ("Gujarati",),
    "kn": ("Kannada",),
    "ml": ("Malayalam",),
    "or": ("Oriya",),
    "ta": ("Tamil",),
    "te": ("Telugu",),
    "pa": ("Gurmukhi", "Arabic"),
    "mn": ("Cyrillic", "Mongolian"),
    **dict.fromkeys(("he", "yi"), ("Hebrew",)),
    **dict.fromkeys(("ar", "fa", "ps", "ug", "ur"), ("Arabic",)),
    **dict.fromkeys(("hi", "mr", "ne", "sa"), ("Devanagari",)),
    **dict.fromkeys(("ba", "be", "bg", "mk", "ru", "uk"), ("Cyrillic",)),
    **dict.fromkeys(("bs", "sr"), ("Latin", "Cyrillic")),
    **dict.fromkeys(("az", "kk", "ky", "ku", "tg", "tk", "tt", "uz"), ("Latin", "Cyrillic", "Arabic")),
    **dict.fromkeys(("ha", "ms"), ("Latin", "Arabic")),
}


def letters_by_script(text: str) -> Counter[str]:
    """How many letters of each script there are; scripts without any are left out."""
    counts = {script: len(pattern.findall(text)) for script, pattern in _patterns().items()}
    return Counter({script: count for script, count in counts.items() if count})


def scripts_of(language: str) -> tuple[str, ...]:
    """The scripts that a language, an ISO 639-1 code, is written in."""
    return _SCRIPTS_OF_LANGUAGES.get(language, ("Latin",))


def is_unspaced(text: str) -> bool:
    """Whether most letters are of scripts that put no spaces between words."""
    letters = letters_by_script(text)
    return 2 * sum(letters[script] for script in _UNSPACED) > sum(letters.values())


@cache
def _patterns() -> dict[str, re.Pattern[str]]:
    return {script: re.compile(f"[{''.join(map(_range, spans.split()))}]") for script, spans in _LETTERS.items()}


def _range(span: str) -> str:
    """A range of a character class from "00C0-00D6"."""
    return "-".join(chr(int(code, 16)) for code in span.split("-"))
