"""What Hugging Face's tokenizers knows about Unicode characters, frozen so that no other Unicode version can creep in.

Its Rust crates follow several Unicode versions, none of them Python's, ICU's or RE2's, so `characters.json` holds what
the library itself answers for each code point (`scripts/freeze_hugging_face_characters.py` wrote it). Characters are
code points, sets are arrays of them, and a mapping tells of each character that changes what it becomes.
"""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path

import numpy as np

__all__ = [
    "NUM_CODE_POINTS",
    "character_class",
    "characters_in",
    "combining_classes",
    "compositions",
    "decompositions",
    "lowercase",
    "never_composed",
]

NUM_CODE_POINTS = 0x110000

# The Unicode Standard, section 3.12: a Hangul syllable has a leading consonant, a vowel and perhaps a trailing one.
_SYLLABLE, _LEADING, _VOWEL, _TRAILING = 0xAC00, 0x1100, 0x1161, 0x11A7
_NUM_LEADING, _NUM_VOWELS, _NUM_TRAILING = 19, 21, 28


@cache
def characters_in(name: str) -> np.ndarray:
    r"""The characters of a set.

    Args:
        name: "space" (White_Space), "control" (what `clean_text` of a BertNormalizer removes: also U+FFFD, formats and
            private use), "chinese" (its `handle_chinese_chars`), "nonspacing" (what its `strip_accents` removes after
            decomposition), "mark" (what StripAccents removes), "punctuation" (what a BertPreTokenizer isolates),
            "letter" and "number" (\p{L} and \p{N} of regular expressions), "numeric" (what Digits takes for a digit),
            "extending" (what belongs to the character before it: a mark, ZWJ), "prepending" (what belongs to the one
            after it), "pictograph" (what ZWJ joins), "apart" (what no other character belongs to: a control) or "word"
            (what a single_word token must not stand beside).

    Returns:
        int32 [count], ascending.
    """
    return _set(_facts()[name])


def character_class(name: str) -> str:
    """The characters of a set as RE2 writes a class of them; `characters_in` tells which sets there are."""
    ends = re.sub("[0-9a-f]+", r"\\x{\g<0>}", _facts()[name])
    return f"[{ends.replace(',', '')}]"


@cache
def lowercase() -> Mapping[int, tuple[int, ...]]:
    """Lower case, character by character: no final sigma, and İ (U+0130) becomes an i and a combining dot."""
    return _mapping(_facts()["lowercase"])


@cache
def decompositions(compatible: bool) -> Mapping[int, tuple[int, ...]]:
    """Full decompositions: canonical (NFD), or compatible (NFKD), with Hangul."""
    found = _mapping(_facts()["canonical"])
    if compatible:
        found.update(_mapping(_facts()["compatible"]))
    for leading in range(_NUM_LEADING):
        for vowel in range(_NUM_VOWELS):
            for trailing in range(_NUM_TRAILING):
                parts = (_LEADING + leading, _VOWEL + vowel, _TRAILING + trailing)
                found[_syllable(leading, vowel, trailing)] = parts if trailing else parts[:2]
    return found


@cache
def combining_classes() -> Mapping[int, int]:
    """Canonical combining classes, of the characters where it is not zero: 1 to 240."""
    return {code: int(number) for number, codes in _facts()["classes"].items() for code in _set(codes).tolist()}


@cache
def never_composed() -> np.ndarray:
    """The characters that NFC takes apart and does not put together again: int32 [count], ascending."""
    return _set(_facts()["not_composed"])


@cache
def compositions() -> Mapping[tuple[int, int], int]:
    """Which two characters NFC joins into one, with Hangul."""
    excluded = set(never_composed().tolist())
    whole = {parts: code for code, parts in _mapping(_facts()["canonical"]).items() if code not in excluded}
    found = {(whole.get(parts[:-1], parts[0]), parts[-1]): code for parts, code in whole.items()}
    for leading in range(_NUM_LEADING):
        for vowel in range(_NUM_VOWELS):
            open_syllable = _syllable(leading, vowel, 0)
            found[_LEADING + leading, _VOWEL + vowel] = open_syllable
            for trailing in range(1, _NUM_TRAILING):
                found[open_syllable, _TRAILING + trailing] = open_syllable + trailing
    return found


def _syllable(leading: int, vowel: int, trailing: int) -> int:
    return _SYLLABLE + (leading * _NUM_VOWELS + vowel) * _NUM_TRAILING + trailing


@cache
def _facts() -> dict:
    return json.loads(Path(__file__).with_name("characters.json").read_text(encoding="utf-8"))


def _set(ranges: str) -> np.ndarray:
    """Reads "9-d,20"."""
    ends = [[int(end, 16) for end in span.split("-")] for span in ranges.split(",")]
    return np.concatenate([np.arange(span[0], span[-1] + 1, dtype=np.int32) for span in ends])


def _mapping(changes: str) -> dict[int, tuple[int, ...]]:
    """Reads "c0=41 300,c1=41 301"."""
    pairs = (change.split("=") for change in changes.split(","))
    return {int(code, 16): tuple(int(part, 16) for part in parts.split()) for code, parts in pairs}
