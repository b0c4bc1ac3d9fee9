"""How a development server is run."""

import math
import numbers
from dataclasses import dataclass

from tfsiamese.errors import SettingsError

__all__ = ["ServerSettings"]


@dataclass(frozen=True)
class ServerSettings:
    """The settings of a server; None where the model's own files, or else the defaults, decide.

    Attributes:
        host: the address to listen at; "0.0.0.0" for all of the machine's.
        port: 0 for any that is free.
        name: the model's name in the URLs; that of `models.config`, or else of the folder.
        max_batch_size: the most rows of a joined batch, at least 1.
        batch_timeout_ms: how long the first request of a batch waits for others, in milliseconds.
        max_queue: how many full batches of requests may wait; further ones are answered with 503.
        max_request_bytes: the largest body of a request; larger ones are answered with 413.
        timeout: of one request, in seconds; then it is answered with 504, or its connection closed
            where its head is not whole.
        poll_seconds: the time between two looks at the folder for new versions.
        threads: how many batches run at a time.

    Raises:
        SettingsError: a value is of a wrong type, or out of its range.
    """

    host: str = "127.0.0.1"
    port: int = 8501
    name: str | None = None
    max_batch_size: int | None = None
    batch_timeout_ms: float | None = None
    max_queue: int | None = None
    max_request_bytes: int = 32 * 2**20
    timeout: float = 30.0
    poll_seconds: float = 1.0
    threads: int | None = None

    def __post_init__(self) -> None:
        if type(self.host) is not str:
            raise SettingsError(f"Expected host to be a name or an address. Received: {self.host!r}.")
        if type(self.port) is not int or not 0 <= self.port < 2**16:
            raise SettingsError(f"Expected port to be an integer from 0 to 65535. Received: {self.port!r}.")
        for name in ("max_batch_size", "max_queue", "max_request_bytes", "threads"):
            value = getattr(self, name)
            may_be_none = name != "max_request_bytes"
            if not (value is None and may_be_none) and (type(value) is not int or value < 1):
                raise SettingsError(f"Expected {name} to be a positive integer. Received: {value!r}.")
        for name in ("timeout", "poll_seconds"):
            value = getattr(self, name)
            if not _is_finite(value) or value <= 0:
                raise SettingsError(f"Expected {name} to be a positive number of seconds. Received: {value!r}.")
        wait = self.batch_timeout_ms
        if wait is not None and (not _is_finite(wait) or wait < 0):
            raise SettingsError(f"Expected batch_timeout_ms to be a number of milliseconds. Received: {wait!r}.")
        if self.name is not None and (type(self.name) is not str or not self.name or set(self.name) & set("/:?#% ")):
            raise SettingsError(f"Expected name to be one that can stand in a URL. Received: {self.name!r}.")


def _is_finite(value: float) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and abs(value) < math.inf
