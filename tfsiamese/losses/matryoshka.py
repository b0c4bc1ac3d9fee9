"""A loss on the first dimensions of the embeddings, for several numbers of them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.losses.checks import require_positive
from tfsiamese.losses.distillation import EmbeddingMSELoss
from tfsiamese.losses.loss import Loss

__all__ = ["MatryoshkaLoss", "first_dimensions"]


def first_dimensions(embeddings: tf.Tensor, dimension: int) -> tf.Tensor:
    """The first dimensions of vectors, normalized again.

    Args:
        embeddings: float […, dimensions], or a `tf.RaggedTensor` [batch, (number), dimensions].
        dimension: how many to keep.

    Returns:
        A tensor of the same form, with `dimension` in its last axis.

    Raises:
        SettingsError: the embeddings have fewer dimensions.
    """
    if isinstance(embeddings, tf.RaggedTensor):
        return embeddings.with_values(first_dimensions(embeddings.values, dimension))
    embeddings = tf.convert_to_tensor(embeddings)
    available = embeddings.shape[-1]
    if available is not None and dimension > available:
        raise SettingsError(
            f"The first {dimension} dimensions are to be trained, and the embeddings have {available}. Leave out the "
            "dimensions above that."
        )
    return tf.math.l2_normalize(embeddings[..., :dimension], axis=-1)


class MatryoshkaLoss(Loss):
    """`Σ weight · loss(first dimensions of the embeddings)`: embeddings that can be cut short afterwards.

    Name the full dimension among `dims`, unless the whole embedding is of no use. A teacher's embeddings are not cut.
    What the inner loss takes and needs, this one does.

    Args:
        loss: the loss at each dimension.
        dims: how many dimensions to keep, each at most the embeddings' number.
        weights: one for each of `dims`; 1 if None.

    Raises:
        SettingsError: there are no dims, a dim or weight is not positive, their numbers differ, or the loss compares
            embeddings with a teacher's, which are not cut.

    Reference: Kusupati et al., "Matryoshka Representation Learning", arXiv:2205.13147.
    """

    name = "matryoshka"

    def __init__(self, loss: Loss, dims: Sequence[int], weights: Sequence[float] | None = None):
        if isinstance(loss, EmbeddingMSELoss):
            raise SettingsError(f"The loss {loss.name!r} needs whole embeddings. Use it without matryoshka dims.")
        self.loss = loss
        self.dims = _checked_dims(dims)
        self.weights = _checked_weights(weights, len(self.dims))
        self.shapes = loss.shapes
        self.labels = loss.labels
        self.needs_teacher = loss.needs_teacher
        self.accepts_teacher = loss.accepts_teacher
        self.needs_negatives = loss.needs_negatives
        self.compares_rows = loss.compares_rows

    def call(
        self, labels: Any, embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor] | None = None
    ) -> tf.Tensor:
        """Computes the weighted sum of the inner loss over the dims."""
        losses = []
        for dimension, weight in zip(self.dims, self.weights, strict=True):
            cut = tuple(first_dimensions(vectors, dimension) for vectors in embeddings)
            losses.append(weight * self.loss(labels, cut, teacher))
        return tf.add_n(losses)

    def check_labels(self, labels: np.ndarray) -> None:
        """Wants what the inner loss wants."""
        self.loss.check_labels(labels)

    def get_config(self) -> dict[str, Any]:
        """The inner loss's name and settings, dims and weights."""
        loss = {"name": self.loss.name, "config": self.loss.get_config()}
        return {"loss": loss, "dims": list(self.dims), "weights": list(self.weights)}


def _checked_dims(dims: Sequence[int]) -> tuple[int, ...]:
    whole = [isinstance(dim, (int, np.integer)) and not isinstance(dim, bool) and dim > 0 for dim in dims]
    if not whole or not all(whole):
        raise SettingsError(f"Expected one or more positive whole numbers as matryoshka dims. Received: {dims}.")
    return tuple(int(dim) for dim in dims)


def _checked_weights(weights: Sequence[float] | None, num_dims: int) -> tuple[float, ...]:
    if weights is None:
        return (1.0,) * num_dims
    if len(weights) != num_dims:
        raise SettingsError(
            f"Expected a weight for each of the {num_dims} matryoshka dims. Received: weights={list(weights)}."
        )
    for weight in weights:
        require_positive("weight", weight)
    return tuple(float(weight) for weight in weights)
