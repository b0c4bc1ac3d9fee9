"""Bounds one HTTP exchange: the time it takes in all, and the size of its answer."""

import contextlib
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

__all__ = ["MAX_ANSWER_BYTES", "Exchange", "ExchangeGuard"]

MAX_ANSWER_BYTES = 16 * 2**20


class _TooLongError(Exception):
    """Ends the reading of an answer; whoever sees it looks at the exchange."""


class Exchange:
    """What a guard knows of one request.

    Attributes:
        timed_out: the time was over, and the connection was cut.
        is_too_long: the answer had more bytes than it may have.
        response: of the client, once its headers are there; the body may still be missing.
    """

    def __init__(self) -> None:
        self.timed_out = False
        self.is_too_long = False
        self.response: Any = None
        self._sockets: list[socket.socket] = []
        self._is_over = False
        self._lock = threading.Lock()

    def trace(self, event: str, info: dict[str, Any]) -> None:
        """The trace extension of httpcore: notes each socket that is opened for this exchange."""
        if not event.endswith((".connect_tcp.complete", ".start_tls.complete")):
            return
        self.note(info["return_value"].get_extra_info("socket"))

    def note(self, opened: socket.socket | None) -> None:
        """Notes a socket that this exchange goes through."""
        with self._lock:
            if opened is not None:
                self._sockets.append(opened)
            if self.timed_out:
                self._cut()

    def expire(self) -> None:
        """Cuts the connection, which wakes the thread that reads from it."""
        with self._lock:
            if not self._is_over:
                self.timed_out = True
                self._cut()

    def end(self) -> None:
        """Lets the connection be."""
        with self._lock:
            self._is_over = True
            self._sockets.clear()

    def _cut(self) -> None:
        for opened in self._sockets:
            # Where TLS took a socket over, or the other side was quicker.
            with contextlib.suppress(OSError, ValueError):
                opened.shutdown(socket.SHUT_RDWR)


class ExchangeGuard:
    """Watches the exchanges of a client of httpx (or of httpx2), which knows only timeouts of single reads.

    Each exchange gets a connection of its own, since an exchange can only be cut where its socket is known. A handshake
    is no cost beside the seconds that a model takes, and there is no idle connection for a server to drop.

    Args:
        seconds: that an exchange may take in all.
    """

    def __init__(self, seconds: float):
        self._seconds = seconds
        self._local = threading.local()

    @property
    def hooks(self) -> dict[str, list[Callable[[Any], None]]]:
        """The `event_hooks` of the client."""
        return {"request": [self._before], "response": [self._after]}

    @contextlib.contextmanager
    def watch(self) -> Iterator[Exchange]:
        """Watches the requests that this thread sends in the block."""
        exchange = Exchange()
        timer = threading.Timer(self._seconds, exchange.expire)
        timer.daemon = True
        timer.start()
        self._local.exchange = exchange
        try:
            yield exchange
        finally:
            self._local.exchange = None
            timer.cancel()
            exchange.end()

    @property
    def current(self) -> Exchange | None:
        """What this thread is about."""
        return getattr(self._local, "exchange", None)

    def bounded(self, read: Callable[..., Iterator[bytes]]) -> Callable[..., Iterator[bytes]]:
        """A function that reads a body in pieces, which now gives up when it becomes too long."""
        exchange = self.current

        def read_on(*arguments: Any, **options: Any) -> Iterator[bytes]:
            count = 0
            for piece in read(*arguments, **options):
                count += len(piece)
                if count > MAX_ANSWER_BYTES:
                    if exchange is not None:
                        exchange.is_too_long = True
                    raise _TooLongError(f"more than {MAX_ANSWER_BYTES} bytes")
                yield piece

        return read_on

    def _before(self, request: Any) -> None:
        request.headers["Connection"] = "close"
        if self.current is not None:
            request.extensions["trace"] = self.current.trace

    def _after(self, response: Any) -> None:
        if self.current is not None:
            self.current.response = response
        # A charset of the server's may be one that does not decode text, and the clients decode errors on their own.
        response.encoding = "utf-8"
        # After decoding, so that a few compressed bytes cannot become gigabytes.
        response.iter_bytes = self.bounded(response.iter_bytes)
