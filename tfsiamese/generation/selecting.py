"""Which of the written pairs are kept, and for what."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tfsiamese.generation.corpus import Corpus
from tfsiamese.generation.quality import filter_by_round_trip, filter_pairs, split_by_document
from tfsiamese.generation.settings import GenerationSettings
from tfsiamese.generation.tasks import Task, WrittenPair
from tfsiamese.generation.unused import Unused, dropped_pair

if TYPE_CHECKING:
    from tfsiamese.encoders import Encoder

__all__ = ["Selection", "select_pairs"]


@dataclass(frozen=True)
class Selection:
    """Pairs for training, pairs of held-out documents, and those that were dropped with their reasons."""

    training: list[WrittenPair]
    validation: list[WrittenPair]
    unused: list[Unused]


def select_pairs(
    pairs: Sequence[WrittenPair],
    corpus: Corpus,
    task: Task,
    settings: GenerationSettings,
    encoder: "Encoder | None",
    show_progress: bool,
) -> Selection:
    """Filters and splits. Held-out pairs make no round trip, which would leave what the base encoder finds anyway."""
    filtered = filter_pairs(pairs, task, settings.filters, language=settings.language)
    dropped, training, validation = list(filtered.dropped), list(filtered.kept), []
    if settings.validation:
        split = split_by_document(training, settings.validation, settings.seed)
        training, validation = list(split.training), list(split.validation)
        dropped += split.dropped
    if settings.filters.round_trip is not None and task.is_retrieval and encoder is not None:
        found = filter_by_round_trip(
            training, task, settings.filters, encoder=encoder, corpus=corpus.chunks, show_progress=show_progress
        )
        training = list(found.kept)
        dropped += found.dropped
    return Selection(training, validation, [dropped_pair(entry) for entry in dropped])
