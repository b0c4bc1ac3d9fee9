"""Ranking each anchor's positive above all other texts of the batch."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.losses.checks import require_one_of, require_positive
from tfsiamese.losses.chunks import CHUNK_SIZE, sum_over_rows
from tfsiamese.losses.examples import others_of_the_group, triplet_embeddings
from tfsiamese.losses.loss import Loss

__all__ = ["MultipleNegativesRankingLoss", "multiple_negatives_ranking_loss"]

_SIMILARITIES = ("cosine", "dot")


def multiple_negatives_ranking_loss(
    embeddings: Sequence[tf.Tensor],
    groups: tf.Tensor | None = None,
    *,
    scale: float = 20.0,
    similarity: str = "cosine",
    symmetric: bool = False,
    chunk_size: int = CHUNK_SIZE,
) -> tf.Tensor:
    """`mean(−log(exp(scale · s(aᵢ, pᵢ)) / Σₖ exp(scale · s(aᵢ, cₖ))))`, known as InfoNCE.

    The candidates c are all positives and all negatives of the batch. With `symmetric` the loss is the mean of this
    and of the other direction, which ranks each positive's anchor among all anchors.

    Where rows share a group, the positive of one is a positive of the other too: it is left out of the other's
    candidates. Negatives are never left out.

    Args:
        embeddings: `(anchors, positives)` or `(anchors, positives, negatives)`: [batch, dimension] twice, and a
            `tf.RaggedTensor` [batch, (number of negatives), dimension] or a dense tensor of these axes.
        groups: int [batch], or None where every row is a group of its own.
        scale: the inverse of the temperature.
        similarity: s, "cosine" or "dot".
        symmetric: whether to rank in both directions.
        chunk_size: larger batches are computed this many rows at a time, with the same result.

    Returns:
        A scalar.

    References:
        - Henderson et al., "Efficient Natural Language Response Suggestion for Smart Reply", arXiv:1705.00652.
        - van den Oord, Li and Vinyals, "Representation Learning with Contrastive Predictive Coding", arXiv:1807.03748.
    """
    batch = triplet_embeddings(embeddings)
    anchors, positives, negatives = batch.anchors, batch.positives, batch.negatives
    if similarity == "cosine":
        anchors, positives, negatives = (
            tf.math.l2_normalize(vectors, axis=-1) for vectors in (anchors, positives, negatives)
        )
    candidates = tf.concat([positives, negatives], axis=0)
    loss = _mean_cross_entropy(anchors, candidates, groups, scale, chunk_size)
    if symmetric:
        loss = (loss + _mean_cross_entropy(positives, anchors, groups, scale, chunk_size)) / 2.0
    return loss


def _mean_cross_entropy(
    queries: tf.Tensor, candidates: tf.Tensor, groups: tf.Tensor | None, scale: float, chunk_size: int
) -> tf.Tensor:
    """Of the softmax over candidates, of which the first [batch] are the queries' own, in their order."""

    def losses_of(indices: tf.Tensor, rows: Sequence[tf.Tensor], shared: Sequence[tf.Tensor]) -> tf.Tensor:
        scores = scale * tf.matmul(rows[0], shared[0], transpose_b=True)
        if groups is not None:
            false_negatives = others_of_the_group(groups, indices)
            others = tf.shape(scores)[1] - tf.shape(false_negatives)[1]
            scores = tf.where(tf.pad(false_negatives, [[0, 0], [0, others]]), scores.dtype.min, scores)
        return tf.nn.sparse_softmax_cross_entropy_with_logits(indices, scores)

    total = sum_over_rows(losses_of, [queries], [candidates], chunk_size)
    return total / tf.cast(tf.shape(queries)[0], total.dtype)


class MultipleNegativesRankingLoss(Loss):
    """`multiple_negatives_ranking_loss`: in-batch negatives, plus the hard negatives of all rows.

    It learns more from larger batches. As sentence-transformers has it, with `symmetric` for its directions
    query-to-document and document-to-query; groups are ours.

    Args:
        scale: the inverse of the temperature; 20 is a temperature of 0.05.
        similarity: "cosine" or "dot"; a scale of 1 suits the dot product.
        symmetric: whether to rank anchors for each positive as well.

    Raises:
        SettingsError: the scale is not positive, or the similarity is unknown.
    """

    name = "ranking"
    shapes = ("triplets",)
    compares_rows = True
    labels = "groups"

    def __init__(self, scale: float = 20.0, similarity: str = "cosine", symmetric: bool = False):
        if not isinstance(symmetric, bool):
            raise SettingsError(f"Expected symmetric to be true or false. Received: symmetric={symmetric!r}.")
        require_positive("scale", scale)
        require_one_of("similarity", similarity, _SIMILARITIES)
        self.scale = scale
        self.similarity = similarity
        self.symmetric = symmetric

    def call(self, labels: tf.Tensor | None, embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of `(anchors, positives)` or `(anchors, positives, negatives)`; `labels` are groups."""
        return multiple_negatives_ranking_loss(embeddings, labels, **self.get_config())

    def get_config(self) -> dict[str, Any]:
        """Scale, similarity and whether it is symmetric."""
        return {"scale": self.scale, "similarity": self.similarity, "symmetric": self.symmetric}
