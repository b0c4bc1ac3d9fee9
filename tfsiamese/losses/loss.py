"""What every loss is: embeddings and labels in, one number out. A loss never sees a model."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfsiamese.errors import DataError, SettingsError

__all__ = ["Loss", "UnusableLabelError", "require_binary_labels"]


class UnusableLabelError(DataError):
    """A loss cannot use a label.

    Attributes:
        index: the position of the first such label.
    """

    def __init__(self, message: str, index: int):
        super().__init__(message)
        self.index = index


class Loss:
    """Base of the losses.

    Subclasses implement `call`, and `get_config` where they have settings; the attributes say what they take.

    `embeddings` is a sequence of tensors, one for each text of an example, whose form follows the example's shape:

    - "pairs": `(left, right)`, each float [batch, dimension];
    - "triplets": `(anchors, positives)` or `(anchors, positives, negatives)`; anchors and positives are float
      [batch, dimension], negatives a `tf.RaggedTensor` [batch, (number of negatives), dimension], where a row may have
      none, or a dense float [batch, number of negatives, dimension];
    - "classes": `(embeddings,)`, float [batch, dimension].

    Attributes:
        name: what a user writes.
        shapes: the shapes of examples it takes.
        labels: what `labels` is. "scores": float [batch], of pairs. "groups": int64 [batch], where rows of one group
            are positives of each other, or None. "classes": int64 [batch]. "teacher_scores": for triplets a
            `tf.RaggedTensor` or float [batch, 1 + number of negatives], the score of the positive first; for pairs
            float [batch]; None if scores come from a teacher. "none": not read.
        needs_teacher: it wants a teacher encoder's embeddings of the same texts.
        accepts_teacher: it can take them in place of labels.
        needs_negatives: an example without a negative teaches it nothing.
        compares_rows: its value depends on which rows stand together in a batch.
    """

    name: str
    shapes: tuple[str, ...] = ("pairs",)
    labels: str = "scores"
    needs_teacher: bool = False
    accepts_teacher: bool = False
    needs_negatives: bool = False
    compares_rows: bool = False

    def __call__(
        self, labels: Any, embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor] | None = None
    ) -> tf.Tensor:
        """The loss of a batch, a scalar.

        Args:
            labels: see `labels` above.
            embeddings: see above.
            teacher: the teacher's embeddings, formed like `embeddings`, with the teacher's dimension. Losses that
                neither need nor accept a teacher don't see them.

        Raises:
            SettingsError: the loss needs a teacher's embeddings and has none.
        """
        if self.needs_teacher and teacher is None:
            raise SettingsError(
                f"The loss {self.name!r} needs the embeddings of a teacher encoder, and received none. Name a teacher, "
                "or use another loss."
            )
        if self.needs_teacher or self.accepts_teacher:
            return self.call(labels, embeddings, teacher)
        return self.call(labels, embeddings)

    # Losses without a teacher leave the third argument out.
    def call(self, labels: Any, embeddings: Sequence[tf.Tensor], *teacher: Any) -> tf.Tensor:
        """Computes the loss."""
        raise NotImplementedError

    def check_labels(self, labels: np.ndarray) -> None:
        """Raises an UnusableLabelError if the loss cannot use these labels, [n]; scores in 0–1."""

    def get_config(self) -> dict[str, Any]:
        """The settings, enough to build the same loss again."""
        return {}

    def __repr__(self) -> str:
        settings = ", ".join(f"{key}={value!r}" for key, value in self.get_config().items())
        return f"{type(self).__name__}({settings})"


def require_binary_labels(labels: np.ndarray, name: str) -> None:
    """Raises an UnusableLabelError unless every label is 0 or 1."""
    others = np.flatnonzero((labels != 0) & (labels != 1))
    if others.size:
        raise UnusableLabelError(
            f"The {name} loss needs labels 0 (different) and 1 (same), and {others.size} of {labels.size} pairs have "
            f"others, {labels[others[0]]:g} the first. Use 0/1 labels, or the loss 'mse' for graded scores.",
            int(others[0]),
        )
