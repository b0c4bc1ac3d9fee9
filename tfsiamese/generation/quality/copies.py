"""Questions that are taken from their passage word for word."""

from tfsiamese.generation.quality.dropped import Finding
from tfsiamese.generation.quality.folding import fold
from tfsiamese.generation.quality.passages import passage_of
from tfsiamese.generation.quality.reasons import COPIES_PASSAGE
from tfsiamese.generation.quality.scripts import is_unspaced
from tfsiamese.generation.quality.settings import FilterSettings
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["check_copies"]

# Shorter ones name a thing, which the passage names too.
_LEAST_WORDS = 5
_LEAST_CHARACTERS = 10


def check_copies(pair: WrittenPair, task: Task, settings: FilterSettings) -> Finding | None:
    """A question of which too large a share stands in one run in its passage.

    Counted in words, from 5 on; in characters, from 10 on, for scripts without spaces between words. Case and
    punctuation do not count.
    """
    if settings.max_copied is None or not task.is_retrieval:
        return None
    question, passage = fold(pair.left), fold(passage_of(pair, task))
    unit = "characters" if is_unspaced(question) else "words"
    if unit == "characters":
        units, blank, passage = list(question.replace(" ", "")), "", passage.replace(" ", "")
    else:
        units, blank, passage = question.split(), " ", f" {passage} "
    if len(units) < (_LEAST_CHARACTERS if blank == "" else _LEAST_WORDS):
        return None
    # The shortest run that is too long; the added millionth keeps 0.8 · 5 from being more than 4.
    length = int(settings.max_copied * len(units) + 1e-6) + 1
    if length > len(units) or not _has_run(units, length, passage, blank):
        return None
    while length < len(units) and _has_run(units, length + 1, passage, blank):
        length += 1
    return Finding(COPIES_PASSAGE, f"{length} of {len(units)} {unit} in one run")


def _has_run(units: list[str], length: int, passage: str, blank: str) -> bool:
    """Whether some `length` units on end stand in the passage."""
    return any(
        f"{blank}{blank.join(units[start : start + length])}{blank}" in passage
        for start in range(len(units) - length + 1)
    )
