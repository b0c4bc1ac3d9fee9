"""Pairs that are there already."""

from collections.abc import Sequence

from tfsiamese.generation.quality.dropped import Finding
from tfsiamese.generation.quality.folding import quoted, text_key
from tfsiamese.generation.quality.reasons import DUPLICATE
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["find_duplicates", "named_pair"]


def find_duplicates(pairs: Sequence[WrittenPair], task: Task) -> list[Finding | None]:
    """What each pair repeats of an earlier one, [pairs].

    A question that was asked before, be its passage another one: one question with two right passages is a
    contradiction to losses that take all other passages for wrong. Of paraphrases, the same two sentences in any order.
    Case, width, punctuation and spaces do not count.
    """
    first: dict[tuple[str, ...], WrittenPair] = {}
    findings: list[Finding | None] = []
    for pair in pairs:
        earlier = first.setdefault(_key(pair, task), pair)
        findings.append(None if earlier is pair else Finding(DUPLICATE, named_pair(earlier)))
    return findings


def named_pair(pair: WrittenPair) -> str:
    """A pair as details of others name it."""
    return f"of {quoted(pair.left)} from {pair.chunk.source}"


def _key(pair: WrittenPair, task: Task) -> tuple[str, ...]:
    if task.is_retrieval:
        return (text_key(pair.left),)
    return tuple(sorted((text_key(pair.left), text_key(pair.right))))
