"""Where a run stands: what a checkpoint holds beside arrays."""

import dataclasses
import math
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
        loss_sum: the sum of the running epoch's losses, each times its pairs.
        pairs_done: pairs of the running epoch that are done.
        seconds: time spent on training steps.
        before: the metrics before training.
        history: the logs of every finished epoch.
        finished: the run has ended.
    """

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    pairs_done: int = 0
    seconds: float = 0.0
    before: Logs | None = None
    history: list[Logs] = field(default_factory=list)
    finished: bool = False

    def advance(self, loss: float, pairs: int, seconds: float) -> None:
        """Counts one step."""
        self.batch += 1
        self.step += 1
        self.loss_sum += loss * pairs
        self.pairs_done += pairs
        self.seconds += seconds

    def end_epoch(self, logs: Logs) -> None:
        """Keeps an epoch's logs and goes on to the next."""
        self.history.append(logs)
        self.epoch += 1
        self.batch, self.loss_sum, self.pairs_done = 0, 0.0, 0

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
