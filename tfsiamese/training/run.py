"""One run, from its start or from a checkpoint to its end."""

import contextlib
import dataclasses
import itertools
import logging
import time
from collections.abc import Iterable, Sequence

import keras
import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.pairs.prefetching import prefetched
from tfsiamese.training.engine import Engine, NamedBatch
from tfsiamese.training.interrupts import Interrupts
from tfsiamese.training.loss_scale import LossScale
from tfsiamese.training.messages import bad_batch_error, describe_all_cut_texts, warn_if_nothing_was_gained
from tfsiamese.training.plan import TrainingPlan
from tfsiamese.training.profiling import ProfileLog
from tfsiamese.training.progress import ProgressBar, TensorBoardLog, describe_epoch
from tfsiamese.training.replicas import Replicas
from tfsiamese.training.retention import BaseVectors
from tfsiamese.training.run_folder import RunFolder, unreadable_checkpoint
from tfsiamese.training.run_state import RunState
from tfsiamese.training.sample_texts import sample_texts
from tfsiamese.training.shared_encoding import encoding_together
from tfsiamese.training.step import StepParts
from tfsiamese.training.updates import Updates
from tfsiamese.training.weights import Arrays, WeightStore
from tfsiamese.training.workers_together import (
    Agreement,
    explained_worker_loss,
    metrics_of_chief,
    require_equal_starts,
)

__all__ = ["Run"]

_logger = logging.getLogger(__name__)


class Run:
    """Trains the encoder of a plan's model in place.

    Args:
        plan: what to train.
        optimizer: not built yet.
        callbacks: the user's Keras callbacks.
        folder: where checkpoints and results go, if anywhere.
        base: what the retention stays near to.
    """

    def __init__(
        self,
        plan: TrainingPlan,
        optimizer: keras.optimizers.Optimizer,
        callbacks: Sequence[keras.callbacks.Callback],
        folder: RunFolder | None,
        base: BaseVectors | None = None,
    ):
        self._plan = plan
        self._settings = plan.settings
        self._encoder = plan.model.encoder
        self._optimizer = optimizer
        self._folder = folder
        self._state = RunState()
        self._best: Arrays = {}
        self._cut_texts: dict[str, str] = {}
        with explained_worker_loss(folder):
            self._replicas = Replicas(self._encoder, plan.strategy)
        self._agreement = Agreement(self._replicas)
        self._updates = Updates(optimizer, self._replicas)
        self._loss_scale = LossScale() if self._encoder.needs_loss_scaling else None
        self._engine = Engine(plan, StepParts(self._replicas, self._updates, self._loss_scale), base)
        if folder is not None:
            folder.is_written = self._replicas.is_chief
        self._weights = WeightStore(self._encoder, optimizer)
        self._batches = plan.batches
        self._user_callbacks = list(callbacks)
        self._saved_at = time.monotonic()
        self._saved_step = -1
        self._fingerprint = self._encoder.fingerprint

    @property
    def is_chief(self) -> bool:
        """Whether this process writes what the run leaves."""
        return self._replicas.is_chief

    def run(self) -> keras.callbacks.History:
        """Trains to the end; what the run leaves is written when this returns, whichever worker it is."""
        with explained_worker_loss(self._folder):
            history = self._run()
        self.wait_for_all()
        return history

    def wait_for_all(self) -> None:
        """Waits until every worker has come here."""
        with explained_worker_loss(self._folder):
            self._replicas.gather([0.0])

    def _run(self) -> keras.callbacks.History:
        keras.utils.set_random_seed(self._settings.seed)
        self._plan.model.compile(optimizer=self._optimizer, loss=None)
        self._plan.model.stop_training = False
        self._resume()
        require_equal_starts(self._replicas, self._state, self._plan.config(self._optimizer))
        self._cut_texts = describe_all_cut_texts(self._plan)
        if self._state.before is None:
            self._state.before = self._measure()
        self._check_monitor(self._state.before)
        if self._folder is not None:
            self._folder.begin()
        shown = self._shown_callbacks()
        callbacks = keras.callbacks.CallbackList(
            [*self._user_callbacks, *shown],
            model=self._plan.model,
            epochs=self._settings.epochs,
            steps=self._plan.steps_of_an_epoch,
            verbose=0,
        )
        try:
            with Interrupts() as interrupts:
                self._train(callbacks, interrupts)
        finally:
            for callback in shown:
                callback.close()
            if self._saved_step == self._state.step:
                self._encoder.fingerprint = self._fingerprint
        return self._finish()

    def _train(self, callbacks: keras.callbacks.CallbackList, interrupts: Interrupts) -> None:
        if self._state.finished:
            return
        callbacks.on_train_begin()
        while self._state.epoch < self._settings.epochs and not self._stops_early():
            callbacks.on_epoch_begin(self._state.epoch, {"rows_done": self._state.rows_done.get("loss", 0)})
            self._train_epoch(callbacks, interrupts)
            logs = self._epoch_logs()
            self._end_epoch(logs)
            callbacks.on_epoch_end(self._state.epoch - 1, logs)
            self._stop_if_asked(interrupts, at_once=True)
            self._save_if_due()
            if self._agreement.any(self._plan.model.stop_training, at_once=True):
                break
        callbacks.on_train_end()

    def _train_epoch(self, callbacks: keras.callbacks.CallbackList, interrupts: Interrupts) -> None:
        state, size = self._state, self._settings.gradient_accumulation_steps
        with contextlib.closing(prefetched(self._batches.epoch(state.epoch, state.batch))) as batches:
            # The batches of an epoch that are left come to a whole number of steps: checkpoints lie between steps.
            while step_batches := list(itertools.islice(batches, size)):
                self._train_step(step_batches, callbacks)
                self._stop_if_asked(interrupts)
                self._save_if_due()

    def _train_step(self, batches: list[NamedBatch], callbacks: keras.callbacks.CallbackList) -> None:
        state = self._state
        number = state.batch // self._settings.gradient_accumulation_steps
        callbacks.on_train_batch_begin(number)
        start = time.perf_counter()
        outcome = self._engine.train(batches, state.step)
        if not outcome.applied:
            self._stop_at_bad_batch(len(outcome.losses) - 1, outcome.losses[-1]["loss"])
        # Until the run ends or is saved, no checkpoint fits the weights in memory.
        self._encoder.fingerprint = f"{self._fingerprint}, trained in part"
        rows = [batch.num_rows for _, batch in batches]
        state.advance(list(zip(outcome.losses, rows, strict=True)), time.perf_counter() - start)
        loss = sum(losses["loss"] * count for losses, count in zip(outcome.losses, rows, strict=True)) / sum(rows)
        callbacks.on_train_batch_end(number, state.mean_losses | {"batch_loss": loss, "size": sum(rows)})

    def _stop_if_asked(self, interrupts: Interrupts, at_once: bool = False) -> None:
        # Workers stop after the same step, whichever of them was asked to.
        if self._agreement.any(interrupts.requested, at_once):
            self._save()
            if self._folder is not None:
                _logger.warning(
                    "stopped at epoch %d; %s keeps the state, and --resume continues",
                    self._state.epoch + 1,
                    self._folder.path,
                )
            interrupts.act()

    def _epoch_logs(self) -> dict[str, float]:
        # The rate of the last step: the optimizer has counted on already.
        rate = self._optimizer.learning_rate
        schedule = getattr(self._optimizer, "_learning_rate", None)
        if isinstance(schedule, keras.optimizers.schedules.LearningRateSchedule):
            rate = schedule(self._optimizer.iterations - 1)
        logs = self._state.mean_losses | {"learning_rate": float(rate)}
        seconds = self._state.seconds - sum(epoch["seconds"] for epoch in self._state.history)
        return logs | self._measure() | {"seconds": round(seconds, 3)}

    def _end_epoch(self, logs: dict[str, float]) -> None:
        self._state.end_epoch(logs)
        self._replicas.take_weights_of_first()
        if self._best_epoch() == self._state.epoch - 1 and self._settings.restore_best:
            self._best = self._weights.snapshot()
        if self._folder is not None:
            self._folder.write_history(self._state.history)
        level = logging.DEBUG if self._settings.show_progress else logging.INFO
        _logger.log(level, describe_epoch(self._state.epoch, *self._shown_as(), logs))

    def _shown_as(self) -> tuple[int, int, str | None]:
        return self._settings.epochs, self._batches.num_rows, self._plan.monitor

    def _check_monitor(self, measured: Iterable[str]) -> None:
        known = ["loss", *measured]
        if self._plan.monitor is not None and self._plan.monitor not in known:
            raise SettingsError(f"monitor={self._plan.monitor!r} is not measured. Expected one of {', '.join(known)}.")

    def _best_epoch(self) -> int | None:
        return self._state.best_epoch(self._plan.monitor, self._plan.greater_is_better)

    def _stops_early(self) -> bool:
        best = self._best_epoch()
        if self._settings.patience is None or best is None:
            return False
        return self._state.epoch - 1 - best >= self._settings.patience

    def _measure(self) -> dict[str, float]:
        """The losses on the validation data, and the evaluator's metrics."""
        metrics = self._engine.validation_losses()
        if self._plan.evaluator is not None:
            with encoding_together(self._replicas):
                measured = self._plan.evaluator(self._encoder)
            metrics |= {name: float(value) for name, value in measured.items()}
        return metrics_of_chief(self._replicas, metrics)

    def _resume(self) -> None:
        checkpoint = self._folder.load_checkpoint() if self._folder is not None else None
        if self._folder is None or checkpoint is None:
            return
        self._state, weights, optimizer, self._best = checkpoint
        try:
            self._updates.restore(optimizer)
            self._weights.restore(weights)
        except (KeyError, ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            raise unreadable_checkpoint(self._folder.newest_checkpoint, error) from error
        self._replicas.take_weights_of_first()
        if self._loss_scale is not None and self._state.loss_scale is not None:
            self._loss_scale.value, self._loss_scale.good_steps = self._state.loss_scale
        _logger.info("continuing at epoch %d, batch %d", self._state.epoch + 1, self._state.batch + 1)

    def _save_if_due(self) -> None:
        steps = self._settings.checkpoint_steps
        is_due = steps is not None and self._state.step % steps == 0 and self._state.step != self._saved_step
        if is_due or time.monotonic() - self._saved_at >= self._settings.checkpoint_seconds:
            self._save()

    def _save(self) -> None:
        if self._folder is not None and self._folder.is_written:
            if self._loss_scale is not None:
                self._state.loss_scale = (self._loss_scale.value, self._loss_scale.good_steps)
            weights, optimizer = self._weights.snapshot(), self._updates.state()
            self._folder.save_checkpoint(self._state, weights, optimizer, self._best)
            self._saved_step = self._state.step
        self._saved_at = time.monotonic()

    def _stop_at_bad_batch(self, batch: int, loss: float) -> None:
        """The step was not applied: weights and checkpoint are those before it, `batch` batches before that one."""
        if self._state.step:
            self._save()
        kept = self._folder.path if self._folder is not None and self._state.step else None
        state = dataclasses.replace(self._state, batch=self._state.batch + batch)
        raise bad_batch_error(self._plan, state, loss, kept)

    def _finish(self) -> keras.callbacks.History:
        best = self._best_epoch()
        if best is not None and self._settings.restore_best:
            self._weights.restore(self._best)
            self._replicas.take_weights_of_first()
        after = self._measure()
        warn_if_nothing_was_gained(self._plan, self._state.before or {}, after)
        if self._folder is not None:
            if not self._state.finished:
                self._state.finished = True
                self._save()
            self._folder.write_history(self._state.history)
            self._folder.write_encoder(self._encoder, self._plan.model.head)
            if self._folder.is_written:
                self._folder.write_sample_texts(sample_texts([self._plan]))
            self._folder.write_metrics(
                {
                    "before": self._state.before,
                    "after": after,
                    "best_epoch": None if best is None else best + 1,
                    "epochs": len(self._state.history),
                    "training_seconds": round(self._state.seconds, 3),
                    "cut_texts": self._cut_texts,
                }
            )
        self._encoder.fingerprint = self._weights.fingerprint(self._fingerprint)
        return self._state.to_history(self._plan.model, after, best)

    def _shown_callbacks(self) -> list[ProgressBar | TensorBoardLog | ProfileLog]:
        shown: list[ProgressBar | TensorBoardLog | ProfileLog] = []
        if not self._replicas.is_chief:
            return shown
        if self._settings.show_progress:
            shown.append(ProgressBar(*self._shown_as()))
        if self._folder is not None:
            shown.append(TensorBoardLog(self._folder.logs, self._state.step))
            if self._settings.profile:
                shown.append(ProfileLog(self._folder.logs))
        return shown
