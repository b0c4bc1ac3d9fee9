"""Callbacks that show a run: a progress bar, and TensorBoard's files."""

from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
from tqdm.auto import tqdm

__all__ = ["ProgressBar", "TensorBoardLog"]


class ProgressBar(keras.callbacks.Callback):
    """One bar an epoch on standard error: loss, pairs a second, time left."""

    def __init__(self, epochs: int, pairs: int):
        super().__init__()
        self._epochs = epochs
        self._pairs = pairs
        self._bar: tqdm | None = None

    def on_epoch_begin(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Opens a bar; a resumed epoch starts where it stopped."""
        done = (logs or {}).get("pairs_done", 0)
        self._bar = tqdm(
            total=self._pairs, initial=done, unit="pair", desc=f"epoch {epoch + 1}/{self._epochs}", mininterval=0.2
        )

    def on_train_batch_end(self, batch: int, logs: dict[str, Any] | None = None) -> None:
        """Moves the bar."""
        if self._bar is not None and logs:
            self._bar.set_postfix(loss=f"{logs['loss']:.5f}", refresh=False)
            self._bar.update(logs["size"])

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Closes the bar with the epoch's metrics beside it."""
        if self._bar is not None:
            shown = {key: f"{value:.5g}" for key, value in (logs or {}).items() if key not in _NOT_SHOWN}
            self._bar.set_postfix(shown, refresh=True)
            self.close()

    def close(self) -> None:
        """Leaves the bar as it stands."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None


_NOT_SHOWN = ("seconds", "learning_rate")


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
