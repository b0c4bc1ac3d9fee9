"""A model with its versions: which one a request means, what state each is in."""

import asyncio
import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from tfsiamese.serving.batch_limits import BatchLimits
from tfsiamese.serving.batch_queue import BatchQueue, Workers
from tfsiamese.serving.metrics import Metrics
from tfsiamese.serving.rest_errors import RestError, invalid_argument
from tfsiamese.serving.rest_paths import ModelPath
from tfsiamese.serving.served_version import ServedVersion

__all__ = ["ServedModel", "VersionEntry"]


@dataclass(eq=False)
class VersionEntry:
    """A version that the server knows of.

    Attributes:
        number: of the version.
        state: "LOADING", "AVAILABLE", "UNLOADING" or "END".
        error: why it could not be loaded.
        version: it itself, while it is in memory.
        queues: of its signatures.
        leases: the requests that use it.
        fingerprint: of the files that could not be loaded.
    """

    number: int
    state: str = "LOADING"
    error: RestError | None = None
    version: ServedVersion | None = None
    queues: dict[str, BatchQueue] = field(default_factory=dict)
    leases: int = 0
    fingerprint: object = None
    unused: asyncio.Event | None = None

    async def wait_until_unused(self) -> None:
        """Returns when the last request that uses the version is done."""
        if self.leases:
            self.unused = asyncio.Event()
            await self.unused.wait()

    def status(self) -> dict[str, Any]:
        """As TensorFlow Serving's REST API writes `ModelVersionStatus`."""
        error = self.error
        return {
            "version": str(self.number),
            "state": self.state,
            "status": {"error_code": error.code if error else "OK", "error_message": error.message if error else ""},
        }


class ServedModel:
    """The versions of one model, and the queues of their signatures. Used in the event loop's thread alone.

    Args:
        name: the model's name in URLs.
        limits: how requests are joined.
        metrics: what is counted.

    Attributes:
        entries: all versions that are or were served, by number.
        labels: the numbers for which labels stand.
    """

    def __init__(self, name: str, limits: BatchLimits, metrics: Metrics):
        self.name = name
        self.entries: dict[int, VersionEntry] = {}
        self.labels: Mapping[str, int] = {}
        self._limits, self._metrics = limits, metrics
        self._workers = Workers(limits.threads)
        metrics.queue.set_function(self._rows_waiting)

    def available(self) -> list[int]:
        """The numbers of the versions that answer requests, ascending."""
        return sorted(number for number, entry in list(self.entries.items()) if entry.state == "AVAILABLE")

    def make_available(self, entry: VersionEntry, version: ServedVersion) -> None:
        """Lets a version that was loaded answer requests."""
        entry.version, entry.error, entry.state = version, None, "AVAILABLE"
        self._metrics.set_available(self.name, entry.number, True)

    def retire(self, entry: VersionEntry) -> None:
        """Lets a version answer no further requests; those that it has go on."""
        entry.state = "UNLOADING"
        self._metrics.set_available(self.name, entry.number, False)

    @contextlib.contextmanager
    def lease(self, path: ModelPath) -> Iterator[VersionEntry]:
        """The version that a request means; it stays in memory meanwhile.

        Raises:
            RestError: there is no such model, version or label.
        """
        entry = self._find(path)
        entry.leases += 1
        try:
            yield entry
        finally:
            entry.leases -= 1
            if not entry.leases and entry.unused:
                entry.unused.set()

    def queue(self, entry: VersionEntry, signature: str) -> BatchQueue:
        """The queue of a signature of a leased version."""
        queue = entry.queues.get(signature)
        if queue is None:
            version = entry.version
            assert version is not None  # while it is leased
            queue = entry.queues[signature] = BatchQueue(
                lambda inputs: version.run(signature, inputs),
                self._workers,
                self._limits,
                version.joins(signature),
                lambda rows: self._metrics.count_batch(self.name, signature, rows),
            )
        return queue

    def status(self, path: ModelPath) -> dict[str, Any]:
        """The state of the version that a path names, or of all, newest first.

        Raises:
            RestError: there is none.
        """
        number = self._labelled(path.label) if path.label else path.version
        if number is not None:
            if path.model != self.name or number not in self.entries:
                raise RestError("NOT_FOUND", f"Could not find version {number} of model {path.model}")
            return {"model_version_status": [self.entries[number].status()]}
        if path.model != self.name or not self.entries:
            raise RestError("NOT_FOUND", f"Could not find any versions of model {path.model}")
        return {"model_version_status": [self.entries[number].status() for number in sorted(self.entries)[::-1]]}

    def shut_down(self) -> None:
        """Waits for the batches that are running."""
        self._workers.shut_down()

    def _find(self, path: ModelPath) -> VersionEntry:
        number = self._labelled(path.label) if path.label else path.version
        request = f"Latest({path.model})" if number is None else f"Specific({path.model}, {number})"
        if path.model == self.name:
            if number is None:
                number = max(self.available(), default=-1)
            entry = self.entries.get(number)
            if entry and entry.state == "AVAILABLE":
                return entry
        raise RestError("NOT_FOUND", f"Servable not found for request: {request}")

    def _labelled(self, label: str) -> int:
        if label not in self.labels:
            raise invalid_argument(f"Unrecognized servable version label: {label}")
        return self.labels[label]

    def _rows_waiting(self) -> int:
        return sum(queue.rows_waiting for entry in list(self.entries.values()) for queue in list(entry.queues.values()))
