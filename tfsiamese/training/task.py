"""One data set with its loss: what fits together, and what the loss gets as labels."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses import Loss, UnusableLabelError
from tfsiamese.pairs import Examples, LabelledTexts, Pairs, Triplets

__all__ = ["Task", "labels_for"]

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
    examples: Examples
    loss: Loss
    validation: Examples | None = None
    has_teacher: bool = False

    def __post_init__(self) -> None:
        if len(self.examples) == 0:
            raise DataError(f"{self.examples.source} holds nothing to train on. Expected at least one row.")
        for examples in (self.examples, self.validation):
            if examples is not None:
                self._check_shape(examples)
                self._check_labels(examples)

    def describe(self) -> dict[str, Any]:
        """As a JSON object: what decides the outcome."""
        return _describe(self.examples) | {
            "validation": None if self.validation is None else _describe(self.validation),
            "loss": {"name": self.loss.name} | self.loss.get_config(),
        }

    def _check_shape(self, examples: Examples) -> None:
        loss = self.loss
        if examples.shape not in loss.shapes:
            wanted = " or ".join(_COLUMNS[shape] for shape in loss.shapes)
            raise SettingsError(
                f"The loss {loss.name!r} wants {wanted}. Received: {_COLUMNS[examples.shape]} from {examples.source}. "
                "Use another loss, or other columns."
            )
        if loss.needs_negatives and isinstance(examples, Triplets) and not examples.num_negatives:
            raise SettingsError(
                f"The loss {loss.name!r} wants negatives, and {examples.source} has none. Add a column 'negative' "
                "(`tfsiamese mine` finds hard ones), or use the loss 'ranking', which takes the batch as negatives."
            )
        scores = isinstance(examples, Pairs) or (isinstance(examples, Triplets) and examples.scores is not None)
        takes_scores = loss.labels == "teacher_scores" and scores
        if (loss.needs_teacher or (loss.accepts_teacher and not takes_scores)) and not self.has_teacher:
            stored = ", or store its scores (positive_score, negative_score)" if loss.accepts_teacher else ""
            raise SettingsError(
                f"The loss {loss.name!r} learns from a teacher, and there is none. Name an encoder with --teacher "
                f"(teacher= in Python){stored}."
            )

    def _check_labels(self, examples: Examples) -> None:
        labels = labels_for(self.loss, examples)
        if labels is None:
            return
        try:
            self.loss.check_labels(labels)
        except UnusableLabelError as error:
            line = examples.frame["line"].iloc[error.index]
            raise DataError(f"{examples.source}, line {line}: {error}") from error


def labels_for(loss: Loss, examples: Examples) -> NDArray[Any] | None:
    """What a loss reads beside embeddings; None where it reads nothing or the data has nothing for it.

    Returns:
        float32 [rows] scores, int64 [rows] groups or classes, or float32 [rows + number of negatives] teachers' scores,
        row after row.
    """
    if isinstance(examples, Pairs):
        return examples.scores if loss.labels in ("scores", "teacher_scores") else None
    if isinstance(examples, LabelledTexts):
        return np.asarray(examples.labels, np.int64) if loss.labels == "classes" else None
    if loss.labels == "teacher_scores" and examples.scores is not None:
        return np.array([score for row in examples.scores for score in row], np.float32)
    return group_numbers(examples) if loss.labels == "groups" else None


def group_numbers(triplets: Triplets) -> NDArray[np.int64] | None:
    """The groups of the rows as numbers, int64 [rows]; None where there are no groups."""
    if triplets.groups is None:
        return None
    return np.unique(np.array(triplets.groups, dtype=object), return_inverse=True)[1].astype(np.int64)


def _describe(examples: Examples) -> dict[str, Any]:
    return {"source": examples.source, "rows": len(examples), "fingerprint": examples.fingerprint}
