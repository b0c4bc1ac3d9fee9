"""The body of an HTTP request, within limits."""

import asyncio
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from tfsiamese.serving.rest_errors import RestError, invalid_argument

__all__ = ["ClientGoneError", "read_body"]

_Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

_MOST_DROPPED = 4  # times the limit; so much of a body that is too large is still taken, that the client reads why
_GZIP = 31  # of zlib's wbits


class ClientGoneError(Exception):
    """The client closed the connection before it had sent its request, or had its answer."""


async def read_body(receive: _Receive, headers: list[tuple[bytes, bytes]], limit: int) -> bytes:
    """The whole body; unpacked, where it is sent with gzip.

    Args:
        receive: ASGI's.
        headers: with names in lower case.
        limit: the most bytes, packed and unpacked.

    Raises:
        RestError: it is larger (status 413), or is no gzip although the header says so.
        ClientGoneError: the connection was closed before its end.
    """
    if _announced_size(headers) > _MOST_DROPPED * limit:
        raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        chunk = message.get("body", b"")
        size += len(chunk)
        if size <= limit:
            chunks.append(chunk)
        else:
            chunks.clear()
        if not message.get("more_body", False) or size > _MOST_DROPPED * limit:
            break
    if size > limit:
        raise _too_large(limit)
    body = chunks[0] if len(chunks) == 1 else b"".join(chunks)
    if not _is_packed(headers):
        return body
    # A few bytes can unpack to the limit, so that this is never done in the event loop.
    return await asyncio.get_running_loop().run_in_executor(None, _unpacked, body, limit)


def _announced_size(headers: list[tuple[bytes, bytes]]) -> int:
    """What Content-Length says; 0 where there is none that is a number."""
    values = [value for name, value in headers if name == b"content-length"]
    return int(values[0]) if values and values[0].isdigit() else 0


def _is_packed(headers: list[tuple[bytes, bytes]]) -> bool:
    return any(name == b"content-encoding" and b"gzip" in value.lower() for name, value in headers)


def _unpacked(body: bytes, limit: int) -> bytes:
    unpacker = zlib.decompressobj(wbits=_GZIP)
    try:
        content = unpacker.decompress(body, limit + 1)
    except zlib.error:
        raise invalid_argument("The body is not in gzip, although its Content-Encoding says so") from None
    if len(content) > limit:
        raise _too_large(limit)
    if not unpacker.eof:
        raise invalid_argument("The body is cut off: its gzip has no end")
    return content


def _too_large(limit: int) -> RestError:
    return RestError(
        "INVALID_ARGUMENT", f"The body is larger than {limit} bytes, the most that this server takes", http_status=413
    )
