"""The scores of an anchor's candidates: of its positive and of its own negatives, by a student or by a teacher."""

from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses.examples import TripletEmbeddings, triplet_embeddings

__all__ = ["CandidateScores", "scores_of_embeddings", "teacher_scores"]


@dataclass(frozen=True)
class CandidateScores:
    """Scores of a batch, the negatives of all rows one after the other.

    Attributes:
        positives: float [batch].
        negatives: float [num_negatives].
        negative_rows: int64 [num_negatives], the row that each negative belongs to.
    """

    positives: tf.Tensor
    negatives: tf.Tensor
    negative_rows: tf.Tensor


def scores_of_embeddings(batch: TripletEmbeddings, name: str) -> CandidateScores:
    """The similarity of that name of each anchor with its candidates."""
    score = similarity.get(name)
    anchors = tf.gather(batch.anchors, batch.negative_rows)
    return CandidateScores(score(batch.anchors, batch.positives), score(anchors, batch.negatives), batch.negative_rows)


def teacher_scores(
    labels: tf.Tensor | None, teacher: Sequence[tf.Tensor] | None, student: CandidateScores, name: str
) -> CandidateScores:
    """The teacher's scores: those that were stored or, without any, those of its embeddings. No gradient flows to them.

    Args:
        labels: `tf.RaggedTensor` or dense float [batch, 1 + number of negatives], the positive's first; or None.
        teacher: the teacher's embeddings of the triplets, or None.
        student: the scores that the teacher's stand against.
        name: the similarity of the teacher's embeddings.

    Raises:
        SettingsError: there are neither scores nor embeddings.
        DataError: a row hasn't as many scores as candidates; an InvalidArgumentError in a compiled function.
    """
    if labels is None and teacher is None:
        raise SettingsError(
            "Distillation needs a teacher's scores, and received none. Use data that has them, or name a teacher "
            "encoder."
        )
    if labels is None:
        batch = triplet_embeddings([tf.stop_gradient(vectors) for vectors in teacher or ()])
        return scores_of_embeddings(batch, name)
    return _stored(labels, student)


def _stored(labels: tf.Tensor, student: CandidateScores) -> CandidateScores:
    if not isinstance(labels, tf.RaggedTensor):
        labels = tf.RaggedTensor.from_tensor(labels)
    dtype = student.positives.dtype
    num_candidates = 1 + tf.math.bincount(
        tf.cast(student.negative_rows, tf.int32), minlength=tf.size(student.positives), dtype=tf.int64
    )
    try:
        check = tf.debugging.assert_equal(
            tf.cast(labels.row_lengths(), tf.int64),
            num_candidates,
            "Expected a teacher score for each candidate: for the positive, then for each negative of the row.",
        )
    except (tf.errors.InvalidArgumentError, ValueError) as error:
        raise DataError(
            f"Expected 1 + number of negatives teacher scores a row, so {_shown(num_candidates)}. Received "
            f"{_shown(labels.row_lengths())}. Give a score for the positive, then one for each negative of the row."
        ) from error
    with tf.control_dependencies([check] if check is not None else []):
        labels = tf.stop_gradient(tf.cast(labels, dtype))
    positives = tf.gather(labels.values, labels.row_starts())
    return CandidateScores(positives, labels[:, 1:].values, student.negative_rows)


def _shown(lengths: tf.Tensor) -> str:
    return str(tf.get_static_value(lengths))
