"""Losses that pull a similarity towards a graded score."""

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.losses.loss import Loss

__all__ = ["CosineSimilarityLoss", "FunctionLoss", "MeanSquaredErrorLoss", "mean_squared_error"]


def mean_squared_error(labels: tf.Tensor, predictions: tf.Tensor) -> tf.Tensor:
    """`mean((labels − predictions)²)`.

    Args:
        labels: float [batch].
        predictions: float [batch].

    Returns:
        A scalar.
    """
    return tf.reduce_mean(tf.math.squared_difference(tf.cast(labels, predictions.dtype), predictions))


class MeanSquaredErrorLoss(Loss):
    """The mean squared error of a similarity against the score.

    Args:
        head: the similarity: "angular", "cosine" or "dot".

    Example:
        >>> MeanSquaredErrorLoss("cosine")(labels=[1.0], embeddings=([[1.0, 0.0]], [[0.0, 1.0]]))
        1.0
    """

    name = "mse"

    def __init__(self, head: str = "angular"):
        self.head = head
        self._similarity = similarity.get(head)

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(left, right)` embeddings."""
        left, right = embeddings
        return mean_squared_error(labels, self._similarity(tf.convert_to_tensor(left), tf.convert_to_tensor(right)))

    def get_config(self) -> dict[str, Any]:
        """The similarity's name."""
        return {"head": self.head}


class CosineSimilarityLoss(MeanSquaredErrorLoss):
    """The mean squared error of the cosine against the score, whatever the model's head is.

    Reference: Reimers and Gurevych, "Sentence-BERT", arXiv:1908.10084, section 3 (regression objective).
    """

    name = "cosine-similarity"

    def __init__(self) -> None:
        super().__init__(head="cosine")

    def get_config(self) -> dict[str, Any]:
        """Nothing to set."""
        return {}


class FunctionLoss(Loss):
    """Any function `(y_true, y_pred)` on the model's score: a `keras.losses.Loss` or one of your own.

    Args:
        function: takes labels [batch] and scores [batch], returns a scalar or [batch].
        head: the similarity that makes the score.
    """

    name = "function"

    def __init__(self, function: Callable[[tf.Tensor, tf.Tensor], tf.Tensor], head: str = "angular"):
        self.function = function
        self.head = head
        self._similarity = similarity.get(head)

    def call(self, labels: tf.Tensor, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the mean of what the function returns."""
        left, right = embeddings
        return tf.reduce_mean(self.function(labels, self._similarity(left, right)))

    def get_config(self) -> dict[str, Any]:
        """The function's name and the head."""
        name = getattr(self.function, "__name__", None) or getattr(self.function, "name", type(self.function).__name__)
        return {"function": name, "head": self.head}
