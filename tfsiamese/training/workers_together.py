"""What several workers must agree on, and what it means when one of them is gone."""

import contextlib
import zlib
from collections.abc import Iterator

import tensorflow as tf

from tfsiamese.errors import TrainingError
from tfsiamese.reasons import first_line
from tfsiamese.training.replicas import Replicas
from tfsiamese.training.run_folder import RunFolder
from tfsiamese.training.run_state import RunState

__all__ = ["explained_worker_loss", "require_equal_starts"]

_OF_A_LOST_WORKER = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
)


def require_equal_starts(replicas: Replicas, state: RunState) -> None:
    """Checks that all workers start at the same place with the same weights; each must call it.

    Raises:
        TrainingError: they do not.
    """
    if replicas.num_workers == 1:
        return
    encoder = replicas.encoders[0]
    digest = zlib.crc32(encoder.fingerprint.encode())
    for _, variable in encoder.named_variables:
        digest = zlib.crc32(variable.numpy().tobytes(), digest)
    starts = replicas.gather([state.step, state.epoch, state.batch, digest])
    if (starts != starts[0]).any():
        steps = ", ".join(f"worker {worker} at step {int(start[0])}" for worker, start in enumerate(starts))
        raise TrainingError(
            f"The workers do not start alike: {steps}, or with different weights. Expected all of them to read one run "
            "folder, on storage that they share, one encoder and the same data."
        )


def _reason(error: Exception) -> str:
    """The line that names what happened, among those on the graph."""
    lines = [line.strip() for line in str(error).splitlines()]
    return next((line for line in lines if "unavailable" in line.lower() or "aborted" in line), first_line(error))


@contextlib.contextmanager
def explained_worker_loss(replicas: Replicas, folder: RunFolder | None) -> Iterator[None]:
    """Turns what TensorFlow raises when another worker is gone into a TrainingError."""
    try:
        yield
    except _OF_A_LOST_WORKER as error:
        if replicas.num_workers == 1:
            raise
        kept = "" if folder is None else f" {folder.path} keeps the last checkpoint: start all workers with --resume."
        raise TrainingError(
            f"Worker {replicas.worker} lost its connection to another worker, which has ended or cannot be reached "
            f"({_reason(error)}).{kept} Look at the output of the worker that ended first."
        ) from error
