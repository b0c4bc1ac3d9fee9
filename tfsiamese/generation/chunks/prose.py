"""How much a text has to say: its length across scripts, and whether it is prose."""

import re
import unicodedata

__all__ = ["is_prose", "reading_length"]

_WIDE = re.compile(
    r"[\u1100-\u11ff\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uac00-\ud7a3\uf900-\ufaff\U00020000-\U0003ffff]"
)
# Scripts that put no white space between words: Thai, Lao, Tibetan, Myanmar, Khmer, kana and ideographs.
_UNSPACED = re.compile(
    r"[\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0edf\u0f40-\u0fbc\u1000-\u109f\u1780-\u17d3"
    r"\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
)
_WORD = re.compile(r"[^\W\d_]+")
_FEWEST_WORDS = 3
_FEWEST_UNSPACED = 10
_LEAST_SHARE_OF_LETTERS = 0.4


def reading_length(text: str) -> int:
    """The number of characters, those of Chinese, Japanese and Korean counting two, as they say about twice as much."""
    return len(text) + len(_WIDE.findall(text))


def is_prose(text: str) -> bool:
    """Whether a line is made of words: three at least, or ten characters where words are not told apart by spaces.

    At least 40 % of what is not white space have to be letters or marks on them.
    """
    if len(_UNSPACED.findall(text)) < _FEWEST_UNSPACED and len(_WORD.findall(text)) < _FEWEST_WORDS:
        return False
    visible = "".join(text.split())
    letters = sum(character.isalpha() or unicodedata.category(character)[0] == "M" for character in visible)
    return letters >= _LEAST_SHARE_OF_LETTERS * len(visible)
