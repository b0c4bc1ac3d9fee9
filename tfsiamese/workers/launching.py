"""Starts all workers on this machine, and sees them to their end."""

import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import FrameType

from tfsiamese.errors import SettingsError, TrainingError
from tfsiamese.workers.cluster import VARIABLE, Worker
from tfsiamese.workers.process import WorkerProcess
from tfsiamese.workers.shares import share_of_worker

__all__ = ["LaunchSettings", "run_workers"]

_logger = logging.getLogger(__name__)

_LOOKING_SECONDS = 0.05


@dataclass(frozen=True)
class LaunchSettings:
    """How workers are started on one machine.

    Attributes:
        num_workers: how many.
        port: of the first; the others have those that follow. Any that are free where it is None.
        gpus_per_worker: 0 for none; by default all that are visible, in equal shares.
        grace_seconds: between asking workers to end and killing them.

    Raises:
        SettingsError: a setting is out of range.
    """

    num_workers: int
    port: int | None = None
    gpus_per_worker: int | None = None
    grace_seconds: float = 20.0

    def __post_init__(self) -> None:
        if self.num_workers < 1:
            raise SettingsError(f"Expected a positive number of workers. Received: {self.num_workers}.")
        if self.gpus_per_worker is not None and self.gpus_per_worker < 0:
            raise SettingsError(f"Expected 0 or more GPUs for each worker. Received: {self.gpus_per_worker}.")


def run_workers(program: Sequence[str], settings: LaunchSettings, environment: Mapping[str, str] | None = None) -> None:
    """Runs a program once for each worker, with TF_CONFIG and a share of processors and GPUs, until all have ended.

    SIGINT and SIGTERM are passed on to all workers; a second one kills them. Where one worker fails, the others are
    asked to end, and are killed after `grace_seconds`. To be called from the main thread.

    Args:
        program: the command and its arguments.
        settings: how many, and where.
        environment: what workers inherit; that of this process by default.

    Raises:
        SettingsError: there are not enough GPUs, or a port is in use.
        TrainingError: a worker failed; the message says which, and how.
        KeyboardInterrupt: SIGINT has ended the workers.
        SystemExit: SIGTERM has, with the status 143.
    """
    inherited = dict(os.environ if environment is None else environment)
    addresses = tuple(f"127.0.0.1:{port}" for port in _ports(settings))
    shares = [
        share_of_worker(inherited, index, settings.num_workers, settings.gpus_per_worker)
        for index in range(settings.num_workers)
    ]
    workers: list[WorkerProcess] = []
    with _signals_noted() as received:
        try:
            for index, share in enumerate(shares):
                own = share | {VARIABLE: Worker(addresses, index).tf_config()}
                workers.append(WorkerProcess(program, inherited | own, index))
            for worker in workers:
                worker.start_reading()
            failed = _see_to_the_end(workers, received, settings.grace_seconds)
        finally:
            for worker in workers:
                worker.finish()
    if received:
        if received[0] == signal.SIGINT:
            raise KeyboardInterrupt
        raise SystemExit(128 + received[0])
    if failed is not None:
        raise TrainingError(_describe(failed))


def _see_to_the_end(workers: Sequence[WorkerProcess], received: list[int], grace: float) -> WorkerProcess | None:
    """Waits until none runs, or the time to end is over; returns the first that failed, if any."""
    failed: WorkerProcess | None = None
    passed_on, deadline = 0, float("inf")
    while any(worker.status() is None for worker in workers):
        if len(received) > passed_on:
            _send(workers, received[-1])
            deadline = time.monotonic() + (grace if passed_on == 0 else 0.0)
            passed_on = len(received)
        if failed is None and not received:
            failed = _first_failed(workers)
            if failed is not None:
                _logger.error("worker %d has %s; the other workers are asked to end", failed.index, _end_of(failed))
                _send(workers, signal.SIGTERM)
                deadline = time.monotonic() + grace
        if time.monotonic() >= deadline:
            return failed
        time.sleep(_LOOKING_SECONDS)
    return failed or (None if received else _first_failed(workers))


def _first_failed(workers: Sequence[WorkerProcess]) -> WorkerProcess | None:
    """Where two are found at a time, the one that a signal ended: the other has probably missed it."""
    failed = [worker for worker in workers if worker.status() not in (None, 0)]
    return min(failed, key=lambda worker: ((worker.status() or 0) > 0, worker.index), default=None)


def _send(workers: Sequence[WorkerProcess], number: int) -> None:
    for worker in workers:
        if worker.status() is None:
            worker.send(number)


def _describe(failed: WorkerProcess) -> str:
    name = f"Worker {failed.index}" + (" (the chief)" if failed.index == 0 else "")
    said = f", and said last: {failed.last_words.rstrip('.')}" if failed.last_words else ""
    return (
        f"{name} has {_end_of(failed)}{said}. All other workers were ended. "
        "Mend what ended it; where the run has a checkpoint, the same command with --resume goes on from it."
    )


def _end_of(worker: WorkerProcess) -> str:
    status = worker.status() or 0
    if status >= 0:
        return f"ended with the exit status {status}"
    try:
        return f"been ended by {signal.Signals(-status).name}"
    except ValueError:
        return f"been ended by signal {-status}"


@contextlib.contextmanager
def _signals_noted() -> Iterator[list[int]]:
    """Notes SIGINT and SIGTERM instead of following them."""
    received: list[int] = []

    def note(number: int, frame: FrameType | None) -> None:
        received.append(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ports(settings: LaunchSettings) -> list[int]:
    """As many ports; those that are not chosen are free at this moment."""
    if settings.port is not None:
        return [_require_free(settings.port + index) for index in range(settings.num_workers)]
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(settings.num_workers)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def _require_free(port: int) -> int:
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise SettingsError(
                f"Port {port} cannot be used ({error}). Expected free ports from --port on, one for each worker; leave "
                "it out for any that are free."
            ) from error
    return port
