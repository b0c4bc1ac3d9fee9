"""Callbacks that show a run: a progress bar, and TensorBoard's files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tqdm.auto import tqdm

__all__ = ["ProgressBar", "TensorBoardLog", "describe_epoch"]


def describe_epoch(epoch: int, epochs: int, rows: int, monitor: str | None, logs: Mapping[str, float]) -> str:
    """One line on a finished epoch, counted from 1: the losses, what is monitored, rows a second of training."""
    names = dict.fromkeys(["loss", "val_loss", monitor])
    measured = ", ".join(f"{name} {logs[name]:.4f}" for name in names if name is not None and name in logs)
    rate = f", {rows / logs['seconds']:,.0f} rows/s" if logs["seconds"] > 0 else ""
    return f"epoch {epoch}/{epochs}: {measured}{rate}"


class ProgressBar(keras.callbacks.Callback):
    """One bar an epoch on standard error: loss, rows a second, time left; then a line on what the epoch gave."""

    def __init__(self, epochs: int, rows: int, monitor: str | None = None):
        super().__init__()
        self._epochs = epochs
        self._rows = rows
        self._monitor = monitor
        self._bar: tqdm | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Opens a bar; a resumed epoch starts where it stopped."""
        done = int((logs or {}).get("rows_done", 0))
        self._bar = tqdm(
            total=self._rows, initial=done, unit="row", desc=f"epoch {epoch + 1}/{self._epochs}", mininterval=0.2
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar."""
        if self._bar is not None and logs:
            self._bar.set_postfix(loss=f"{logs['loss']:.4f}", refresh=False)
            self._bar.update(int(logs["size"]))

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Puts the epoch's line in place of the bar."""
        if self._bar is not None and logs:
            line = describe_epoch(epoch + 1, self._epochs, self._rows, self._monitor, logs)
            self._bar.bar_format = line.replace("{", "{{").replace("}", "}}")
            self._bar.refresh()
            self.close()

    def close(self) -> None:
        """Leaves the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class TensorBoardLog(keras.callbacks.Callback):
    """Writes the loss of every step and the metrics of every epoch into TensorBoard's event files."""

    def __init__(self, folder: Path, first_step: int = 0):
        super().__init__()
        self._writer = tf.summary.create_file_writer(str(folder))
        self._step = first_step

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs the batch's own loss."""
        with self._writer.as_default(step=self._step):
            tf.summary.scalar("step/loss", (logs or {})["batch_loss"])
        self._step += 1

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Logs everything that the history holds."""
        with self._writer.as_default(step=epoch + 1):
            for name, value in (logs or {}).items():
                tf.summary.scalar(f"epoch/{name}", value)
        self._writer.flush()

    def close(self) -> None:
        """Closes the file."""
        self._writer.close()
