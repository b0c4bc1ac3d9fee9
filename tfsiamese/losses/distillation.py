"""Learning from a teacher: from its scores of an anchor's candidates, or from its embeddings."""

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.losses.candidate_scores import CandidateScores, scores_of_embeddings, teacher_scores
from tfsiamese.losses.checks import require_one_of, require_positive
from tfsiamese.losses.examples import triplet_embeddings
from tfsiamese.losses.loss import Loss

__all__ = [
    "EmbeddingMSELoss",
    "KLDivergenceLoss",
    "MarginMSELoss",
    "embedding_mse_loss",
    "kl_divergence_loss",
    "margin_mse_loss",
]

_SIMILARITIES = ("dot", "cosine", "angular")


def margin_mse_loss(student: CandidateScores, teacher: CandidateScores) -> tf.Tensor:
    """`mean(((s(a, p) − s(a, n)) − (t(a, p) − t(a, n)))²)` over all negatives of the batch.

    Args:
        student: s, the scores of the encoder in training.
        teacher: t, of the same candidates.

    Returns:
        A scalar; 0 for a batch without negatives.

    Reference: Hofstätter et al., "Improving Efficient Neural Ranking Models with Cross-Architecture Knowledge
        Distillation", arXiv:2010.02666.
    """
    errors = tf.math.squared_difference(_margins(student), _margins(teacher))
    return tf.math.divide_no_nan(tf.reduce_sum(errors), tf.cast(tf.size(errors), errors.dtype))


def _margins(scores: CandidateScores) -> tf.Tensor:
    return tf.gather(scores.positives, scores.negative_rows) - scores.negatives


def kl_divergence_loss(student: CandidateScores, teacher: CandidateScores, temperature: float = 1.0) -> tf.Tensor:
    """`T² · mean(Σₖ Pₖ · (log Pₖ − log Qₖ))` over the rows, P = softmax(t / T) and Q = softmax(s / T) over candidates.

    Args:
        student: s, the scores of the encoder in training.
        teacher: t, of the same candidates; −∞ leaves one out.
        temperature: T. More of it counts the candidates that the teacher finds unlikely.

    Returns:
        A scalar. A row without negatives adds 0.

    References:
        - Hinton, Vinyals and Dean, "Distilling the Knowledge in a Neural Network", arXiv:1503.02531.
        - Lin, Yang and Lin, "Distilling Dense Representations for Ranking using Tightly-Coupled Teachers",
          arXiv:2010.11386.
    """
    log_student, log_teacher = _log_softmax(student, temperature), _log_softmax(teacher, temperature)
    probabilities = tf.exp(log_teacher)
    divergences = tf.math.multiply_no_nan(log_teacher, probabilities) - probabilities * log_student
    batch_size = tf.cast(tf.size(student.positives), divergences.dtype)
    return temperature**2 * tf.reduce_sum(divergences) / batch_size


def _log_softmax(scores: CandidateScores, temperature: float) -> tf.Tensor:
    """Over each row's candidates: float [batch + num_negatives], all positives first."""
    batch_size = tf.size(scores.positives, tf.int64)
    rows = tf.concat([tf.range(batch_size), scores.negative_rows], axis=0)
    logits = tf.concat([scores.positives, scores.negatives], axis=0) / temperature
    highest = tf.stop_gradient(tf.math.unsorted_segment_max(logits, rows, batch_size))
    logits -= tf.gather(highest, rows)
    sums = tf.math.unsorted_segment_sum(tf.exp(logits), rows, batch_size)
    return logits - tf.gather(tf.math.log(sums), rows)


def embedding_mse_loss(embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor]) -> tf.Tensor:
    """`mean((e − t)²)` over all texts of the batch and all dimensions.

    Args:
        embeddings: float [batch, dimension] tensors of any number; a third one may hold negatives,
            [batch, (number of negatives), dimension].
        teacher: formed like them.

    Returns:
        A scalar.

    Raises:
        SettingsError: the teacher's dimension is another.

    Reference: Reimers and Gurevych, "Making Monolingual Sentence Embeddings Multilingual using Knowledge
        Distillation", arXiv:2004.09813.
    """
    student, target = _all_vectors(embeddings), tf.stop_gradient(_all_vectors(teacher))
    if not student.shape[-1:].is_compatible_with(target.shape[-1:]):
        raise SettingsError(
            f"The teacher's embeddings have {target.shape[-1]} dimensions, the encoder's {student.shape[-1]}. Expected "
            "the same number: use a teacher of that dimension, or a loss on scores, such as 'margin-mse'."
        )
    return tf.reduce_mean(tf.math.squared_difference(student, tf.cast(target, student.dtype)))


def _all_vectors(embeddings: Sequence[tf.Tensor]) -> tf.Tensor:
    """The vectors of all texts, [n, dimension]."""
    if len(embeddings) < 3:
        return tf.concat([tf.convert_to_tensor(vectors) for vectors in embeddings], axis=0)
    batch = triplet_embeddings(embeddings)
    return tf.concat([batch.anchors, batch.positives, batch.negatives], axis=0)


class MarginMSELoss(Loss):
    """`margin_mse_loss`: differences of scores as the teacher has them, whatever the scale of its scores.

    As sentence-transformers has it for lists of scores, with any number of negatives a row; it takes differences too.

    Args:
        similarity: what scores are: "dot", "cosine" or "angular"; of a teacher encoder's embeddings too.

    Raises:
        SettingsError: the similarity is unknown.
    """

    name = "margin-mse"
    shapes = ("triplets",)
    labels = "teacher_scores"
    accepts_teacher = True
    needs_negatives = True

    def __init__(self, similarity: str = "dot"):
        require_one_of("similarity", similarity, _SIMILARITIES)
        self.similarity = similarity

    def call(
        self, labels: tf.Tensor | None, embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor] | None = None
    ) -> tf.Tensor:
        """Computes the loss of triplets; without labels, the teacher's embeddings are scored."""
        return margin_mse_loss(*self._scores(labels, embeddings, teacher))

    def get_config(self) -> dict[str, Any]:
        """The similarity."""
        return {"similarity": self.similarity}

    def _scores(
        self, labels: tf.Tensor | None, embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor] | None
    ) -> tuple[CandidateScores, CandidateScores]:
        student = scores_of_embeddings(triplet_embeddings(embeddings), self.similarity)
        return student, teacher_scores(labels, teacher, student, self.similarity)


class KLDivergenceLoss(MarginMSELoss):
    """`kl_divergence_loss`: the teacher's distribution over each row's candidates.

    As `DistillKLDivLoss` of sentence-transformers, with any number of negatives a row.

    Args:
        temperature: of both softmaxes.
        similarity: what scores are: "dot", "cosine" or "angular"; of a teacher encoder's embeddings too.

    Raises:
        SettingsError: the temperature is not positive, or the similarity is unknown.
    """

    name = "kl-divergence"

    def __init__(self, temperature: float = 1.0, similarity: str = "dot"):
        super().__init__(similarity)
        require_positive("temperature", temperature)
        self.temperature = temperature

    def call(
        self, labels: tf.Tensor | None, embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor] | None = None
    ) -> tf.Tensor:
        """Computes the loss of triplets; without labels, the teacher's embeddings are scored."""
        return kl_divergence_loss(*self._scores(labels, embeddings, teacher), self.temperature)

    def get_config(self) -> dict[str, Any]:
        """Temperature and similarity."""
        return {"temperature": self.temperature, "similarity": self.similarity}


class EmbeddingMSELoss(Loss):
    """`embedding_mse_loss`: each text where the teacher puts it, as `MSELoss` of sentence-transformers.

    Every text counts the same; there, every column does, which differs where rows have different numbers of negatives.
    """

    name = "embedding-mse"
    shapes = ("pairs", "triplets", "classes")
    labels = "none"
    needs_teacher = True

    def call(self, labels: Any, embeddings: Sequence[tf.Tensor], teacher: Sequence[tf.Tensor]) -> tf.Tensor:
        """Computes the loss of embeddings of any shape; labels are not read."""
        return embedding_mse_loss(embeddings, teacher)
