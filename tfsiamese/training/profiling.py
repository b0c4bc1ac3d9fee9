"""Measures what a run spends its time on, and traces some of its steps for TensorBoard."""

import json
import logging
import time
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from tfsiamese.files import publish_file
from tfsiamese.training.bottleneck import describe_bottleneck
from tfsiamese.training.trace_reading import OperationTimes, read_traces

__all__ = ["ProfileLog"]

_logger = logging.getLogger(__name__)

PROFILE_FILE = "profile.json"

# The first steps compile, and fill caches.
_STEPS_BEFORE = 5
_STEPS_TRACED = 10
# A trace grows with its time: long steps get fewer of them.
_MOST_SECONDS = 20.0


class ProfileLog(keras.callbacks.Callback):
    """Says at the end of training what the time went to; training itself goes on as without it.

    All steps are timed: the time between two batches is waiting for input, unless a checkpoint was written in it. Steps
    6 to 15 are traced into `folder`/plugins/profile, where TensorBoard's profile plugin finds them. The outcome goes to
    `folder`/profile.json and, as one sentence, to the log. What goes wrong with profiling is a warning.

    Args:
        folder: the `logs` of a run folder; made where it does not exist.
    """

    def __init__(self, folder: Path):
        super().__init__()
        self._folder = Path(folder)
        self._seconds = {"computing": 0.0, "waiting_for_input": 0.0, "first_step": 0.0, "rest": 0.0}
        self._mark = time.perf_counter()
        self._steps = 0
        self._trace = _Trace(self._folder)
        self._checkpoint = 0
        self._is_closed = False

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._checkpoint = self._last_checkpoint()
        self._mark = time.perf_counter()

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """What came before was no training."""
        self._count("rest")

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """What came before was waiting for the batch, or a checkpoint."""
        checkpoint = self._last_checkpoint()
        self._count("waiting_for_input" if checkpoint == self._checkpoint else "rest")
        self._checkpoint = checkpoint
        if self._steps == _STEPS_BEFORE:
            self._trace.start()
            self._mark = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """What came before was a step."""
        seconds = self._count("computing" if self._steps else "first_step")
        self._steps += 1
        if self._trace.is_running:
            self._trace.count(seconds)
            if self._trace.is_long_enough:
                self._trace.stop()
                self._mark = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """What came before was evaluation."""
        self._count("rest")

    def on_train_end(self, logs: dict[str, Any] | None = None) -> None:
        """Reports."""
        self._count("rest")
        self.close()

    def close(self) -> None:
        """Ends a trace that is still running, and reports; a second call does nothing."""
        if self._is_closed:
            return
        self._is_closed = True
        self._trace.stop()
        if not self._steps:
            _logger.info("there is nothing to profile: no step was taken")
            return
        try:
            self._report()
        except Exception as error:  # profiling must not cost the run
            _logger.warning("the profile could not be written to %s: %s", self._folder, error)

    def _count(self, part: str) -> float:
        now = time.perf_counter()
        seconds, self._mark = now - self._mark, now
        self._seconds[part] += seconds
        return seconds

    def _last_checkpoint(self) -> int:
        """When the run folder's checkpoints last changed; 0 where there are none."""
        try:
            return (self._folder.parent / "checkpoints").stat().st_mtime_ns
        except OSError:
            return 0

    def _report(self) -> None:
        total = sum(self._seconds.values())
        shares = {part: seconds / total for part, seconds in self._seconds.items()}
        optimizer = getattr(getattr(self.model, "optimizer", None), "name", "")
        traced = self._trace.read(optimizer)
        operations = traced.shares if traced is not None else None
        busy = min(1.0, traced.busy_seconds / self._trace.seconds) if traced is not None else None
        sentence = describe_bottleneck(shares, operations, busy)
        self._write(
            {
                "steps": self._steps,
                "seconds": self._seconds,
                "shares": shares,
                "trace": None if traced is None else self._trace.describe(traced, busy),
                "bottleneck": sentence,
            }
        )
        if self._steps <= _STEPS_BEFORE:
            sentence += f" (tracing begins after {_STEPS_BEFORE} steps, and there were {self._steps})"
        _logger.info("profile of %d steps: %s", self._steps, sentence)

    def _write(self, profile: dict[str, Any]) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        with publish_file(self._folder / PROFILE_FILE) as path:
            path.write_text(json.dumps(profile, indent=2) + "\n", encoding="utf-8")


class _Trace:
    """A trace of some steps."""

    def __init__(self, folder: Path):
        self._folder = folder
        self._before: set[Path] = set()
        self.is_running = False
        self.steps = 0
        self.seconds = 0.0

    @property
    def is_long_enough(self) -> bool:
        return self.steps >= _STEPS_TRACED or self.seconds >= _MOST_SECONDS

    def start(self) -> None:
        self._before = set(self._files())
        try:
            tf.profiler.experimental.start(str(self._folder))
            self.is_running = True
        except Exception as error:  # another profiler runs, or the folder cannot be written
            _logger.warning("steps are not traced: %s", error)

    def count(self, seconds: float) -> None:
        self.steps += 1
        self.seconds += seconds

    def stop(self) -> None:
        if not self.is_running:
            return
        self.is_running = False
        try:
            tf.profiler.experimental.stop()
        except Exception as error:
            _logger.warning("the trace of %d steps is lost: %s", self.steps, error)

    def read(self, optimizer: str) -> OperationTimes | None:
        """What the operations' time went to; None where nothing was traced or it cannot be read."""
        files = set(self._files()) - self._before
        if not files or not self.steps:
            return None
        try:
            times = read_traces(sorted(files), optimizer)
        except Exception as error:
            _logger.warning("the trace in %s could not be read: %s", self._folder, error)
            return None
        return times if times.busy_seconds > 0 else None

    def describe(self, times: OperationTimes, busy: float | None) -> dict[str, Any]:
        return {
            "steps": self.steps,
            "seconds_a_step": self.seconds / self.steps,
            "share_with_an_operation": busy,
            "on_device": times.on_device,
            "operation_seconds": times.seconds,
            "operation_shares": times.shares,
        }

    def _files(self) -> list[Path]:
        return list(self._folder.glob("plugins/profile/*/*.xplane.pb"))
