"""What a server counts, for Prometheus."""

import functools

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

__all__ = ["Metrics"]


_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30)
_ROWS = tuple(2**power for power in range(13))


class Metrics:
    """The counters of one server, in a registry of their own.

    Each answered request is counted by model, signature and HTTP status; names that the model does not have are left
    empty, so that no client can fill the registry.
    """

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        labels = ("model", "signature", "code")
        self._requests = Counter("tfsiamese_serving_requests", "Answered requests.", labels, registry=self._registry)
        self._latency = Histogram(
            "tfsiamese_serving_request_seconds",
            "Time from a request's head to its answer, in seconds.",
            labels,
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._batches = Histogram(
            "tfsiamese_serving_batch_rows",
            "Rows of the batches that were run.",
            ("model", "signature"),
            buckets=_ROWS,
            registry=self._registry,
        )
        self.queue = Gauge("tfsiamese_serving_queue_rows", "Rows that wait for their batch.", registry=self._registry)
        self._versions = Gauge(
            "tfsiamese_serving_version_available",
            "1 for each version that answers requests.",
            ("model", "version"),
            registry=self._registry,
        )
        # `labels` looks a child up under a lock; a server asks for the same few with every request.
        self._children = functools.lru_cache(maxsize=1024)(
            lambda *names: (self._requests.labels(*names), self._latency.labels(*names))
        )

    def count_request(self, model: str, signature: str, code: int, seconds: float) -> None:
        """Counts an answered request."""
        requests, latency = self._children(model, signature, str(code))
        requests.inc()
        latency.observe(seconds)

    def count_batch(self, model: str, signature: str, rows: int) -> None:
        """Counts a batch that was run."""
        self._batches.labels(model, signature).observe(rows)

    def set_available(self, model: str, version: int, available: bool) -> None:
        """Notes that a version answers requests from now on, or does no longer."""
        if available:
            self._versions.labels(model, str(version)).set(1)
        else:
            self._versions.remove(model, str(version))

    def page(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self._registry)
