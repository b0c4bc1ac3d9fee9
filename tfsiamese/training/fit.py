"""Fits a siamese model on pairs."""

import logging
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import keras

from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError, TrainingError
from tfsiamese.losses import Loss, get_loss
from tfsiamese.pairs import Pairs
from tfsiamese.pairs.batches import PairBatches
from tfsiamese.siamese import Siamese
from tfsiamese.training.interrupts import Interrupts
from tfsiamese.training.optimizers import RowSparseAdam
from tfsiamese.training.progress import ProgressBar, TensorBoardLog
from tfsiamese.training.run_folder import RunFolder
from tfsiamese.training.run_state import RunState
from tfsiamese.training.schedules import WarmupDecay
from tfsiamese.training.settings import TrainingSettings
from tfsiamese.training.step import TrainingStep
from tfsiamese.training.weights import Arrays, WeightStore, optimizer_state, restore_optimizer

__all__ = ["Evaluator", "fit"]

_logger = logging.getLogger(__name__)


class Evaluator(Protocol):
    """What `fit` needs of an evaluator; those of `tfsiamese.evaluation` are such."""

    primary_metric: str
    greater_is_better: bool

    def __call__(self, encoder: Encoder) -> dict[str, float]:
        """Named scores of an encoder."""


def fit(
    model: Siamese,
    pairs: Pairs,
    *,
    validation: Pairs | None = None,
    loss: str | Loss | Callable = "mse",
    evaluator: Evaluator | None = None,
    optimizer: keras.optimizers.Optimizer | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    out: str | Path | None = None,
    resume: bool = False,
    **settings: Any,
) -> keras.callbacks.History:
    """Trains the model's encoder in place and ends with the weights of the best epoch.

    The same pairs, settings and seed give the same weights on the same machine. With `out`, a run that was
    interrupted in any way continues with `resume=True` to the weights that it would have had; only an encoder that
    draws random numbers of its own, such as dropout inside a SavedModel, differs after a resumption.

    Args:
        model: the siamese model.
        pairs: the training pairs.
        validation: pairs to report `val_loss` on before, after and each epoch.
        loss: a name of `tfsiamese.losses.LOSS_NAMES`, a `Loss`, or a function `(y_true, y_pred)` on the model's score.
        evaluator: called with the encoder before, after and each epoch; its primary metric chooses the best epoch.
        optimizer: `RowSparseAdam` with β₂ = 0.9999 and clipnorm 1 by default. With your own, set the learning rate
            there, and leave `learning_rate`, `warmup` and `decay` alone.
        callbacks: any Keras callbacks. Their own state is not part of a checkpoint.
        out: the run folder to write; nothing is written without one.
        resume: continue the run in `out`; start it where there is none.
        **settings: the attributes of `TrainingSettings`: epochs, batch_size, learning_rate, warmup, decay, seed, …

    Returns:
        A `keras.callbacks.History`: `history` by column, a value for each epoch; `before` and `after` hold the
        metrics, and `best_epoch` counts from 1 (None where nothing was monitored).

    Raises:
        SettingsError: a setting is wrong, or `out` holds another run.
        DataError: the loss cannot use the labels.
        TrainingError: nothing is trainable, or the loss is not finite. The model then has the last good weights.

    Example:
        >>> history = fit(Siamese(load_encoder("use-multilingual")), pairs, loss="mse", epochs=20, out="runs/jobs")
    """
    chosen = TrainingSettings.from_keywords(**settings)
    plan = _Plan(model, pairs, validation, get_loss(loss, model.head), evaluator, chosen)
    _check(plan)
    optimizer = optimizer or _default_optimizer(plan)
    folder = RunFolder(out, _config(plan, optimizer), resume) if out is not None else None
    return _Run(plan, optimizer, callbacks, folder).run()


@dataclass(frozen=True)
class _Plan:
    """All that a run is given."""

    model: Siamese
    pairs: Pairs
    validation: Pairs | None
    loss: Loss
    evaluator: Evaluator | None
    settings: TrainingSettings

    @property
    def total_steps(self) -> int:
        return self.settings.epochs * -(-len(self.pairs) // self.settings.batch_size)

    @property
    def monitor(self) -> str | None:
        if self.settings.monitor:
            return self.settings.monitor
        if self.evaluator is not None:
            return self.evaluator.primary_metric
        return "val_loss" if self.validation is not None else None

    @property
    def greater_is_better(self) -> bool:
        if self.evaluator is not None and self.monitor == self.evaluator.primary_metric:
            return self.evaluator.greater_is_better
        return not (self.monitor or "").endswith(("loss", "mae", "mse"))


class _Run:
    """One run, from its start or from a checkpoint to its end."""

    def __init__(
        self,
        plan: _Plan,
        optimizer: keras.optimizers.Optimizer,
        callbacks: Sequence[keras.callbacks.Callback],
        folder: RunFolder | None,
    ):
        self._plan = plan
        self._settings = plan.settings
        self._encoder = plan.model.encoder
        self._optimizer = optimizer
        self._folder = folder
        self._state = RunState()
        self._best: Arrays = {}
        self._step = TrainingStep(plan.model, plan.loss, optimizer)
        self._weights = WeightStore(self._encoder, optimizer)
        self._batches = PairBatches(plan.pairs, self._settings.batch_size, self._settings.seed)
        self._validation = PairBatches(plan.validation, 64) if plan.validation is not None else None
        self._user_callbacks = list(callbacks)
        self._saved_at = time.monotonic()

    def run(self) -> keras.callbacks.History:
        """Trains to the end."""
        keras.utils.set_random_seed(self._settings.seed)
        self._plan.model.compile(optimizer=self._optimizer, loss=None)
        self._plan.model.stop_training = False
        self._resume()
        if self._state.before is None:
            self._state.before = self._measure()
        shown = self._shown_callbacks()
        callbacks = keras.callbacks.CallbackList(
            [*self._user_callbacks, *shown],
            model=self._plan.model,
            epochs=self._settings.epochs,
            steps=len(self._batches),
            verbose=0,
        )
        try:
            with Interrupts() as interrupts:
                self._train(callbacks, interrupts)
        finally:
            for callback in shown:
                callback.close()
        return self._finish()

    def _train(self, callbacks: keras.callbacks.CallbackList, interrupts: Interrupts) -> None:
        if self._state.finished:
            return
        callbacks.on_train_begin()
        while self._state.epoch < self._settings.epochs and not self._stops_early():
            callbacks.on_epoch_begin(self._state.epoch, {"pairs_done": self._state.pairs_done})
            self._train_epoch(callbacks, interrupts)
            logs = self._epoch_logs()
            self._end_epoch(logs)
            callbacks.on_epoch_end(self._state.epoch - 1, logs)
            self._save_if_due()
            if self._plan.model.stop_training:
                break
        callbacks.on_train_end()

    def _train_epoch(self, callbacks: keras.callbacks.CallbackList, interrupts: Interrupts) -> None:
        state = self._state
        for texts, labels in self._batches.epoch(state.epoch, state.batch):
            callbacks.on_train_batch_begin(state.batch)
            start = time.perf_counter()
            loss, finite = self._step.train(texts, labels)
            if not finite:
                self._stop_at_bad_batch(loss)
            size = len(labels)
            state.advance(loss, size, time.perf_counter() - start)
            mean = state.loss_sum / state.pairs_done
            callbacks.on_train_batch_end(state.batch - 1, {"loss": mean, "batch_loss": loss, "size": size})
            if interrupts.requested:
                self._save()
                interrupts.act()
            self._save_if_due()

    def _epoch_logs(self) -> dict[str, float]:
        # The rate of the last step: the optimizer has counted on already.
        rate = self._optimizer.learning_rate
        schedule = getattr(self._optimizer, "_learning_rate", None)
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            rate = schedule(self._optimizer.iterations - 1)
        logs = {"loss": self._state.loss_sum / self._state.pairs_done, "learning_rate": float(rate)}
        return logs | self._measure() | {"seconds": round(self._state.seconds, 3)}

    def _end_epoch(self, logs: dict[str, float]) -> None:
        monitor = self._plan.monitor
        if monitor is not None and monitor not in logs:
            raise SettingsError(f"monitor={monitor!r} is not measured. Expected one of {', '.join(logs)}.")
        self._state.end_epoch(logs)
        if self._best_epoch() == self._state.epoch - 1 and self._settings.restore_best:
            self._best = self._weights.snapshot()
        if self._folder is not None:
            self._folder.write_history(self._state.history)
        measured = ", ".join(f"{name} {value:.5g}" for name, value in logs.items() if name != "seconds")
        level = logging.DEBUG if self._settings.show_progress else logging.INFO
        _logger.log(level, "epoch %d/%d: %s", self._state.epoch, self._settings.epochs, measured)

    def _best_epoch(self) -> int | None:
        return self._state.best_epoch(self._plan.monitor, self._plan.greater_is_better)

    def _stops_early(self) -> bool:
        best = self._best_epoch()
        if self._settings.patience is None or best is None:
            return False
        return self._state.epoch - 1 - best >= self._settings.patience

    def _measure(self) -> dict[str, float]:
        """The evaluator's metrics, and the loss on the validation pairs."""
        metrics = {}
        if self._validation is not None:
            metrics["val_loss"] = self._step.mean_loss(self._validation.epoch())
        if self._plan.evaluator is not None:
            metrics |= {name: float(value) for name, value in self._plan.evaluator(self._encoder).items()}
        return metrics

    def _resume(self) -> None:
        checkpoint = self._folder.load_checkpoint() if self._folder is not None else None
        if checkpoint is None:
            return
        self._state, weights, optimizer, self._best = checkpoint
        restore_optimizer(self._optimizer, optimizer, self._step.variables)
        self._weights.restore(weights)
        _logger.info("continuing at epoch %d, batch %d", self._state.epoch + 1, self._state.batch + 1)

    def _save_if_due(self) -> None:
        if time.monotonic() - self._saved_at >= self._settings.checkpoint_seconds:
            self._save()

    def _save(self) -> None:
        if self._folder is not None:
            weights, optimizer = self._weights.snapshot(), optimizer_state(self._optimizer)
            self._folder.save_checkpoint(self._state, weights, optimizer, self._best)
        self._saved_at = time.monotonic()

    def _stop_at_bad_batch(self, loss: float) -> None:
        """The step was not applied: weights and checkpoint are those before the batch."""
        state = self._state
        if state.step:
            self._save()
        rows = _name_rows(self._plan.pairs, self._batches.rows(state.epoch, state.batch))
        what = f"The loss is {loss}" if not math.isfinite(loss) else "A gradient is not finite"
        kept = f" {self._folder.path} keeps the last good state." if self._folder is not None and state.step else ""
        raise TrainingError(
            f"{what} at epoch {state.epoch + 1}, batch {state.batch + 1}, which holds {rows}."
            f"{kept} Expected finite numbers; lower the learning rate or mend these pairs."
        )

    def _finish(self) -> keras.callbacks.History:
        best = self._best_epoch()
        if best is not None and self._settings.restore_best:
            self._weights.restore(self._best)
        after = self._measure()
        self._warn_if_nothing_was_gained(after)
        if self._folder is not None:
            if not self._state.finished:
                self._state.finished = True
                self._save()
            self._folder.write_history(self._state.history)
            self._folder.write_encoder(self._encoder, self._plan.model.head)
            self._folder.write_metrics(
                {
                    "before": self._state.before,
                    "after": after,
                    "best_epoch": None if best is None else best + 1,
                    "epochs": len(self._state.history),
                    "training_seconds": round(self._state.seconds, 3),
                }
            )
        return _history(self._plan.model, self._state, after, best)

    def _warn_if_nothing_was_gained(self, after: dict[str, float]) -> None:
        monitor = self._plan.monitor
        if monitor not in after or self._state.before is None or monitor not in self._state.before:
            return
        gain = after[monitor] - self._state.before[monitor]
        if (gain if self._plan.greater_is_better else -gain) <= 0:
            _logger.warning(
                "no epoch was better than the encoder before training: %s was %.5g and is %.5g at best",
                monitor,
                self._state.before[monitor],
                after[monitor],
            )

    def _shown_callbacks(self) -> list[ProgressBar | TensorBoardLog]:
        shown: list[ProgressBar | TensorBoardLog] = []
        if self._settings.show_progress:
            shown.append(ProgressBar(self._settings.epochs, len(self._plan.pairs)))
        if self._folder is not None:
            shown.append(TensorBoardLog(self._folder.logs, self._state.step))
        return shown


def _check(plan: _Plan) -> None:
    if not isinstance(plan.model, Siamese):
        raise SettingsError(f"fit takes a Siamese model and received {type(plan.model).__name__}.")
    if len(plan.pairs) == 0:
        raise SettingsError("There are no pairs to train on.")
    plan.loss.check_labels(plan.pairs.scores)
    if plan.validation is not None:
        plan.loss.check_labels(plan.validation.scores)
    if plan.settings.patience is not None and plan.monitor is None:
        raise SettingsError("patience needs something to monitor: give validation pairs or an evaluator.")


def _default_optimizer(plan: _Plan) -> keras.optimizers.Optimizer:
    settings = plan.settings
    warmup_steps = settings.warmup_steps(plan.total_steps)
    rate: float | WarmupDecay = settings.learning_rate
    if warmup_steps or settings.decay != "constant":
        rate = WarmupDecay(settings.learning_rate, plan.total_steps, warmup_steps, settings.decay)
    return RowSparseAdam(rate)


def _config(plan: _Plan, optimizer: keras.optimizers.Optimizer) -> dict[str, Any]:
    encoder = plan.model.encoder
    return {
        "encoder": {
            "source": encoder.source,
            "fingerprint": encoder.fingerprint,
            "dimension": encoder.dimension,
            "frozen": encoder.frozen_names,
        },
        "head": plan.model.head,
        "loss": {"name": plan.loss.name} | plan.loss.get_config(),
        "optimizer": {"class": type(optimizer).__name__} | optimizer.get_config(),
        "settings": plan.settings.decisive() | {"monitor": plan.monitor},
        "data": {
            "training": _describe(plan.pairs),
            "validation": None if plan.validation is None else _describe(plan.validation),
        },
    }


def _describe(pairs: Pairs) -> dict[str, Any]:
    return {"source": pairs.source, "pairs": len(pairs), "fingerprint": pairs.fingerprint}


def _name_rows(pairs: Pairs, rows: Sequence[int]) -> str:
    lines = [int(pairs.frame["line"].iloc[row]) for row in rows]
    shown = ", ".join(str(line) for line in sorted(lines)[:16]) + (", …" if len(lines) > 16 else "")
    return f"{pairs.source}, line{'s' if len(lines) > 1 else ''} {shown}"


def _history(
    model: Siamese, state: RunState, after: dict[str, float], best_epoch: int | None
) -> keras.callbacks.History:
    history = keras.callbacks.History()
    history.set_model(model)
    history.epoch = list(range(len(state.history)))
    columns = dict.fromkeys(name for logs in state.history for name in logs)
    history.history = {name: [logs.get(name, math.nan) for logs in state.history] for name in columns}
    history.before = state.before
    history.after = after
    history.best_epoch = None if best_epoch is None else best_epoch + 1
    return history
