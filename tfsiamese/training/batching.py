"""From a data set and the settings to batches."""

from typing import cast

import numpy as np
from numpy.typing import NDArray

from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError
from tfsiamese.pairs import AnyExamples, Examples, LabelledTexts, StoredExamples, Triplets
from tfsiamese.pairs.batches import ExampleBatches
from tfsiamese.pairs.class_sampling import require_room_for_classes
from tfsiamese.pairs.sampling import BatchSampler, ClassSampler, DistinctSampler, ShuffledSampler
from tfsiamese.pairs.seeding import derived_seed
from tfsiamese.pairs.stored_batches import StoredBatches, StoredLabels, StoredPrompts, tokens_of_stored_rows
from tfsiamese.pairs.stored_sampling import StoredDistinctSampler
from tfsiamese.pairs.text_ids import TextIds, text_ids, tokens_of_rows
from tfsiamese.training.prompts import prompts_before_texts
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.tasks import Labels, Task, group_numbers

__all__ = ["check_batching", "training_batches", "validation_batches"]

_BATCHING_BY_SHAPE = {"pairs": "shuffled", "triplets": "distinct", "classes": "by-class"}
_VALIDATION_BATCH_SIZE = 64


def training_batches(task: Task, settings: TrainingSettings, encoder: Encoder) -> ExampleBatches:
    """The batches of a task's training data, which `check_batching` has passed, in an order that the seed decides.

    `encoder` says what stands before the texts, and counts the tokens where they are limited, if it can.

    Raises:
        SettingsError: the loss has nothing to compare, or a prompt cannot be used.
    """
    seed = derived_seed(settings.seed, task.name)
    batches = _batches(task.examples, task.labels, settings, encoder, (settings.batch_size, seed))
    _require_something_to_compare(task, batches)
    return batches


def check_batching(task: Task, settings: TrainingSettings) -> None:
    """Raises a SettingsError where a task's data cannot be batched in the way that is asked for."""
    is_by_class = settings.batching == "by-class" or (settings.batching == "auto" and task.examples.shape == "classes")
    if is_by_class and not isinstance(task.examples, LabelledTexts):
        raise SettingsError(
            f"batching='by-class' needs texts with classes (text, class). Received: {task.examples.shape} from "
            f"{task.examples.source}. Use 'distinct' or 'shuffled'."
        )
    if is_by_class:
        require_room_for_classes(settings.batch_size, settings.per_class)


def validation_batches(task: Task, settings: TrainingSettings, encoder: Encoder) -> ExampleBatches | None:
    """The batches of a task's validation data, in their own order; None where there is none.

    A loss that compares rows with one another depends on the batch, so that its batches are made as in training, in
    an order that is random and always the same.
    """
    if task.validation is None:
        return None
    size, seed = (settings.batch_size, 0) if task.loss.compares_rows else (_VALIDATION_BATCH_SIZE, None)
    return _batches(task.validation, task.validation_labels, settings, encoder, (size, seed))


def _batches(
    examples: AnyExamples,
    labels: Labels | None,
    settings: TrainingSettings,
    encoder: Encoder,
    size_and_seed: tuple[int, int | None],
) -> ExampleBatches:
    """Batches of so many rows; without a seed in the order of the rows."""
    prompts = prompts_before_texts(cast(Examples, examples), settings, encoder)
    if isinstance(examples, StoredExamples):
        stored = labels if isinstance(labels, StoredLabels) else None
        return StoredBatches(
            examples, stored, _stored_sampler(examples, prompts, settings, encoder, size_and_seed), **prompts
        )
    ids = text_ids(examples, **prompts)
    sampler = _sampler(examples, ids, settings, *size_and_seed, _costs(ids, settings, encoder))
    of_rows = labels if isinstance(labels, np.ndarray) else np.zeros(len(examples), np.float32)
    return ExampleBatches(ids, of_rows, sampler)


def _require_something_to_compare(task: Task, batches: ExampleBatches) -> None:
    has_negatives = bool(getattr(task.examples, "num_negatives", 0))
    if task.loss.compares_rows and not has_negatives and batches.largest < 2:
        raise SettingsError(
            f"The loss {task.loss.name!r} compares the rows of a batch, and every batch of {task.examples.source} "
            "holds one row. Raise batch_size or max_tokens, or give more rows that may stand together."
        )
    if task.loss.labels == "classes" and isinstance(task.examples, LabelledTexts) and len(task.examples.classes) < 2:
        raise SettingsError(
            f"The loss {task.loss.name!r} compares classes, and {task.examples.source} holds one. "
            "Expected at least two."
        )


def _costs(ids: TextIds, settings: TrainingSettings, encoder: Encoder) -> NDArray[np.int64] | None:
    """The tokens of each row, where they are limited."""
    if settings.max_tokens is None:
        return None
    return tokens_of_rows(ids, _num_tokens(ids.vocabulary, encoder))


def _num_tokens(texts: list[str], encoder: Encoder) -> NDArray[np.int32] | None:
    """The tokens that the encoder reads of each text; None where it does not tell."""
    num_tokens = encoder.num_tokens(texts)
    if num_tokens is not None and encoder.max_length is not None:
        num_tokens = np.minimum(num_tokens, encoder.max_length)
    return num_tokens


def _stored_sampler(
    examples: StoredExamples,
    prompts: dict[str, str],
    settings: TrainingSettings,
    encoder: Encoder,
    size_and_seed: tuple[int, int | None],
) -> BatchSampler:
    costs = None
    if settings.max_tokens is not None:
        costs = tokens_of_stored_rows(examples, StoredPrompts(**prompts), lambda texts: _num_tokens(texts, encoder))
    if _batching(examples, settings) == "distinct":
        return StoredDistinctSampler(examples, *size_and_seed, costs, settings.max_tokens)
    return ShuffledSampler(len(examples), *size_and_seed, costs, settings.max_tokens)


def _batching(examples: AnyExamples, settings: TrainingSettings) -> str:
    return _BATCHING_BY_SHAPE[examples.shape] if settings.batching == "auto" else settings.batching


def _sampler(
    examples: Examples,
    ids: TextIds,
    settings: TrainingSettings,
    batch_size: int,
    seed: int | None,
    costs: NDArray[np.int64] | None,
) -> BatchSampler:
    batching = _batching(examples, settings)
    if batching == "by-class" and isinstance(examples, LabelledTexts):
        return ClassSampler(
            examples.labels, batch_size, seed, settings.per_class, costs=costs, max_tokens=settings.max_tokens
        )
    if batching == "distinct":
        groups = group_numbers(examples) if isinstance(examples, Triplets) else None
        # By texts without prompts: an anchor beside itself as a passage would be its own negative.
        distinct = ids if ids.plain == ids.vocabulary else text_ids(examples)
        return DistinctSampler(distinct, batch_size, seed, groups, costs, settings.max_tokens)
    return ShuffledSampler(len(examples), batch_size, seed, costs, settings.max_tokens)
