"""One file from the network, checked against its SHA-256 before it appears under its name."""

import hashlib
import http.client
import logging
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tfsiamese.errors import DownloadError
from tfsiamese.files import publish_file

__all__ = ["VerifiedFile", "download_file", "file_is_intact"]

logger = logging.getLogger(__name__)

_TIMEOUT_SECONDS = 30.0
_WAITS_SECONDS = (1.0, 4.0)
_BLOCK_BYTES = 1 << 16
_PASSING_STATUSES = (408, 425, 429, 500, 502, 503, 504)


@dataclass(frozen=True)
class VerifiedFile:
    """A file whose content is known: its name, its size in bytes, and its SHA-256 as 64 hexadecimal digits."""

    name: str
    size: int
    sha256: str


def file_is_intact(file: VerifiedFile, path: Path) -> bool:
    """Whether `path` is there and has the content of `file`."""
    if not path.is_file() or path.stat().st_size != file.size:
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == file.sha256


def download_file(file: VerifiedFile, url: str, target: Path) -> None:
    """Fetches `url` to `target`, which appears when it is complete and checked, and not before.

    What may pass is tried three times in all: no connection, a timeout, a body that ends early, a busy or broken
    server. A refusal, such as 404, and a wrong content are final.

    Raises:
        DownloadError: the file could not be fetched, is not the expected one, or cannot be written.
    """
    for wait in (*_WAITS_SECONDS, None):
        try:
            _download_once(file, url, target)
            return
        except _PassingError as error:
            if wait is None:
                raise DownloadError(f"{url} could not be fetched: {error}.") from error
            logger.warning("%s could not be fetched: %s. Trying again in %g s.", url, error, wait)
            time.sleep(wait)


class _PassingError(Exception):
    """A failure that may be gone at the next try."""


def _download_once(file: VerifiedFile, url: str, target: Path) -> None:
    digest, received = hashlib.sha256(), 0
    try:
        with publish_file(target) as temporary:
            with temporary.open("wb") as out:
                for block in _blocks(url):
                    received += len(block)
                    digest.update(block)
                    out.write(block)
                    if received > file.size:
                        break
            _check(file, url, received, digest.hexdigest())
    except OSError as error:
        raise DownloadError(f"{target} cannot be written: {error}. Choose a cache folder that can.") from error


def _blocks(url: str) -> Iterator[bytes]:
    """Yields the body of `url`. A failure of the network is a DownloadError or a _PassingError, never an OSError."""
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as response:
            announced = int(response.headers.get("Content-Length", 0))
            received = 0
            while block := response.read(_BLOCK_BYTES):
                received += len(block)
                yield block
    except urllib.error.HTTPError as error:
        reason = f"the server answered {error.code} {error.reason}"
        if error.code in _PASSING_STATUSES:
            raise _PassingError(reason) from error
        raise DownloadError(f"{url} could not be fetched: {reason}.") from error
    except urllib.error.URLError as error:
        raise _PassingError(f"no connection ({error.reason})") from error
    except TimeoutError as error:
        raise _PassingError(f"no answer within {_TIMEOUT_SECONDS:g} s") from error
    except (OSError, http.client.HTTPException) as error:
        raise _PassingError(f"the connection broke ({error!r})") from error
    except ValueError as error:
        raise DownloadError(f"{url} is not an address that can be fetched: {error}.") from error
    if received < announced:
        raise _PassingError(f"the connection ended after {received:,} of {announced:,} bytes")


def _check(file: VerifiedFile, url: str, size: int, sha256: str) -> None:
    if size > file.size:
        raise DownloadError(
            f"{url} is not the expected file: expected {file.size:,} bytes, sha256 {file.sha256}. Received: more bytes."
        )
    if sha256 != file.sha256:
        raise DownloadError(
            f"{url} is not the expected file: expected {file.size:,} bytes, sha256 {file.sha256}. "
            f"Received: {size:,} bytes, sha256 {sha256}."
        )
