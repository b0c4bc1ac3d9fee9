"""Texts of any origin, made fit to stand on an axis: one line, no control characters, not too long."""

import itertools
import textwrap
import unicodedata
from collections.abc import Iterable, Sequence

__all__ = ["clean_text", "display_width", "shorten", "shorten_all", "wrap"]

_JOINERS = "\u200c\u200d"
_ELLIPSIS = "…"
_NEARBY = 12


def clean_text(text: object) -> str:
    """`text` on one line, without control characters.

    A run of white space becomes one space and a lone surrogate U+FFFD; marks of direction and of emoji style are left
    out, and letters composed with their accents (NFC). What is empty then reads "(empty)".
    """
    kept = []
    for character in str(text):
        category = unicodedata.category(character)
        if character.isspace():
            kept.append(" ")
        elif category == "Cs":
            kept.append("\ufffd")
        elif character in _JOINERS or (category not in ("Cc", "Cf") and not _is_variation_selector(character)):
            kept.append(character)
    return unicodedata.normalize("NFC", " ".join("".join(kept).split())) or "(empty)"


def display_width(text: str) -> int:
    """Width in columns: 2 for East Asian wide characters and emoji, 0 for combining marks, 1 for the others."""
    return sum(_columns(character) for character in text)


def shorten(text: str, columns: int) -> str:
    """`text` in at most `columns` columns, with an ellipsis in the middle where something had to go.

    The cut is between words where one ends nearby. A base character is never parted from its combining marks, nor an
    emoji from what is joined to it.
    """
    if display_width(text) <= columns:
        return text
    clusters = _clusters(text)
    head = _fitting(clusters, columns // 2)
    tail = _fitting(clusters[::-1], columns - 1 - display_width("".join(head)))
    return "".join(head) + _ELLIPSIS + "".join(tail[::-1])


def shorten_all(texts: Sequence[str], columns: int) -> list[str]:
    """Every text cleaned and shortened. Texts that differ stay different where twice the `columns` can show it."""
    cleaned = [clean_text(text) for text in texts]
    for limit in (columns, columns * 3 // 2, columns * 2):
        shortened = [shorten(text, limit) for text in cleaned]
        if len(set(shortened)) == len(set(cleaned)):
            return shortened
    return [shorten(text, columns) for text in cleaned]


def wrap(text: object, columns: int) -> str:
    """A cleaned title, broken into lines of about `columns` columns."""
    cleaned = clean_text(text)
    letters = max(1, columns * len(cleaned) // max(1, display_width(cleaned)))
    return textwrap.fill(cleaned, max(8, letters))


def _is_variation_selector(character: str) -> bool:
    return "\ufe00" <= character <= "\ufe0f" or "\U000e0100" <= character <= "\U000e01ef"


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _clusters(text: str) -> list[str]:
    """Groups of characters that are drawn as one."""
    clusters: list[str] = []
    for previous, character in zip(itertools.chain([""], text), text, strict=False):
        attached = unicodedata.category(character).startswith("M") or character in _JOINERS
        skin_tone = 0x1F3FB <= ord(character) <= 0x1F3FF
        if clusters and (attached or skin_tone or previous == "\u200d"):
            clusters[-1] += character
        else:
            clusters.append(character)
    return clusters


def _fitting(clusters: Iterable[str], columns: int) -> list[str]:
    """A beginning of `clusters`, at most `columns` wide, which ends after a space if there is one near."""
    kept: list[str] = []
    used = 0
    for cluster in clusters:
        used += display_width(cluster)
        if used > columns:
            break
        kept.append(cluster)
    for end in range(len(kept), max(0, len(kept) - _NEARBY), -1):
        if kept[end - 1] == " ":
            return kept[:end]
    return kept
