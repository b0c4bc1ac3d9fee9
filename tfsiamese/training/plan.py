"""All that a run is given, checked before any time is spent on it."""

from dataclasses import dataclass
from typing import Any, Protocol

import keras

from tfsiamese.encoders import Encoder
from tfsiamese.errors import DataError, SettingsError
from tfsiamese.losses import Loss, UnusableLabelError
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese
from tfsiamese.training.settings import TrainingSettings

__all__ = ["Evaluator", "TrainingPlan"]


class Evaluator(Protocol):
    """What `fit` needs of an evaluator; those of `tfsiamese.evaluation` are such."""

    primary_metric: str
    greater_is_better: bool

    def __call__(self, encoder: Encoder) -> dict[str, float]:
        """Named scores of an encoder."""


@dataclass(frozen=True)
class TrainingPlan:
    """What to train, on what, and how; the loss has to suit the labels.

    Raises:
        SettingsError: there is nothing to train on, or nothing to monitor where something is needed.
        DataError: the loss cannot use the labels.
    """

    model: Siamese
    pairs: Pairs
    validation: Pairs | None
    loss: Loss
    evaluator: Evaluator | None
    settings: TrainingSettings

    @property
    def total_steps(self) -> int:
        """Steps of the whole run, if it does not stop early."""
        return self.settings.epochs * -(-len(self.pairs) // self.settings.batch_size)

    @property
    def monitor(self) -> str | None:
        """The metric that chooses the best epoch; None where nothing is measured."""
        if self.settings.monitor:
            return self.settings.monitor
        if self.evaluator is not None:
            return self.evaluator.primary_metric
        return "val_loss" if self.validation is not None else None

    @property
    def greater_is_better(self) -> bool:
        """The direction of `monitor`."""
        if self.evaluator is not None and self.monitor == self.evaluator.primary_metric:
            return self.evaluator.greater_is_better
        return not (self.monitor or "").endswith(("loss", "mae", "mse"))

    def __post_init__(self) -> None:
        if not isinstance(self.model, Siamese):
            raise SettingsError(f"fit takes a Siamese model and received {type(self.model).__name__}.")
        if len(self.pairs) == 0:
            raise SettingsError("There are no pairs to train on.")
        for pairs in (self.pairs, self.validation):
            if pairs is not None:
                self._check_labels(pairs)
        if self.settings.patience is not None and self.monitor is None:
            raise SettingsError("patience needs something to monitor: give validation pairs or an evaluator.")

    def _check_labels(self, pairs: Pairs) -> None:
        try:
            self.loss.check_labels(pairs.scores)
        except UnusableLabelError as error:
            line = pairs.frame["line"].iloc[error.index]
            raise DataError(f"{pairs.source}, line {line}: {error}") from error

    def config(self, optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
        """All that decides the outcome, as a JSON object; a resumed run must have the same."""
        encoder = self.model.encoder
        return {
            "encoder": {
                "source": encoder.source,
                "fingerprint": encoder.fingerprint,
                "dimension": encoder.dimension,
                "frozen": encoder.frozen_names,
            },
            "head": self.model.head,
            "loss": {"name": self.loss.name} | self.loss.get_config(),
            # Keras numbers the names of optimizers within a process.
            "optimizer": {"class": type(optimizer).__name__} | optimizer.get_config() | {"name": None},
            "settings": self.settings.decisive() | {"monitor": self.monitor},
            "data": {
                "training": _describe(self.pairs),
                "validation": None if self.validation is None else _describe(self.validation),
            },
            "evaluation": _describe_evaluator(self.evaluator),
        }


def _describe(pairs: Pairs) -> dict[str, Any]:
    return {"source": pairs.source, "pairs": len(pairs), "fingerprint": pairs.fingerprint}


def _describe_evaluator(evaluator: Evaluator | None) -> dict[str, Any]:
    if evaluator is None:
        return {}
    get_config = getattr(evaluator, "get_config", None)
    return {"class": type(evaluator).__name__} | (get_config() if get_config is not None else {})
