"""Where a run stands: what a checkpoint holds beside arrays."""

import dataclasses
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import keras

__all__ = ["RunState"]

Logs = dict[str, float]


@dataclass
class RunState:
    """The position of a run and what it has measured so far.

    Attributes:
        epoch: the running epoch, counted from 0.
        batch: batches of it that are done.
        step: optimizer steps since the start of the run.
        loss_sums: the sums of the running epoch's losses by name, each times its rows.
        rows_done: the rows of the running epoch that each of them was measured on.
        seconds: time spent on training steps.
        loss_scale: what the loss is multiplied with, and good steps since that changed; None without loss scaling.
        before: the metrics before training.
        history: the logs of every finished epoch.
        finished: the run has ended.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sums: dict[str, float] = field(default_factory=dict)
    rows_done: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    loss_scale: tuple[float, int] | None = None
    before: Logs | None = None
    history: list[Logs] = field(default_factory=list)
    finished: bool = False

    def advance(self, losses: Sequence[tuple[Logs, int]], seconds: float) -> None:
        """Counts one step: the losses of each of its batches, and their rows."""
        self.batch += len(losses)
        self.step += 1
        self.seconds += seconds
        for of_batch, rows in losses:
            for name, loss in of_batch.items():
                self.loss_sums[name] = self.loss_sums.get(name, 0.0) + loss * rows
                self.rows_done[name] = self.rows_done.get(name, 0) + rows

    @property
    def mean_losses(self) -> Logs:
        """The running epoch's mean losses by name."""
        return {name: total / self.rows_done[name] for name, total in self.loss_sums.items()}

    def end_epoch(self, logs: Logs) -> None:
        """Keeps an epoch's logs and goes on to the next."""
        self.history.append(logs)
        self.epoch += 1
        self.batch, self.loss_sums, self.rows_done = 0, {}, {}

    def best_epoch(self, monitor: str | None, greater_is_better: bool) -> int | None:
        """The first epoch with the best value of `monitor`, counted from 0; None without one."""
        values = [(logs.get(monitor, math.nan), index) for index, logs in enumerate(self.history)] if monitor else []
        known = [(value if greater_is_better else -value, -index) for value, index in values if not math.isnan(value)]
        return -max(known)[1] if known else None

    def to_history(self, model: keras.Model, after: Logs, best_epoch: int | None) -> keras.callbacks.History:
        """As Keras has it; `before` and `after` hold the metrics round the run, `best_epoch` counts from 1."""
        history = keras.callbacks.History()
        history.set_model(model)
        history.epoch = list(range(len(self.history)))
        columns = dict.fromkeys(name for logs in self.history for name in logs)
        history.history = {name: [logs.get(name, math.nan) for logs in self.history] for name in columns}
        history.before = self.before
        history.after = after
        history.best_epoch = None if best_epoch is None else best_epoch + 1
        return history

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> "RunState":
        """From what `to_json` returned."""
        return cls(**content)
