"""A callback that times the steps of `tfsiamese.fit`, and can end it after some of them."""

import contextlib
import time
from collections.abc import Iterator
from typing import Any

import keras
from benchmark_rounds import Step

__all__ = ["StepClock", "until_enough"]


class EnoughError(Exception):
    """As many steps were taken as were asked for."""


class StepClock(keras.callbacks.Callback):
    """Notes when each step began and ended; the time between two is waiting for input.

    Args:
        most_steps: raise EnoughError after so many, which `until_enough` takes up.
    """

    def __init__(self, most_steps: int | None = None):
        super().__init__()
        self.steps: list[Step] = []
        self._most_steps = most_steps
        self._begin = 0.0

    def on_train_batch_begin(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Starts the clock."""
        self._begin = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Notes the step. Its loss is a number by now: the step is done."""
        given = logs or {}
        self.steps.append(Step(self._begin, time.perf_counter(), float(given["batch_loss"]), int(given["size"])))
        if len(self.steps) == self._most_steps:
            raise EnoughError


@contextlib.contextmanager
def until_enough() -> Iterator[None]:
    """Goes on after a training that a StepClock ended."""
    with contextlib.suppress(EnoughError):
        yield
