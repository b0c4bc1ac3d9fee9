"""What every loss is: embeddings and labels in, one number out. A loss never sees a model."""

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
import tensorflow as tf

from tfsiamese.errors import DataError

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

    Subclasses implement `call(labels, embeddings)`, and `get_config` where they have settings. `embeddings` is a
    sequence of [batch, dimension] tensors, one for each text of an example; for pairs `(left, right)`.
    """

    name: ClassVar[str]

    def __call__(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """The mean loss of a batch, a scalar."""
        return self.call(labels, embeddings)

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss; `labels` is [batch]."""
        raise NotImplementedError

    def check_labels(self, labels: np.ndarray) -> None:
        """Raises an UnusableLabelError if the loss cannot use these labels, [n] in 0–1."""

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
