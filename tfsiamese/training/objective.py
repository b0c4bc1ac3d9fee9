"""From the vectors of a batch's distinct texts to the losses of a step."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from tfsiamese.losses import retention_loss
from tfsiamese.training.tasks import Task

__all__ = ["Objective", "StepInput"]


class StepInput(NamedTuple):
    """What one step gets; `d` distinct texts stand at `t` places in `r` rows.

    Attributes:
        texts: string [d + g], the distinct texts of the batch, then general texts for retention (g may be 0).
        positions: int64 [t], where in `texts` each text of the batch is: column after column, negatives last.
        counts: int64 [r], the negatives of each row.
        labels: [r], or for teachers' scores [r + number of negatives].
        teacher: float32 [d, teacher's dimension], the teacher's vectors of the batch's texts; [0, 0] without one.
        base: float32 [g, dimension], the base encoder's vectors of the general texts.
    """

    texts: tf.Tensor
    positions: tf.Tensor
    counts: tf.Tensor
    labels: tf.Tensor
    teacher: tf.Tensor
    base: tf.Tensor

    @classmethod
    def signature(cls, labels: tf.DType, teacher_dimension: int | None = None) -> "StepInput":
        """The types and shapes, as `tf.function` wants them."""
        vector, matrix = [None], [None, None]
        return cls(
            texts=tf.TensorSpec(vector, tf.string),
            positions=tf.TensorSpec(vector, tf.int64),
            counts=tf.TensorSpec(vector, tf.int64),
            labels=tf.TensorSpec(vector, labels),
            teacher=tf.TensorSpec([None, teacher_dimension], tf.float32),
            base=tf.TensorSpec(matrix, tf.float32),
        )


class Objective:
    """The loss of one task, and the retention term beside it.

    Args:
        task: the data and its loss.
        retention_weight: of the retention term; None leaves it out.
        teacher_dimension: of the teacher's vectors, where the loss gets them.
    """

    def __init__(self, task: Task, retention_weight: float | None = None, teacher_dimension: int | None = None):
        self._loss = task.loss
        self._shape = task.examples.shape
        self._retention_weight = retention_weight
        self._has_teacher = task.learns_from_teacher
        every = [examples for examples in (task.examples, task.validation) if examples is not None]
        self._has_negatives = any(getattr(examples, "num_negatives", 0) for examples in every)
        self._has_labels = task.labels is not None
        label_type = tf.as_dtype(task.labels.dtype) if task.labels is not None else tf.float32
        self.signature = StepInput.signature(label_type, teacher_dimension if self._has_teacher else 0)

    def losses(self, vectors: tf.Tensor, inputs: StepInput) -> tf.Tensor:
        """The loss and, with retention, its term (weighted): float32 [1] or [2]; their sum is to be minimized.

        Args:
            vectors: float32 [d + g, dimension], the vectors of `inputs.texts`.
            inputs: the batch.
        """
        loss = self.loss(vectors, inputs)
        if self._retention_weight is None:
            return tf.reshape(loss, [1])
        general = vectors[tf.shape(vectors)[0] - tf.shape(inputs.base)[0] :]
        return tf.stack([loss, self._retention_weight * retention_loss(general, inputs.base)])

    def differentiate(
        self, vectors: tf.Tensor, inputs: StepInput, scale: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor | None]:
        """The losses, and the gradient of `scale` times their sum by the vectors; None where they don't depend on them.

        Arguments and losses as in `losses`; the gradient is float32 [d + g, dimension].
        """
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(vectors)
            losses = self.losses(vectors, inputs)
            total = tf.reduce_sum(losses) * scale
        gradient = tape.gradient(total, vectors)
        return losses, None if gradient is None else tf.convert_to_tensor(gradient)

    def loss(self, vectors: tf.Tensor, inputs: StepInput) -> tf.Tensor:
        """The loss alone, a scalar."""
        embeddings = self._arrange(tf.gather(vectors, inputs.positions), inputs.counts)
        labels = self._labels(inputs) if self._has_labels else None
        if not self._has_teacher:
            return self._loss(labels, embeddings)
        teacher = self._arrange(tf.gather(inputs.teacher, inputs.positions), inputs.counts)
        return self._loss(labels, embeddings, teacher)

    def _arrange(self, placed: tf.Tensor, counts: tf.Tensor) -> Sequence[tf.Tensor]:
        """Vectors by place, float32 [t, dimension], to one tensor for each text of an example."""
        if self._shape == "classes":
            return (placed,)
        rows = tf.size(counts)
        first, second = placed[:rows], placed[rows : 2 * rows]
        if not self._has_negatives:
            return first, second
        return first, second, tf.RaggedTensor.from_row_lengths(placed[2 * rows :], counts, validate=False)

    def _labels(self, inputs: StepInput) -> tf.Tensor:
        if self._loss.labels == "teacher_scores" and self._shape == "triplets":
            return tf.RaggedTensor.from_row_lengths(inputs.labels, inputs.counts + 1, validate=False)
        return inputs.labels
