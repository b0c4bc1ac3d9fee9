"""The steps of all data sets of a plan: what one batch becomes on its way into the compiled step."""

from collections.abc import Sequence
from typing import NamedTuple

import tensorflow as tf

from tfsiamese.pairs.batches import Batch, ExampleBatches
from tfsiamese.pairs.seeding import derived_seed
from tfsiamese.training.cached_step import CachedStep
from tfsiamese.training.objective import Objective, StepInput
from tfsiamese.training.plan import TrainingPlan
from tfsiamese.training.retention import BaseVectors
from tfsiamese.training.step import Moment, StepParts, TrainingStep
from tfsiamese.training.tasks import Task
from tfsiamese.training.updates import Gradients, add_gradients, scaled

__all__ = ["Engine", "NamedBatch", "StepOutcome"]

Losses = dict[str, float]
NamedBatch = tuple[str, Batch]


class StepOutcome(NamedTuple):
    """What a step came to.

    Attributes:
        losses: those of each batch that was computed: `loss`, what was minimized; `retention_loss`, the weighted term
            in it, if there is one; with several data sets `loss/<name>`, without that term.
        applied: whether everything was finite; if not, the last batch is the one at fault, and nothing has changed.
    """

    losses: list[Losses]
    applied: bool


class Engine:
    """Trains on batches and measures losses, each data set with its own loss and all with one optimizer.

    Args:
        plan: what to train.
        parts: what its steps share.
        base: what to stay near to, if anything.

    Raises:
        SettingsError: a loss does not go with the encoder's or the teacher's dimension.
        TrainingError: nothing is trainable.
    """

    def __init__(self, plan: TrainingPlan, parts: StepParts, base: BaseVectors | None = None):
        self._plan = plan
        self._parts = parts
        self._several = len(plan.tasks) > 1
        self._base = base
        self._nothing = tf.zeros([0], tf.string), tf.zeros([0, 0], tf.float32)
        self._steps = {task.name: self._make_step(task) for task in plan.tasks}

    def _make_step(self, task: Task) -> TrainingStep:
        size = self._plan.settings.mini_batch_size
        seed = derived_seed(self._plan.settings.seed, task.name)
        teacher = None if self._plan.teacher is None else self._plan.teacher.dimension
        objective = Objective(task, None if self._base is None else self._base.weight, teacher)
        step = (
            TrainingStep(self._parts, objective, seed)
            if size is None
            else CachedStep(self._parts, objective, size, seed)
        )
        step.check()
        return step

    def train(self, batches: Sequence[NamedBatch], step: int) -> StepOutcome:
        """One step of the optimizer on batches with the names of their data sets.

        The gradient of several batches is the mean of theirs, each weighted by its rows: for losses of single rows
        that of one large batch.
        """
        self._parts.updates.prepare_step()
        outcome = self._accumulate(batches, step) if len(batches) > 1 else self._train_alone(*batches[0], step)
        self._parts.updates.compare_replicas()
        return outcome

    def _train_alone(self, name: str, batch: Batch, step: int) -> StepOutcome:
        losses, finite = self._steps[name].train(self._training_inputs(name, batch, Moment(step)), Moment(step))
        return StepOutcome([self._named(name, losses)], finite)

    def _accumulate(self, batches: Sequence[NamedBatch], step: int) -> StepOutcome:
        num_rows = sum(batch.num_rows for _, batch in batches)
        sums: list[Gradients] = []
        losses = []
        for number, (name, batch) in enumerate(batches):
            moment = Moment(step, number)
            found = self._steps[name].differentiate(self._training_inputs(name, batch, moment), moment)
            losses.append(self._named(name, found.losses.numpy().tolist()))
            if not bool(found.finite):
                return StepOutcome(losses, False)
            weighted = [scaled(gradients, batch.num_rows / num_rows) for gradients in found.gradients]
            sums = [add_gradients(*both) for both in zip(sums, weighted, strict=True)] if sums else weighted
        return StepOutcome(losses, self._parts.updates.apply(sums))

    def _named(self, name: str, losses: Sequence[float]) -> Losses:
        named = {"loss": sum(losses)}
        if self._several:
            named[f"loss/{name}"] = losses[0]
        if len(losses) > 1:
            named["retention_loss"] = losses[1]
        return named

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

    def _training_inputs(self, name: str, batch: Batch, moment: Moment) -> StepInput:
        general, base = self._nothing if self._base is None else self._base.sample(moment.step, moment.batch)
        return self._inputs(batch, self._teacher_vectors(name, self._plan.batches.parts[name], batch), general, base)

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
        """The teacher's vectors of a batch's texts; [0, 0] where the loss wants none."""
        task = next(task for task in self._plan.tasks if task.name == name)
        if self._plan.teacher is None or not task.learns_from_teacher:
            return self._nothing[1]
        return tf.constant(batches.vectors_of(batch, self._plan.teacher.encode))
