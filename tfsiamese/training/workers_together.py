"""What several workers must agree on, and what it means when one of them is gone."""

import contextlib
import json
import re
import time
import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from tfsiamese.errors import TrainingError
from tfsiamese.reasons import first_line
from tfsiamese.training.replicas import Replicas
from tfsiamese.training.run_folder import RunFolder
from tfsiamese.training.run_state import RunState
from tfsiamese.workers import num_workers, worker_index

__all__ = ["Agreement", "explained_worker_loss", "metrics_of_chief", "require_equal_starts"]

# What all workers must do at the same time is asked for about once in so many seconds.
_SECONDS_BETWEEN_QUESTIONS = 1.0

_FAILURES = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
    tf.errors.InternalError,
    tf.errors.InvalidArgumentError,
)
_OF_A_LOST_WORKER = re.compile(
    r"unhealthy|heartbeat|unavailable|failed to connect|connection (reset|refused)|socket", re.I
)
_OF_WORKERS_THAT_DIFFER = re.compile(
    r"collective instance|members of the collective|shape mismatch in the collective", re.I
)


class Agreement:
    """Whether any worker was asked to stop, so that all stop after the same step.

    Every worker asks at the same steps. How many steps lie between follows from the times of all.
    """

    def __init__(self, replicas: Replicas):
        self._replicas = replicas
        self._steps_between, self._steps = 1, 0
        self._asked_at = time.monotonic()

    def any(self, flag: bool, at_once: bool = False) -> bool:
        """Whether the flag is set at any worker; False too where it is not time to ask yet.

        Args:
            flag: of this worker.
            at_once: ask in any case; all workers must say so at the same step.
        """
        if self._replicas.num_workers == 1:
            return flag
        self._steps += 1
        if self._steps < self._steps_between and not at_once:
            return False
        now = time.monotonic()
        found = self._replicas.gather([float(flag), now - self._asked_at])
        rate = self._steps / max(found[:, 1].max(), 1e-6)
        self._steps_between = max(1, min(1000, round(rate * _SECONDS_BETWEEN_QUESTIONS)))
        self._steps, self._asked_at = 0, now
        return bool(found[:, 0].any())


def metrics_of_chief(replicas: Replicas, metrics: Mapping[str, float]) -> dict[str, float]:
    """The first worker's values, so that no worker chooses another epoch for its last digit; each must call it."""
    return dict(zip(metrics, replicas.gather(list(metrics.values()))[0].tolist(), strict=True))


def require_equal_starts(replicas: Replicas, state: RunState, config: Mapping[str, Any]) -> None:
    """Checks that all workers start at the same place, with the same settings and data; each must call it.

    Raises:
        TrainingError: they do not.
    """
    if replicas.num_workers == 1:
        return
    digest = zlib.crc32(json.dumps(_without_places(config), sort_keys=True, default=str).encode())
    starts = replicas.gather([state.step, state.epoch, state.batch, digest])
    if (starts[:, :3] != starts[0, :3]).any():
        steps = ", ".join(f"worker {worker} at step {int(start[0])}" for worker, start in enumerate(starts))
        raise TrainingError(
            f"The workers do not start alike: {steps}. Expected all of them to read one run folder, on storage that "
            "they share."
        )
    if (starts[:, 3] != starts[0, 3]).any():
        others = ", ".join(str(worker) for worker, start in enumerate(starts) if start[3] != starts[0, 3])
        raise TrainingError(
            f"The workers do not train the same: data, settings or encoder of worker {others} are not those of the "
            "chief. Start all of them with the same command, on the same data."
        )


def _without_places(config: Any) -> Any:
    """Without what may differ from machine to machine, and from replica to replica by rounding."""
    if isinstance(config, Mapping):
        return {key: _without_places(value) for key, value in config.items() if key not in ("source", "encoder")}
    return config


@contextlib.contextmanager
def explained_worker_loss(folder: RunFolder | None) -> Iterator[None]:
    """Turns what TensorFlow raises when another worker is gone, or does something else, into a TrainingError."""
    try:
        yield
    except _FAILURES as error:
        text = str(error)
        is_lost, differ = (one.search(text) for one in (_OF_A_LOST_WORKER, _OF_WORKERS_THAT_DIFFER))
        if num_workers() == 1 or not (is_lost or differ):
            raise
        kept = "" if folder is None else f" {folder.path} keeps the last checkpoint: start all workers with --resume."
        if is_lost:
            raise TrainingError(
                f"Worker {worker_index()} lost its connection to another worker, which has ended or cannot be reached "
                f"({_reason(text)}).{kept} Look at the output of the worker that ended first."
            ) from error
        raise TrainingError(
            f"Worker {worker_index()} found another one doing something else ({_reason(text)}). Expected all workers "
            f"to encode, evaluate and stop alike, callbacks and evaluators among them.{kept}"
        ) from error


def _reason(text: str) -> str:
    """The line that names what happened, among those on the graph."""
    lines = [line.strip() for line in text.splitlines()]
    wanted = ("aborted by", *("unhealthy", "unavailable"), "ollective instance", "members of the collective")
    found = next((line for line in lines if any(word in line for word in wanted)), None)
    return (found or first_line(Exception(text)))[:300]
