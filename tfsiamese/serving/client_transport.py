"""Requests that survive a server's bad moments: connections that are kept, waits between tries, and a deadline."""

import email.utils
import http.client
import logging
import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    EmptyPoolError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    SSLError,
)

from tfsiamese.errors import ServingError

__all__ = ["Answer", "Patience", "Transport"]

_logger = logging.getLogger(__name__)

_PASSING_STATUSES = (408, 429, 502, 503, 504)
_FIRST_WAIT_SECONDS, _LONGEST_WAIT_SECONDS = 0.2, 10.0
_BLOCK_BYTES = 1 << 16


@dataclass(frozen=True)
class Patience:
    """How long a request is given.

    Attributes:
        timeout: seconds for one try, from the connection to the last byte of the answer.
        retries: how often a failed try is repeated.
        deadline: seconds for all tries and the waits between them.
    """

    timeout: float
    retries: int
    deadline: float


@dataclass(frozen=True)
class Answer:
    """What a server answered: its status, media type and body."""

    url: str
    status: int
    media_type: str
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)


class _PassingError(Exception):
    """A failure that may be gone at the next try; `wait` is what the server asked for, in seconds."""

    def __init__(self, reason: str, wait: float = 0.0, answer: Answer | None = None):
        super().__init__(reason)
        self.wait = wait
        self.answer = answer


class Transport:
    """Sends requests over a few connections, which are kept and shared by all threads.

    Args:
        connections: how many there are at most; a request waits for a free one.
        headers: sent with every request.
    """

    def __init__(self, connections: int, headers: Mapping[str, str]):
        self._pool = urllib3.PoolManager(num_pools=1, maxsize=connections, block=True)
        self._headers = {"Accept": "application/json", "User-Agent": "tfsiamese", **headers}

    def close(self) -> None:
        """Closes the connections."""
        self._pool.clear()

    def get(self, url: str, patience: Patience) -> Answer:
        """Sends a GET request, as `post` does."""
        return self._send("GET", url, None, patience, None)

    def post(self, url: str, body: bytes, patience: Patience, stop: threading.Event | None = None) -> Answer:
        """Sends a POST request with a JSON body, which must do no harm when it is sent twice.

        Where the server cannot be reached, breaks off, is late, or answers 408, 429, 502, 503 or 504, the request is
        sent again after a wait that doubles from 0.2 to 10 seconds, with jitter; `Retry-After` makes it longer.

        Args:
            url: where to.
            body: JSON.
            patience: how often and how long.
            stop: once set, nothing is sent again.

        Returns:
            The answer, whatever its status, except those that pass.

        Raises:
            ServingError: no answer was had within `patience`, or it is none of HTTP.
        """
        return self._send("POST", url, body, patience, stop)

    def _send(
        self, method: str, url: str, body: bytes | None, patience: Patience, stop: threading.Event | None
    ) -> Answer:
        end = time.monotonic() + patience.deadline
        stop = stop or threading.Event()
        for attempt in range(patience.retries + 1):
            try:
                seconds = max(min(patience.timeout, end - time.monotonic()), 1e-3)
                return self._send_once(method, url, body, seconds)
            except _PassingError as error:
                wait = max(_backoff_seconds(attempt), error.wait)
                in_time = time.monotonic() + wait < end
                if attempt < patience.retries and in_time and not stop.is_set():
                    _logger.warning("%s: %s. Trying again in %.1f s.", url, error, wait)
                    _pause(wait, stop)
                    if not stop.is_set():
                        continue
                if error.answer is not None:
                    return error.answer
                raise ServingError(_unreachable(url, error, attempt, patience, in_time)) from error
        raise AssertionError("the last attempt returns or raises")

    def _send_once(self, method: str, url: str, body: bytes | None, seconds: float) -> Answer:
        end = time.monotonic() + seconds
        headers = dict(self._headers) if body is None else {**self._headers, "Content-Type": "application/json"}
        try:
            response = self._pool.request(
                method,
                url,
                body=body,
                headers=headers,
                timeout=urllib3.Timeout(total=seconds),
                retries=False,
                redirect=False,
                preload_content=False,
                pool_timeout=seconds,
            )
            content = _read_until(response, end, seconds)
        except LocationValueError as error:
            raise ServingError(f"{url} is no address that can be asked: {error}.") from error
        except SSLError as error:
            raise ServingError(
                f"{url}: no secure connection ({error}). Check the server's certificate, or whether it speaks http."
            ) from error
        except HTTPError as error:
            if _is_no_http(error):
                raise ServingError(
                    f"{url} does not speak HTTP/1.1. Expected TensorFlow Serving's REST port, 8501 by default; 8500 "
                    "is its gRPC port."
                ) from error
            raise _PassingError(_reason(error, seconds)) from error
        media_type = response.headers.get("Content-Type", "").split(";")[0].strip().lower()
        answer = Answer(url, response.status, media_type, content, response.headers)
        if answer.status in _PASSING_STATUSES:
            wait = _asked_wait(response.headers.get("Retry-After"))
            raise _PassingError(f"the server answered {answer.status}", wait, answer)
        return answer


def _read_until(response: urllib3.BaseHTTPResponse, end: float, seconds: float) -> bytes:
    """The body, read piece by piece, so that a server that trickles does not outlast the time."""
    blocks = []
    try:
        while block := response.read1(_BLOCK_BYTES):
            blocks.append(block)
            if time.monotonic() > end:
                raise _PassingError(f"no whole answer within {seconds:.3g} s")
    except BaseException:
        response.close()
        raise
    finally:
        response.release_conn()
    return b"".join(blocks)


def _pause(seconds: float, stop: threading.Event) -> None:
    stop.wait(seconds)


def _backoff_seconds(attempt: int) -> float:
    longest = min(_FIRST_WAIT_SECONDS * 2**attempt, _LONGEST_WAIT_SECONDS)
    return longest * random.uniform(0.5, 1.0)


def _asked_wait(retry_after: str | None) -> float:
    """The seconds of a Retry-After header, which holds a number or a date; 0 where it holds neither."""
    text = (retry_after or "").strip()
    if text.isdecimal() and text.isascii():
        return float(text[:9])
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except (TypeError, ValueError):
        return 0.0
    return max(moment.timestamp() - time.time(), 0.0)


def _is_no_http(error: HTTPError) -> bool:
    causes = error.args[1:] if isinstance(error, ProtocolError) else ()
    return any(
        isinstance(cause, (http.client.BadStatusLine, http.client.UnknownProtocol))
        and not isinstance(cause, http.client.RemoteDisconnected)
        for cause in causes
    )


def _reason(error: HTTPError, seconds: float) -> str:
    if isinstance(error, NameResolutionError):
        return "the server's name is not known"
    # NewConnectionError is a ConnectTimeoutError in some versions of urllib3.
    if isinstance(error, NewConnectionError):
        return f"no connection ({str(error.__cause__ or error).strip()})"
    if isinstance(error, EmptyPoolError):
        return f"no connection was free within {seconds:.3g} s"
    if isinstance(error, ConnectTimeoutError):
        return f"no connection within {seconds:.3g} s"
    if isinstance(error, ReadTimeoutError):
        return f"no answer within {seconds:.3g} s"
    return f"the connection broke ({error})"


def _unreachable(url: str, error: _PassingError, attempt: int, patience: Patience, in_time: bool) -> str:
    tries = "one try" if attempt == 0 else f"{attempt + 1} tries"
    limit = "" if in_time or attempt == patience.retries else f" and the deadline of {patience.deadline:g} s"
    return (
        f"{url} gave no answer after {tries}{limit}: {error}. Expected TensorFlow Serving, or `tfsiamese serve`, to "
        "run there; start it, check host and port, or raise timeout=."
    )
