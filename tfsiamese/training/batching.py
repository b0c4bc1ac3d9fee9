"""From a data set and the settings to batches."""

import numpy as np

from tfsiamese.errors import SettingsError
from tfsiamese.pairs import Examples, LabelledTexts, Triplets
from tfsiamese.pairs.batches import ExampleBatches
from tfsiamese.pairs.sampling import BatchSampler, ClassSampler, DistinctSampler, ShuffledSampler
from tfsiamese.pairs.text_ids import TextIds, estimated_tokens, text_ids
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.task import Task, group_numbers, labels_for

__all__ = ["training_batches", "validation_batches"]

_BATCHING_BY_SHAPE = {"pairs": "shuffled", "triplets": "distinct", "classes": "by-class"}
_VALIDATION_BATCH_SIZE = 64


def training_batches(task: Task, settings: TrainingSettings) -> ExampleBatches:
    """The batches of a task's training data, in an order that the seed decides.

    Raises:
        SettingsError: the data cannot be batched in the way that is asked for.
    """
    ids = text_ids(task.examples)
    sampler = _sampler(task.examples, ids, settings, settings.batch_size, settings.seed)
    return ExampleBatches(ids, _labels(task, task.examples), sampler)


def validation_batches(task: Task, settings: TrainingSettings) -> ExampleBatches | None:
    """The batches of a task's validation data, in their own order; None where there is none.

    A loss that compares rows with one another depends on the batch, so that its batches are those of training.
    """
    if task.validation is None:
        return None
    ids = text_ids(task.validation)
    size = _VALIDATION_BATCH_SIZE if task.validation.shape == "pairs" else settings.batch_size
    sampler = _sampler(task.validation, ids, settings, size, None)
    return ExampleBatches(ids, _labels(task, task.validation), sampler)


def _sampler(
    examples: Examples, ids: TextIds, settings: TrainingSettings, batch_size: int, seed: int | None
) -> BatchSampler:
    batching = _BATCHING_BY_SHAPE[examples.shape] if settings.batching == "auto" else settings.batching
    costs = None if settings.max_tokens is None else estimated_tokens(ids)
    if batching == "by-class":
        if not isinstance(examples, LabelledTexts):
            raise SettingsError(
                f"batching='by-class' needs texts with classes (text, class). Received: {examples.shape} from "
                f"{examples.source}. Use 'distinct' or 'shuffled'."
            )
        return ClassSampler(examples.labels, batch_size, seed, settings.per_class)
    if batching == "distinct":
        groups = group_numbers(examples) if isinstance(examples, Triplets) else None
        return DistinctSampler(ids, batch_size, seed, groups, costs, settings.max_tokens)
    return ShuffledSampler(len(examples), batch_size, seed, costs, settings.max_tokens)


def _labels(task: Task, examples: Examples) -> np.ndarray:
    labels = labels_for(task.loss, examples)
    return np.zeros(len(examples), np.float32) if labels is None else labels
