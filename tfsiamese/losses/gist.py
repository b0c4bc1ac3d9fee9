"""Ranking with in-batch negatives, without those that a guide encoder takes for positives."""

import math
import numbers
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.errors import SettingsError
from tfsiamese.losses.checks import require_one_of, require_positive
from tfsiamese.losses.chunks import CHUNK_SIZE, sum_over_rows
from tfsiamese.losses.examples import TripletEmbeddings, others_of_the_group, triplet_embeddings
from tfsiamese.losses.loss import Loss

__all__ = ["GISTEmbedLoss", "GISTOptions", "gist_embed_loss"]


@dataclass(frozen=True)
class GISTOptions:
    """What is contrasted, and when the guide leaves a candidate out.

    Attributes:
        temperature: the divisor of the cosines, positive.
        margin_strategy: "absolute": candidates above `positive − margin` are left out; "relative": those above
            `positive − |positive| · margin`, where `positive` is the guide's cosine of anchor and positive.
        margin: 0 leaves out what the guide finds closer than the positive; more leaves out more.
        contrast_anchors: whether other anchors are candidates.
        contrast_positives: whether positives are also pushed away from each other.

    Raises:
        SettingsError: the temperature is not positive, the strategy unknown, or the margin no number.
    """

    temperature: float = 0.01
    margin_strategy: str = "absolute"
    margin: float = 0.0
    contrast_anchors: bool = True
    contrast_positives: bool = True

    def __post_init__(self) -> None:
        require_positive("temperature", self.temperature)
        require_one_of("margin_strategy", self.margin_strategy, ("absolute", "relative"))
        if not isinstance(self.margin, numbers.Real) or not math.isfinite(self.margin):
            raise SettingsError(f"Expected a number as margin. Received: margin={self.margin}.")

    def threshold(self, positive: tf.Tensor) -> tf.Tensor:
        """The guide's cosine above which a candidate is left out."""
        return positive - (self.margin if self.margin_strategy == "absolute" else tf.abs(positive) * self.margin)


def gist_embed_loss(
    embeddings: Sequence[tf.Tensor],
    guide: Sequence[tf.Tensor],
    groups: tf.Tensor | None = None,
    options: GISTOptions | None = None,
    chunk_size: int = CHUNK_SIZE,
) -> tf.Tensor:
    """`mean(−log(exp(cos(aᵢ, pᵢ) / T) / Σₖ exp(cₖ / T)))` over the cosines c that the guide leaves in.

    For row i they are those of its anchor with all positives, all anchors and all negatives of the batch, and of its
    positive with all positives. What the guide finds closer than aᵢ and pᵢ, by the margin of the options, is taken for
    a positive and left out; so is a text's cosine with itself, and whatever is of the row's own group.

    Args:
        embeddings: `(anchors, positives)` or `(anchors, positives, negatives)`: [batch, dimension] twice, and a
            `tf.RaggedTensor` [batch, (number of negatives), dimension] or a dense tensor of these axes.
        guide: the guide's embeddings of the same texts, of any dimension. No gradient flows to them.
        groups: int [batch], or None where every row is a group of its own.
        options: what is contrasted; the defaults of `GISTOptions` if None.
        chunk_size: larger batches are computed this many rows at a time, with the same result.

    Returns:
        A scalar.

    Reference: Solatorio, "GISTEmbed: Guided In-sample Selection of Training Negatives", arXiv:2402.16829.
    """
    options = options or GISTOptions()
    batch = _normalized(triplet_embeddings(embeddings))
    guides = _normalized(triplet_embeddings([tf.stop_gradient(vectors) for vectors in guide]))
    thresholds = options.threshold(similarity.dot(guides.anchors, guides.positives))

    def losses_of(indices: tf.Tensor, rows: Sequence[tf.Tensor], shared: Sequence[tf.Tensor]) -> tf.Tensor:
        cosines = tf.concat(_products(rows, shared, options), axis=1)
        guide_rows = [tf.gather(vectors, indices) for vectors in (guides.anchors, guides.positives)]
        guide_cosines = _products(guide_rows, (guides.anchors, guides.positives, guides.negatives), options)
        excluded = tf.concat(guide_cosines, axis=1) > tf.gather(thresholds, indices)[:, tf.newaxis]
        own, others = _own_and_others(indices, tf.shape(guides.anchors)[0], groups, options)
        width = tf.shape(excluded)[1]
        excluded = (excluded & ~_widened(own, width)) | _widened(others, width)
        logits = tf.where(excluded, cosines.dtype.min, cosines / options.temperature)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(indices, logits)

    rows, shared = [batch.anchors, batch.positives], [batch.anchors, batch.positives, batch.negatives]
    total = sum_over_rows(losses_of, rows, shared, chunk_size)
    return total / tf.cast(tf.shape(batch.anchors)[0], total.dtype)


def _products(rows: Sequence[tf.Tensor], shared: Sequence[tf.Tensor], options: GISTOptions) -> list[tf.Tensor]:
    """Of rows with candidates, each [chunk, …]: the positives first, the negatives last."""
    anchor_rows, positive_rows = rows
    anchors, positives, negatives = shared
    pairs = [(anchor_rows, positives)]
    if options.contrast_anchors:
        pairs.append((anchor_rows, anchors))
    if options.contrast_positives:
        pairs.append((positive_rows, positives))
    pairs.append((anchor_rows, negatives))
    return [tf.matmul(left, right, transpose_b=True) for left, right in pairs]


def _own_and_others(
    indices: tf.Tensor, batch_size: tf.Tensor, groups: tf.Tensor | None, options: GISTOptions
) -> tuple[tf.Tensor, tf.Tensor]:
    """Where the row's positive is, and where a row's text meets itself or its group; bool [chunk, k · batch]."""
    own = indices[:, tf.newaxis] == tf.range(batch_size)
    group = tf.zeros_like(own) if groups is None else others_of_the_group(groups, indices)
    num_more = options.contrast_anchors + options.contrast_positives
    return own, tf.concat([group] + [group | own] * num_more, axis=1)


def _widened(mask: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    return tf.pad(mask, [[0, 0], [0, width - tf.shape(mask)[1]]])


def _normalized(batch: TripletEmbeddings) -> TripletEmbeddings:
    anchors, positives, negatives = (
        tf.math.l2_normalize(vectors, axis=-1) for vectors in (batch.anchors, batch.positives, batch.negatives)
    )
    return TripletEmbeddings(anchors, positives, negatives, batch.negative_rows)


class GISTEmbedLoss(Loss):
    """`gist_embed_loss`: in-batch negatives and hard negatives that a guide encoder approves of.

    As sentence-transformers has it, which takes one negative a row, knows no groups, and contrasts a text with itself
    where the guide's cosine of anchor and positive, less the margin, reaches 1.

    Args:
        temperature: the divisor of the cosines.
        margin_strategy: "absolute" or "relative"; see `GISTOptions`.
        margin: how far below the positive the guide begins to leave candidates out.
        contrast_anchors: whether other anchors are candidates.
        contrast_positives: whether positives are also pushed away from each other.

    Raises:
        SettingsError: a setting is unknown or out of range.
    """

    name = "gist"
    shapes = ("triplets",)
    compares_rows = True
    labels = "groups"
    needs_teacher = True

    def __init__(
        self,
        temperature: float = 0.01,
        margin_strategy: str = "absolute",
        margin: float = 0.0,
        contrast_anchors: bool = True,
        contrast_positives: bool = True,
    ):
        self.options = GISTOptions(temperature, margin_strategy, margin, contrast_anchors, contrast_positives)

    def call(
        self, labels: tf.Tensor | None, embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor]
    ) -> tf.Tensor:
        """Computes the loss of triplets, with or without negatives; `labels` are groups, `teacher` is the guide."""
        return gist_embed_loss(embeddings, teacher, labels, self.options)

    def get_config(self) -> dict[str, Any]:
        """The options."""
        return asdict(self.options)
