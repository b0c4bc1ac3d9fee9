"""Whether a full stop with white space behind it ends a sentence."""

import re
import unicodedata

from tfsiamese.generation.chunks.abbreviations import (
    BEFORE_NUMBERS,
    NEVER_LAST,
    OFTEN_LAST,
    ORDINAL_NOUNS,
    SENTENCE_ENDS,
    STARTERS,
    WORDS_BEFORE_ORDINALS,
)
from tfsiamese.generation.chunks.terminators import CJK

__all__ = ["full_stop_ends"]

_LONGEST_WORD = 24
_INSIDE_WORDS = frozenset(".-'’ºª°&§")
_ACRONYM = re.compile(r"(?:[^\W\d_]{1,2}\.)+[^\W\d_]{1,2}$")
_ROMAN = re.compile(r"[IVXLC]{1,6}$")
_NUMBERED = re.compile(r"[\d§(\[#]|[IVXLC]+\b|[A-Z]\.?\d")
_REST_OF_DATE = re.compile(r"\d{1,2}\.|\d{4}")
_WORD = re.compile(r"[^\W\d_]+")
_HANGUL = re.compile(r"[\uac00-\ud7a3\u1100-\u11ff]")


def full_stop_ends(text: str, start: int, stop: int, begin: int, *, is_bracketed: bool) -> bool:
    """Whether the full stop at `stop` ends the sentence that begins at `start`.

    Args:
        text: holds them.
        start: where the sentence begins.
        stop: the full stop's place.
        begin: of the next word, which does not begin with a lower-case letter.
        is_bracketed: a closing bracket follows the full stop.
    """
    place = _word_start(text, start, stop)
    word = text[place:stop].lstrip("-'’&")
    if not word:
        return True
    if _is_list_mark(word, text[start:place] if place - start < _LONGEST_WORD else "more"):
        return False
    if word.isdigit():
        return not _is_ordinal(text, start, place, word, begin)
    answer = _of_abbreviation(text, start, place, word, begin)
    return True if answer is None else answer and not is_bracketed


def _word_start(text: str, start: int, stop: int) -> int:
    place = stop
    least = max(start, stop - _LONGEST_WORD)
    while place > least and _belongs_to_word(text[place - 1]):
        place -= 1
    return place


def _belongs_to_word(character: str) -> bool:
    return character.isalnum() or character in _INSIDE_WORDS or unicodedata.category(character)[0] == "M"


def _is_list_mark(word: str, before: str) -> bool:
    if any(character.isalnum() for character in before):
        return False
    parts = word.split(".")
    return all(part.isdigit() or len(part) == 1 or _ROMAN.match(part) is not None for part in parts)


def _is_ordinal(text: str, start: int, place: int, number: str, begin: int) -> bool:
    if len(number) > 3:
        return False
    if text[begin].isdigit():
        return len(number) < 3 and _REST_OF_DATE.match(text, begin) is not None
    following = _word_at(text, begin)
    if following in ORDINAL_NOUNS:
        return True
    return following not in STARTERS and _word_before(text, start, place) in WORDS_BEFORE_ORDINALS


def _of_abbreviation(text: str, start: int, place: int, word: str, begin: int) -> bool | None:
    """Whether an abbreviation ends the sentence; None for any other word."""
    following = _word_at(text, begin)
    if _goes_on(text, word, begin, following):
        return False
    for name in (_compound(text, start, place, word), word):
        if name in SENTENCE_ENDS:
            return None
        if name in NEVER_LAST:
            return False
        if name in OFTEN_LAST:
            return following in STARTERS
    if word.casefold() in BEFORE_NUMBERS:
        return False if _NUMBERED.match(text, begin) else None
    if _ACRONYM.match(word):
        return word != word.lower() and following in STARTERS
    if _is_single_letter(word):
        return _letter_ends(text, start, place, word, following)
    return None


def _goes_on(text: str, word: str, begin: int, following: str) -> bool:
    """Whether the next word is the second half of an abbreviation: "EE. UU."."""
    name = f"{word}.{following}"
    if not text.startswith(".", begin + len(following)):
        return False
    return name in NEVER_LAST or name in OFTEN_LAST or name in SENTENCE_ENDS


def _letter_ends(text: str, start: int, place: int, letter: str, following: str) -> bool:
    """Whether a sentence ends with a letter: "vitamin C. The" does, "J. Smith" and "J. R. R." do not."""
    before = _word_before(text, start, place)
    if letter == "I" and before.islower() and len(following) > 1:
        return True
    return len(following) > 1 and following in STARTERS


def _is_single_letter(word: str) -> bool:
    letter = word[0]
    if any(unicodedata.category(mark)[0] != "M" for mark in word[1:]):
        return False
    return letter.isalpha() and not CJK.match(letter) and not _HANGUL.match(letter)


def _compound(text: str, start: int, place: int, word: str) -> str:
    """The word with the abbreviations before it: "z.B" for the second half of "z. B."."""
    parts = [word]
    for _ in range(2):
        end = place
        while end > start and text[end - 1] in " \xa0\u2009\u202f\n":
            end -= 1
        if end == place or end <= start or text[end - 1] != ".":
            break
        place = _word_start(text, start, end - 1)
        if not 0 < end - 1 - place <= 4:
            break
        parts.insert(0, text[place : end - 1])
    return ".".join(parts)


def _word_at(text: str, place: int) -> str:
    match = _WORD.match(text, place, place + _LONGEST_WORD)
    return match.group() if match else ""


def _word_before(text: str, start: int, place: int) -> str:
    words = _WORD.findall(text[max(start, place - _LONGEST_WORD) : place])
    return words[-1] if words else ""
