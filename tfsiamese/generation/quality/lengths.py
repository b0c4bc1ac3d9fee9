"""Texts that are too short or too long to learn from."""

import unicodedata

from tfsiamese.generation.quality.dropped import Finding
from tfsiamese.generation.quality.folding import has_words
from tfsiamese.generation.quality.passages import passage_of
from tfsiamese.generation.quality.reasons import TOO_LONG, TOO_SHORT
from tfsiamese.generation.quality.settings import FilterSettings
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["check_lengths", "text_length"]


def text_length(text: str) -> int:
    """Characters, runs of white space as one, and those that Unicode calls wide (Han, kana, hangul) as two."""
    line = " ".join(text.split())
    return len(line) + sum(unicodedata.east_asian_width(character) in "WF" for character in line)


def check_lengths(pair: WrittenPair, task: Task, settings: FilterSettings) -> Finding | None:
    """A text without words, a left text out of range, or too little of a passage; both sentences of a paraphrase."""
    texts = {"left": pair.left, "right": pair.right}
    if pair.negative is not None:
        texts["negative"] = pair.negative
    for side, text in texts.items():
        if not has_words(text):
            return Finding(TOO_SHORT, f"{_name(side, task)}: no letter and no digit")
    if task.is_retrieval:
        return _of_range(_name("left", task), pair.left, settings) or _of_passage(passage_of(pair, task), settings)
    found = (_of_range(_name(side, task), texts[side], settings) for side in ("left", "right"))
    return next(filter(None, found), None)


def _of_range(name: str, text: str, settings: FilterSettings) -> Finding | None:
    length = text_length(text)
    if length < settings.min_length:
        return Finding(TOO_SHORT, f"{name} of {length} characters")
    return Finding(TOO_LONG, f"{name} of {length} characters") if length > settings.max_length else None


def _of_passage(passage: str, settings: FilterSettings) -> Finding | None:
    length = text_length(passage)
    return Finding(TOO_SHORT, f"passage of {length} characters") if length < settings.min_passage_length else None


def _name(side: str, task: Task) -> str:
    return task.columns[("left", "right", "negative").index(side)]
