"""Questions that only someone with the text before them can understand."""

import re
import unicodedata
from functools import cache

from tfsiamese.generation.quality.dropped import Finding
from tfsiamese.generation.quality.folding import fold, quoted
from tfsiamese.generation.quality.reasons import NAMES_TEXT
from tfsiamese.generation.quality.reference_phrases import REFERENCE_PHRASES
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["check_text_references", "text_reference"]

# Arabic is written with and without vowels, and with several forms of alef and yeh.
_ARABIC = str.maketrans("أإآٱى", "ااااي", "ـًٌٍَُِّْٰ")


def text_reference(text: str) -> str | None:
    """The words with which a text speaks of the one it was written from, as "according to the text"; None without.

    Knows German, English and others of `REFERENCE_PHRASES`; the language need not be known.
    """
    found = _phrases().search(_spelled(text))
    return found.group().strip(" ,") if found else None


def check_text_references(pair: WrittenPair, task: Task) -> Finding | None:
    """A question that names the text; or an answer that does, in words that are not the passage's own."""
    if not task.is_retrieval:
        return None
    found = text_reference(pair.left)
    if found is None and task.fields[1] and fold(pair.right) not in fold(pair.chunk.text):
        found = text_reference(pair.right)
    return None if found is None else Finding(NAMES_TEXT, quoted(found))


@cache
def _phrases() -> re.Pattern[str]:
    patterns = (pattern for phrases in REFERENCE_PHRASES.values() for pattern in phrases)
    return re.compile("|".join(f"(?:{_spelled(pattern)})" for pattern in patterns), re.IGNORECASE)


def _spelled(text: str) -> str:
    """One spelling for texts and for the phrases that are looked for in them."""
    return " ".join(unicodedata.normalize("NFKC", text).translate(_ARABIC).split())
