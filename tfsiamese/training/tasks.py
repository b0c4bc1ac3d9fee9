"""Data sets with their losses: what `fit` is handed, checked and put together."""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses import Loss, UnusableLabelError, get_loss
from tfsiamese.pairs import AnyExamples, LabelledTexts, Pairs, StoredExamples, Triplets
from tfsiamese.pairs.places import places_of
from tfsiamese.pairs.stored_batches import StoredLabels
from tfsiamese.training.settings import TrainingSettings, defaults_for_shape

__all__ = [
    "DEFAULT_LOSSES",
    "ExamplesBy",
    "LossBy",
    "Task",
    "group_numbers",
    "labels_for",
    "make_tasks",
    "settings_for",
]

DEFAULT_LOSSES = {"pairs": "mse", "triplets": "ranking", "classes": "batch-hard-soft-margin"}

ExamplesBy = AnyExamples | Mapping[str, AnyExamples]
Labels = NDArray[Any] | StoredLabels
LossBy = str | Loss | Callable | None | Mapping[str, "str | Loss | Callable | None"]

_COLUMNS = {
    "pairs": "scored pairs (left, right, score)",
    "triplets": "anchors with positives (anchor, positive, and negatives if there are any)",
    "classes": "texts with classes (text, class)",
}


@dataclass(frozen=True)
class Task:
    """A data set, its loss, and the data that the loss is watched on.

    Attributes:
        name: tells it from other data sets.
        examples: the training data.
        loss: suits their shape.
        validation: further data of the same shape, or None.
        has_teacher: a teacher encoder is there for losses that learn from one.

    Raises:
        SettingsError: the loss does not go with such data, or needs a teacher.
        DataError: there are no examples, or the loss cannot use the labels.
    """

    name: str
    examples: AnyExamples
    loss: Loss
    validation: AnyExamples | None = None
    has_teacher: bool = False

    def __post_init__(self) -> None:
        if len(self.examples) == 0:
            raise DataError(f"{self.examples.source} holds nothing to train on. Expected at least one row.")
        self._check_shape(self.examples)
        self._check_labels(self.examples, self.labels)
        if self.validation is not None:
            self._check_shape(self.validation)
            self._check_labels(self.validation, self.validation_labels)
        self._check_validation()

    @functools.cached_property
    def labels(self) -> Labels | None:
        """What the loss reads beside embeddings of the training data; see `labels_for`."""
        return labels_for(self.loss, self.examples)

    @functools.cached_property
    def validation_labels(self) -> Labels | None:
        """The same of the validation data; None without any."""
        return None if self.validation is None else labels_for(self.loss, self.validation)

    @property
    def learns_from_teacher(self) -> bool:
        """Whether the loss gets a teacher encoder's embeddings: it needs them, or the data has no scores for it."""
        accepts = self.loss.accepts_teacher and self.labels is None
        return self.has_teacher and (self.loss.needs_teacher or accepts)

    def describe(self) -> dict[str, Any]:
        """As a JSON object: what decides the outcome."""
        return _describe(self.examples) | {
            "validation": None if self.validation is None else _describe(self.validation),
            "loss": {"name": self.loss.name} | self.loss.get_config(),
        }

    def _check_shape(self, examples: AnyExamples) -> None:
        loss = self.loss
        if examples.shape not in loss.shapes:
            wanted = " or ".join(_COLUMNS[shape] for shape in loss.shapes)
            raise SettingsError(
                f"The loss {loss.name!r} wants {wanted}. Received: {_COLUMNS[examples.shape]} from {examples.source}. "
                "Use another loss, or other columns."
            )
        if loss.needs_negatives and examples.shape == "triplets" and not getattr(examples, "num_negatives", 0):
            raise SettingsError(
                f"The loss {loss.name!r} wants negatives, and {examples.source} has none. Add a column 'negative' "
                "(`tfsiamese mine` finds hard ones), or use the loss 'ranking', which takes the batch as negatives."
            )
        takes_scores = loss.labels == "teacher_scores" and _has_scores(examples)
        if (loss.needs_teacher or (loss.accepts_teacher and not takes_scores)) and not self.has_teacher:
            stored = ", or store its scores (positive_score, negative_score)" if loss.accepts_teacher else ""
            raise SettingsError(
                f"The loss {loss.name!r} learns from a teacher, and there is none. Name an encoder with --teacher "
                f"(teacher= in Python){stored}."
            )

    def _check_validation(self) -> None:
        """A compiled step takes labels or none, so that both data sets have them or neither."""
        if self.validation is None:
            return
        has = self.labels is not None
        if has != (self.validation_labels is not None):
            column = "groups" if self.loss.labels == "groups" else "a teacher's scores"
            one, other = (self.examples, self.validation) if has else (self.validation, self.examples)
            raise SettingsError(
                f"{one.source} has {column} and {other.source} has none. Expected both or neither: add the columns "
                "there, or remove them here."
            )

    def _check_labels(self, examples: AnyExamples, labels: Labels | None) -> None:
        if labels is None:
            return
        blocks = labels.blocks() if isinstance(labels, StoredLabels) else [(np.arange(len(labels)), labels)]
        for rows, block in blocks:
            try:
                self.loss.check_labels(block)
            except UnusableLabelError as error:
                raise DataError(f"{_place(examples, int(rows[error.index]))}: {error}") from error


def labels_for(loss: Loss, examples: AnyExamples) -> Labels | None:
    """What a loss reads beside embeddings; None where it reads nothing or the data has nothing for it.

    Returns:
        float32 [rows] scores, int64 [rows] groups or classes, or float32 [rows + number of negatives] teachers' scores,
        row after row; for stored examples an object that reads them.
    """
    if isinstance(examples, StoredExamples):
        kinds = ("scores", "teacher_scores") if examples.shape == "pairs" else ("teacher_scores",)
        if loss.labels in kinds and examples.has_scores:
            return StoredLabels(examples, "scores")
        return StoredLabels(examples, "groups") if loss.labels == "groups" and examples.has_groups else None
    if isinstance(examples, Pairs):
        return examples.scores if loss.labels in ("scores", "teacher_scores") else None
    if isinstance(examples, LabelledTexts):
        return np.asarray(examples.labels, np.int64) if loss.labels == "classes" else None
    if loss.labels == "teacher_scores" and examples.scores is not None:
        return np.array([score for row in examples.scores for score in row], np.float32)
    return group_numbers(examples) if loss.labels == "groups" else None


def _has_scores(examples: AnyExamples) -> bool:
    if isinstance(examples, StoredExamples):
        return examples.has_scores
    return isinstance(examples, Pairs) or (isinstance(examples, Triplets) and examples.scores is not None)


def _place(examples: AnyExamples, row: int) -> str:
    """Where a row is from, for a message."""
    return "{}, line {}".format(*places_of(examples, [row])[0])


def group_numbers(triplets: Triplets) -> NDArray[np.int64] | None:
    """The groups of the rows as numbers, int64 [rows]; None where there are no groups."""
    if triplets.groups is None:
        return None
    return np.unique(np.array(triplets.groups, dtype=object), return_inverse=True)[1].astype(np.int64)


def _describe(examples: AnyExamples) -> dict[str, Any]:
    return {"source": examples.source, "rows": len(examples), "fingerprint": examples.fingerprint}


def make_tasks(
    examples: ExamplesBy,
    validation: ExamplesBy | None = None,
    loss: LossBy = None,
    *,
    head: str = "angular",
    has_teacher: bool = False,
) -> tuple[Task, ...]:
    """Puts data sets, their validation data and their losses together; the first three arguments as in `fit`.

    Args:
        examples: a single data set is called "training".
        validation: the same shapes.
        loss: one for all data sets, or by name.
        head: the similarity for losses on the model's score.
        has_teacher: there is an encoder that losses can learn from.

    Raises:
        SettingsError: a name has no data set, a loss is unknown, or does not go with the data.
        DataError: a loss cannot use the labels.
    """
    data = dict(examples) if isinstance(examples, Mapping) else {"training": examples}
    if not data:
        raise SettingsError("There is no data to train on. Expected at least one data set.")
    watched = _by_name(validation, data, "validation")
    losses = _by_name(loss, data, "loss") if isinstance(loss, Mapping) else dict.fromkeys(data, loss)
    tasks = []
    for name, rows in data.items():
        for one in (rows, watched.get(name, rows)):
            if not isinstance(one, AnyExamples):
                raise SettingsError(
                    f"The data set {name!r} is of type {type(one).__name__}. Expected Pairs, Triplets, LabelledTexts "
                    "or StoredExamples: read a file with read_examples(…) or stream_examples(…)."
                )
        chosen = losses.get(name)
        resolved = get_loss(DEFAULT_LOSSES[rows.shape] if chosen is None else chosen, head)
        tasks.append(Task(name, rows, resolved, watched.get(name), has_teacher))
    return tuple(tasks)


def settings_for(
    tasks: Sequence[Task], settings: Mapping[str, Any], learning_rate: float | None = None
) -> TrainingSettings:
    """The given settings over the defaults of the data's shape; where shapes are mixed, over those for comparisons.

    `learning_rate` is what the encoder suggests, over what the data's shape does.

    Raises:
        SettingsError: a setting is unknown or out of range.
    """
    shapes = {task.examples.shape for task in tasks}
    defaults = defaults_for_shape(shapes.pop() if len(shapes) == 1 else "triplets")
    if learning_rate is not None:
        defaults["learning_rate"] = learning_rate
    return TrainingSettings.from_keywords(**(defaults | dict(settings)))


def _by_name(given: Any, data: Mapping[str, AnyExamples], what: str) -> dict[str, Any]:
    """Values by data set; a single one belongs to the only data set."""
    if given is None:
        return {}
    if not isinstance(given, Mapping):
        if len(data) > 1:
            raise SettingsError(f"There are several data sets, so {what} must name them: {{name: …}}.")
        return dict.fromkeys(data, given)
    unknown = [name for name in given if name not in data]
    if unknown:
        raise SettingsError(
            f"{what} names the data set {unknown[0]!r}, which does not exist. Expected names among {', '.join(data)}."
        )
    return dict(given)
