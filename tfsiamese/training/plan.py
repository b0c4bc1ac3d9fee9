"""All that a run is given, checked before any time is spent on it."""

import functools
from dataclasses import dataclass
from typing import Any, Protocol

import keras
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError
from tfsiamese.pairs.batches import ExampleBatches
from tfsiamese.pairs.mixing import MixedBatches
from tfsiamese.siamese import Siamese
from tfsiamese.training.batching import check_batching, training_batches, validation_batches
from tfsiamese.training.retention import Retention
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.tasks import Task

__all__ = ["Evaluator", "TrainingPlan", "require_siamese"]


class Evaluator(Protocol):
    """What `fit` needs of an evaluator; those of `tfsiamese.evaluation` are such."""

    primary_metric: str
    greater_is_better: bool

    def __call__(self, encoder: Encoder) -> dict[str, float]:
        """Named scores of an encoder."""


@dataclass(frozen=True)
class TrainingPlan:
    """What to train, on what, and how.

    Attributes:
        model: its encoder is trained.
        tasks: the data sets with their losses.
        settings: checked.
        evaluator: measures the encoder before, after and each epoch.
        retention: keeps the encoder near its base.
        teacher: the encoder that losses learn from.
        strategy: of tf.distribute; None for one device.

    Raises:
        SettingsError: there is nothing to train on, or nothing to monitor where something is needed.
    """

    model: Siamese
    tasks: tuple[Task, ...]
    settings: TrainingSettings
    evaluator: Evaluator | None = None
    retention: Retention | None = None
    teacher: Encoder | None = None
    strategy: tf.distribute.Strategy | None = None

    @functools.cached_property
    def batches(self) -> MixedBatches:
        """The batches of all data sets."""
        parts = {task.name: training_batches(task, self.settings, self.model.encoder) for task in self.tasks}
        return MixedBatches(parts, self.settings.mixing, self.settings.seed)

    @functools.cached_property
    def validation(self) -> dict[str, ExampleBatches]:
        """The validation batches of those data sets that have any."""
        found = {task.name: validation_batches(task, self.settings, self.model.encoder) for task in self.tasks}
        return {name: batches for name, batches in found.items() if batches is not None}

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, if it does not stop early and every epoch has as many batches as the first."""
        return self.settings.epochs * self.steps_of_an_epoch

    @property
    def steps_of_an_epoch(self) -> int:
        """Steps of the first epoch; the last one may take fewer batches than others."""
        return -(-len(self.batches) // self.settings.gradient_accumulation_steps)

    @property
    def monitor(self) -> str | None:
        """The metric that chooses the best epoch; None where nothing is measured."""
        if self.settings.monitor:
            return None if self.settings.monitor == "none" else self.settings.monitor
        if self.evaluator is not None:
            return self.evaluator.primary_metric
        return "val_loss" if any(task.validation is not None for task in self.tasks) else None

    @property
    def greater_is_better(self) -> bool:
        """The direction of `monitor`."""
        if self.evaluator is not None and self.monitor == self.evaluator.primary_metric:
            return self.evaluator.greater_is_better
        return not ("loss" in (self.monitor or "") or (self.monitor or "").endswith(("mae", "mse")))

    def __post_init__(self) -> None:
        require_siamese(self.model)
        self._check_types()
        if not self.tasks:
            raise SettingsError("There is no data to train on. Expected at least one data set.")
        if self.settings.patience is not None and self.monitor is None:
            raise SettingsError("patience needs something to monitor: give validation data or an evaluator.")
        for task in self.tasks:
            check_batching(task, self.settings)
        self._check_mini_batches()
        self._check_monitor()

    def _check_types(self) -> None:
        expected = {"retention": Retention, "teacher": Encoder}
        for name, kind in expected.items():
            value = getattr(self, name)
            if value is not None and not isinstance(value, kind):
                raise SettingsError(f"Expected {name} of type {kind.__name__}. Received: {type(value).__name__}.")
        if self.evaluator is not None and not (callable(self.evaluator) and hasattr(self.evaluator, "primary_metric")):
            raise SettingsError(
                f"Expected an evaluator, such as StsEvaluator or RetrievalEvaluator. Received: {self.evaluator!r:.60}."
            )
        if self.teacher is not None and not any(task.learns_from_teacher for task in self.tasks):
            losses = ", ".join(dict.fromkeys(task.loss.name for task in self.tasks))
            raise SettingsError(f"There is a teacher, and no loss learns from it ({losses}). Leave it out.")

    def _check_mini_batches(self) -> None:
        encoder = self.model.encoder
        if self.settings.mini_batch_size is not None and not encoder.is_seeded:
            raise SettingsError(
                f"{encoder.source} has a training mode of its own, such as dropout without a seed, and mini_batch_size "
                "computes every vector twice, which must agree. Leave --mini-batch-size out."
            )

    def _check_monitor(self) -> None:
        """Refuses a metric that is not measured, where the evaluator says beforehand what it measures."""
        metrics = getattr(self.evaluator, "metric_names", None) if self.evaluator is not None else ()
        if self.settings.monitor in (None, "none") or metrics is None:
            return
        has_validation = any(task.validation is not None for task in self.tasks)
        known = [*metrics, "loss", *(["val_loss"] if has_validation else [])]
        if self.settings.monitor not in known and "loss" not in self.settings.monitor:
            raise SettingsError(
                f"monitor={self.settings.monitor!r} is not measured. Expected one of {', '.join(known)}."
            )

    def config(self, optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
        """All that decides the outcome, as a JSON object; a resumed run must have the same."""
        encoder = self.model.encoder
        return {
            "encoder": {
                "source": encoder.source,
                "fingerprint": encoder.fingerprint,
                "dimension": encoder.dimension,
                "frozen": encoder.frozen_names,
                **encoder.describe(),
            },
            "head": self.model.head,
            # Keras numbers the names of optimizers within a process.
            "optimizer": {"class": type(optimizer).__name__} | optimizer.get_config() | {"name": None},
            "settings": self.settings.decisive() | {"monitor": self.monitor},
            "data": {task.name: task.describe() for task in self.tasks},
            "retention": None if self.retention is None else self.retention.describe(),
            "teacher": None
            if self.teacher is None
            else {"source": self.teacher.source, "fingerprint": self.teacher.fingerprint},
            "evaluation": _describe_evaluator(self.evaluator),
        }


def require_siamese(model: object) -> None:
    """Raises a SettingsError where something else is to be trained."""
    if not isinstance(model, Siamese):
        raise SettingsError(f"fit takes a Siamese model and received {type(model).__name__}.")


def _describe_evaluator(evaluator: Evaluator | None) -> dict[str, Any]:
    if evaluator is None:
        return {}
    get_config = getattr(evaluator, "get_config", None)
    return {"class": type(evaluator).__name__} | (get_config() if get_config is not None else {})
