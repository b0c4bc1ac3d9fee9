"""How requests are joined: the model's `batching_parameters.txt`, and the settings over it."""

from dataclasses import dataclass
from pathlib import Path

from tfsiamese.servables.batching import BatchingParameters, read_batching_parameters
from tfsiamese.serving.settings import ServerSettings

__all__ = ["BatchLimits"]


@dataclass(frozen=True)
class BatchLimits:
    """The limits of joined batches.

    Attributes:
        max_batch_size: the most rows of a joined batch.
        timeout: how long the first request of a batch waits for others, in seconds.
        max_enqueued_batches: how many full batches may wait.
        threads: how many batches run at a time.
        larger_requests: whether a single request may have more rows than `max_batch_size`. TensorFlow Serving refuses
            those where it has a `batching_parameters.txt`, and batches nothing where it has none.
    """

    max_batch_size: int = 64
    timeout: float = 0.002
    max_enqueued_batches: int = 100
    threads: int = 2
    larger_requests: bool = True

    @classmethod
    def find(cls, base: Path, settings: ServerSettings) -> "BatchLimits":
        """Those of a model.

        Raises:
            ExportError: `batching_parameters.txt` is damaged.
        """
        written = read_batching_parameters(base)
        parameters = written or BatchingParameters()
        wait = settings.batch_timeout_ms
        return cls(
            settings.max_batch_size or parameters.max_batch_size,
            parameters.batch_timeout_micros / 1e6 if wait is None else wait / 1e3,
            settings.max_queue or parameters.max_enqueued_batches,
            settings.threads or parameters.num_batch_threads,
            larger_requests=written is None,
        )
