"""The steps of all data sets of a plan: what one batch becomes on its way into the compiled step."""

import keras
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.pairs.batches import Batch, ExampleBatches
from tfsiamese.training.cached_step import CachedStep
from tfsiamese.training.objective import Objective, StepInput
from tfsiamese.training.plan import TrainingPlan
from tfsiamese.training.retention import BaseVectors
from tfsiamese.training.step import TrainingStep

__all__ = ["Engine"]

Losses = dict[str, float]


class Engine:
    """Trains on batches and measures losses, each data set with its own loss and all with one optimizer.

    Args:
        plan: what to train. The encoder must still have its first weights, unless the plan holds base vectors.
        optimizer: not built yet.
    """

    def __init__(self, plan: TrainingPlan, optimizer: keras.optimizers.Optimizer):
        self._plan = plan
        self._several = len(plan.tasks) > 1
        encoder = plan.model.encoder
        self._base = plan.base
        if plan.retention is not None and self._base is None:
            self._base = BaseVectors(plan.retention, encoder, plan.settings.seed)
        self._nothing = tf.zeros([0], tf.string), tf.zeros([0, 0], tf.float32)
        self._steps: dict[str, TrainingStep] = {}
        self._teachers: dict[str, tf.Tensor] = {}
        self._validation_teachers: dict[str, tf.Tensor] = {}
        for task in plan.tasks:
            objective = Objective(task, None if self._base is None else self._base.weight)
            size = plan.settings.mini_batch_size
            self._steps[task.name] = (
                TrainingStep(encoder, objective, optimizer)
                if size is None
                else CachedStep(encoder, objective, optimizer, size)
            )
            if objective.has_teacher and plan.teacher is not None:
                self._teachers[task.name] = self._teach(plan.teacher, plan.batches.parts[task.name])
                if task.name in plan.validation:
                    self._validation_teachers[task.name] = self._teach(plan.teacher, plan.validation[task.name])

    @property
    def variables(self) -> list[keras.Variable]:
        """What is trained."""
        return list(next(iter(self._steps.values())).variables)

    def train(self, name: str, batch: Batch, step: int) -> tuple[Losses, bool]:
        """One step on a batch of the data set `name`.

        Returns:
            `loss`, what was minimized; `retention_loss`, the weighted term in it, if there is one; with several data
            sets `<name>_loss`, without that term. And whether the step was finite and so was applied.
        """
        general, base = self._nothing if self._base is None else self._base.sample(step)
        inputs = self._inputs(batch, self._teachers.get(name), general, base)
        losses, finite = self._steps[name].train(inputs)
        named = {"loss": sum(losses)}
        if self._several:
            named[f"{name}_loss"] = losses[0]
        if len(losses) > 1:
            named["retention_loss"] = losses[1]
        return named, finite

    def validation_losses(self) -> Losses:
        """`val_loss`, each batch weighted by its rows, and with several data sets `val_<name>_loss`."""
        sums = {name: self._validate(name, batches) for name, batches in self._plan.validation.items()}
        rows = {name: batches.num_rows for name, batches in self._plan.validation.items()}
        if not sums:
            return {}
        total = {"val_loss": sum(sums.values()) / sum(rows.values())}
        return total | ({f"val_{name}_loss": sums[name] / rows[name] for name in sums} if self._several else {})

    def _validate(self, name: str, batches: ExampleBatches) -> float:
        """The sum of the losses of all batches, each times its rows."""
        teacher = self._validation_teachers.get(name)
        step = self._steps[name]
        return sum(
            step.evaluate(self._inputs(batch, teacher, *self._nothing)) * batch.num_rows for batch in batches.epoch()
        )

    def _inputs(self, batch: Batch, teacher: tf.Tensor | None, general: tf.Tensor, base: tf.Tensor) -> StepInput:
        return StepInput(
            texts=batch.texts if self._base is None else tf.concat([batch.texts, general], axis=0),
            positions=batch.positions,
            counts=batch.counts,
            labels=batch.labels,
            teacher=self._nothing[1] if teacher is None else tf.gather(teacher, batch.numbers),
            base=base,
        )

    @staticmethod
    def _teach(teacher: Encoder, batches: ExampleBatches) -> tf.Tensor:
        """The teacher's vectors of all texts of a data set, computed once: float32 [texts, dimension]."""
        return tf.constant(teacher.encode(batches.vocabulary))
