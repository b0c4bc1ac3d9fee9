"""Pairs of a text with itself."""

from tfsiamese.generation.quality.dropped import Finding
from tfsiamese.generation.quality.folding import text_key
from tfsiamese.generation.quality.reasons import SAME_TEXT_TWICE
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["check_repeated_texts"]


def check_repeated_texts(pair: WrittenPair, task: Task) -> Finding | None:
    """Two texts of a pair that differ in case, width, punctuation and spaces at most."""
    sides = [(task.columns[0], pair.left), (task.columns[1], pair.right)]
    if pair.negative is not None:
        sides.append((task.columns[2], pair.negative))
    seen: dict[str, str] = {}
    for name, text in sides:
        first = seen.setdefault(text_key(text), name)
        if first != name:
            return Finding(SAME_TEXT_TWICE, f"{first} and {name}")
    return None
