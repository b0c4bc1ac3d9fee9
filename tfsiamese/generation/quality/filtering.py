"""Keeps the pairs that are worth training on."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from tfsiamese.generation.chunks.chunk import Chunk
from tfsiamese.generation.quality.copies import check_copies
from tfsiamese.generation.quality.dropped import Dropped, Finding
from tfsiamese.generation.quality.duplicates import find_duplicates
from tfsiamese.generation.quality.language_check import language_check
from tfsiamese.generation.quality.lengths import check_lengths
from tfsiamese.generation.quality.near_duplicates import find_near_duplicates
from tfsiamese.generation.quality.packages import check_quality_packages
from tfsiamese.generation.quality.reasons import NOT_RETRIEVED
from tfsiamese.generation.quality.repeated_texts import check_repeated_texts
from tfsiamese.generation.quality.round_trip import passage_ranks
from tfsiamese.generation.quality.settings import FilterSettings
from tfsiamese.generation.quality.text_references import check_text_references
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair
from tfsiamese.search import TextEncoder

__all__ = ["FilteredPairs", "filter_by_round_trip", "filter_pairs"]

_Check = Callable[[WrittenPair], Finding | None]
_Search = Callable[[Sequence[WrittenPair]], list[Finding | None]]


@dataclass(frozen=True)
class FilteredPairs:
    """Every pair that was given, in one of the two, in the order in which it was given."""

    kept: list[WrittenPair]
    dropped: list[Dropped]


def filter_pairs(
    pairs: Sequence[WrittenPair],
    task: Task,
    settings: FilterSettings | None = None,
    *,
    language: str | None = None,
) -> FilteredPairs:
    """Drops the pairs that have a fault, each with the first one found, the cheap checks first.

    In this order: lengths; the same text twice; questions that name the text; those that copy their passage; the
    language; duplicates; near-duplicates. A pair that was dropped is no duplicate's original. `settings.round_trip` is
    for `filter_by_round_trip`.

    Args:
        pairs: as they were written; of duplicates the first is kept.
        task: what they were written for.
        settings: which checks to make, and how strictly; by default `FilterSettings()`.
        language: the code of the language that was asked for; None where it should be the passage's own.

    Raises:
        DependencyError: a package of a check that is on is not installed.
        SettingsError: the language is unknown.
    """
    settings = settings or FilterSettings()
    check_quality_packages(settings)
    checks = list(_checks(task, settings, language))
    found = (next(filter(None, (check(pair) for check in checks)), None) for pair in pairs)
    faults = {row: finding for row, finding in enumerate(found) if finding}
    for search in _searches(task, settings):
        _add_found(faults, pairs, search)
    return _separated(pairs, faults)


def filter_by_round_trip(
    pairs: Sequence[WrittenPair],
    task: Task,
    settings: FilterSettings,
    *,
    encoder: TextEncoder,
    corpus: Sequence[Chunk] = (),
    show_progress: bool = False,
) -> FilteredPairs:
    """Drops the questions that do not find their passage; none where this is off or nothing is retrieved.

    Args:
        pairs: as they were written.
        task: what they were written for.
        settings: how near the passage has to be, and how many texts the encoder takes at once.
        encoder: has `encode(texts, batch_size=…, show_progress=…)`.
        corpus: all chunks, which the right one has to be found among; by default those of the pairs.
        show_progress: passed on to the encoder.

    Raises:
        EncoderError: the encoder's answer is not one finite vector for each text.
    """
    k = settings.round_trip
    if k is None or not task.is_retrieval:
        return FilteredPairs(list(pairs), [])
    ranks = passage_ranks(pairs, task, encoder, corpus, batch_size=settings.batch_size, show_progress=show_progress)
    found = {row: Finding(NOT_RETRIEVED, f"rank {rank}") for row, rank in enumerate(ranks.tolist()) if rank > k}
    return _separated(pairs, found)


def _add_found(faults: dict[int, Finding], pairs: Sequence[WrittenPair], search: _Search) -> None:
    """Adds what a search finds among the pairs that have no fault yet."""
    rows = [row for row in range(len(pairs)) if row not in faults]
    findings = search([pairs[row] for row in rows])
    faults |= {row: found for row, found in zip(rows, findings, strict=True) if found}


def _separated(pairs: Sequence[WrittenPair], faults: Mapping[int, Finding]) -> FilteredPairs:
    return FilteredPairs(
        kept=[pair for row, pair in enumerate(pairs) if row not in faults],
        dropped=[Dropped(pairs[row], *faults[row]) for row in sorted(faults)],
    )


def _checks(task: Task, settings: FilterSettings, language: str | None) -> Iterator[_Check]:
    """What looks at one pair at a time."""
    yield lambda pair: check_lengths(pair, task, settings)
    yield lambda pair: check_repeated_texts(pair, task)
    if settings.check_references:
        yield lambda pair: check_text_references(pair, task)
    yield lambda pair: check_copies(pair, task, settings)
    if settings.check_language:
        check = language_check(language)
        yield lambda pair: check(pair, task)


def _searches(task: Task, settings: FilterSettings) -> Iterator[_Search]:
    """What compares all pairs that are left."""
    yield lambda pairs: find_duplicates(pairs, task)
    threshold = settings.near_duplicates
    if threshold is not None:
        yield lambda pairs: find_near_duplicates(pairs, task, threshold)
