"""The steps of all data sets of a plan: what one batch becomes on its way into the compiled step."""

import keras
import numpy as np
import tensorflow as tf

from tfsiamese.pairs.batches import Batch, ExampleBatches
from tfsiamese.pairs.seeding import derived_seed
from tfsiamese.training.cached_step import CachedStep
from tfsiamese.training.objective import Objective, StepInput
from tfsiamese.training.plan import TrainingPlan
from tfsiamese.training.retention import BaseVectors
from tfsiamese.training.step import TrainingStep
from tfsiamese.training.tasks import Task

__all__ = ["Engine"]

Losses = dict[str, float]


class Engine:
    """Trains on batches and measures losses, each data set with its own loss and all with one optimizer.

    Args:
        plan: what to train.
        optimizer: not built yet.
        base: what to stay near to, if anything.

    Raises:
        SettingsError: a loss does not go with the encoder's or the teacher's dimension.
        TrainingError: nothing is trainable.
    """

    def __init__(self, plan: TrainingPlan, optimizer: keras.optimizers.Optimizer, base: BaseVectors | None = None):
        self._plan = plan
        self._several = len(plan.tasks) > 1
        self._base = base
        self._nothing = tf.zeros([0], tf.string), tf.zeros([0, 0], tf.float32)
        self._steps = {task.name: self._make_step(task, optimizer) for task in plan.tasks}
        self._teachers: dict[str, np.ndarray] = {}

    def _make_step(self, task: Task, optimizer: keras.optimizers.Optimizer) -> TrainingStep:
        encoder, size = self._plan.model.encoder, self._plan.settings.mini_batch_size
        seed = derived_seed(self._plan.settings.seed, task.name)
        teacher = None if self._plan.teacher is None else self._plan.teacher.dimension
        objective = Objective(task, None if self._base is None else self._base.weight, teacher)
        step = (
            TrainingStep(encoder, objective, optimizer, seed)
            if size is None
            else CachedStep(encoder, objective, optimizer, size, seed)
        )
        step.check()
        return step

    @property
    def variables(self) -> list[keras.Variable]:
        """What is trained."""
        return list(next(iter(self._steps.values())).variables)

    def train(self, name: str, batch: Batch, step: int) -> tuple[Losses, bool]:
        """One step on a batch of the data set `name`.

        Returns:
            `loss`, what was minimized; `retention_loss`, the weighted term in it, if there is one; with several data
            sets `loss/<name>`, without that term. And whether the step was finite and so was applied.
        """
        general, base = self._nothing if self._base is None else self._base.sample(step)
        teacher = self._teacher_vectors(name, self._plan.batches.parts[name], batch)
        inputs = self._inputs(batch, teacher, general, base)
        losses, finite = self._steps[name].train(inputs, step)
        named = {"loss": sum(losses)}
        if self._several:
            named[f"loss/{name}"] = losses[0]
        if len(losses) > 1:
            named["retention_loss"] = losses[1]
        return named, finite

    def validation_losses(self) -> Losses:
        """`val_loss`, each batch weighted by its rows, and with several data sets `val_loss/<name>`.

        It holds neither retention nor regularization, where `loss` holds both.
        """
        sums = {name: self._validate(name, batches) for name, batches in self._plan.validation.items()}
        rows = {name: batches.num_rows for name, batches in self._plan.validation.items()}
        if not sums:
            return {}
        total = {"val_loss": sum(sums.values()) / sum(rows.values())}
        return total | ({f"val_loss/{name}": sums[name] / rows[name] for name in sums} if self._several else {})

    def _validate(self, name: str, batches: ExampleBatches) -> float:
        """The sum of the losses of all batches, each times its rows."""
        total = 0.0
        for batch in batches.epoch():
            inputs = self._inputs(batch, self._teacher_vectors(name, batches, batch), *self._nothing)
            total += self._steps[name].evaluate(inputs) * batch.num_rows
        return total

    def _inputs(self, batch: Batch, teacher: tf.Tensor, general: tf.Tensor, base: tf.Tensor) -> StepInput:
        return StepInput(
            texts=batch.texts if self._base is None else tf.concat([batch.texts, general], axis=0),
            positions=batch.positions,
            counts=batch.counts,
            labels=batch.labels,
            teacher=teacher,
            base=base,
        )

    def _teacher_vectors(self, name: str, batches: ExampleBatches, batch: Batch) -> tf.Tensor:
        """The teacher's vectors of a batch's texts, those of all texts being computed when they are first wanted."""
        task = next(task for task in self._plan.tasks if task.name == name)
        if self._plan.teacher is None or not task.learns_from_teacher:
            return self._nothing[1]
        key = f"{name}/{id(batches)}"
        if key not in self._teachers:
            self._teachers[key] = self._plan.teacher.encode(batches.plain_vocabulary)
        return tf.constant(self._teachers[key][batch.numbers.numpy()])
