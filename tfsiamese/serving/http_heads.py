"""Connections on which the head of a request stays unfinished are closed; uvicorn itself waits for ever."""

import asyncio
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

__all__ = ["head_limited_protocol"]


class _HeadLimit(asyncio.Protocol):
    """Gives a protocol of uvicorn a timer, from a connection, or the first bytes of a head, to the end of the head.

    The bytes that come meanwhile do not prolong it. Bodies have their own limit of time, and connections that are kept
    between two requests have uvicorn's.
    """

    head_seconds: float
    cycle: Any  # these three are of uvicorn's protocols
    loop: asyncio.AbstractEventLoop
    transport: asyncio.Transport
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        before = self.cycle
        super().data_received(data)
        if self.cycle is not before:  # uvicorn makes a cycle when it has a whole head
            self._stop_timer()
        elif self.cycle is None or self.cycle.response_complete:
            self._start_timer()

    def _start_timer(self) -> None:
        if self._timer is None and not self.transport.is_closing():
            self._timer = self.loop.call_later(self.head_seconds, self.transport.close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def head_limited_protocol(
    seconds: float, protocol: type[asyncio.Protocol] = AutoHTTPProtocol
) -> type[asyncio.Protocol]:
    """The protocol of uvicorn for HTTP, which closes a connection whose next head takes longer than `seconds`."""
    return type("HeadLimitedProtocol", (_HeadLimit, protocol), {"head_seconds": seconds})
