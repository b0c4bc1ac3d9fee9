"""Keeps a key out of every text that others may see."""

import base64
import html
import json
import logging
import re
import traceback
from collections.abc import Iterator
from typing import NoReturn
from urllib.parse import quote, quote_plus

__all__ = ["LogScrubber", "Secret"]

_HIDDEN = "***"

# Anything shorter is a placeholder of a local server, such as "EMPTY"; hiding it would spoil ordinary words.
_SHORTEST_SECRET = 8


class Secret:
    """A key that shows itself only where it is asked to.

    Its repr, str, attributes and pickle do not hold the key.

    Args:
        value: the key; "" for none. One of fewer than 8 characters counts as a placeholder, which is not hidden.
    """

    __slots__ = ("_pattern", "reveal")

    def __init__(self, value: str):
        # In closures, so that nothing that prints attributes prints the key.
        self.reveal = lambda: value
        guises = sorted(set(_guises(value)), key=len, reverse=True) if len(value) >= _SHORTEST_SECRET else []
        pattern = re.compile("|".join(map(re.escape, guises))) if guises else None
        self._pattern = lambda: pattern

    def scrub(self, text: str) -> str:
        """The text with *** in place of the key, be it plain, URL-quoted, in base64, JSON, HTML or hexadecimal."""
        pattern = self._pattern()
        return text if pattern is None else pattern.sub(_HIDDEN, text)

    def __repr__(self) -> str:
        return f"Secret({_HIDDEN})"

    def __str__(self) -> str:
        return _HIDDEN

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret cannot be pickled or copied")


def _guises(key: str) -> Iterator[str]:
    yield key
    for quoted in (quote(key, safe=""), quote(key), quote_plus(key)):
        yield quoted
        yield re.sub("%[0-9A-F]{2}", lambda found: found[0].lower(), quoted)
    escaped = key
    # JSON in JSON in JSON, as gateways quote what others said.
    for _ in range(3):
        escaped = json.dumps(escaped)[1:-1]
        yield escaped
        yield escaped.replace("/", "\\/")
    yield html.escape(key)
    yield repr(key)[1:-1]
    yield key.encode().hex()
    yield from _in_base64(key.encode())


def _in_base64(key: bytes) -> Iterator[str]:
    """What base64 makes of a key, whatever stands before and behind it."""
    whole = base64.b64encode(key).decode()
    yield from (whole, whole.rstrip("="), base64.urlsafe_b64encode(key).decode())
    for before in range(3):
        encoded = base64.b64encode(bytes(before) + key).decode()
        # Characters that hold bits of neighbours are left out.
        whole = encoded[(before * 8 + 5) // 6 : (before + len(key)) * 8 // 6]
        yield whole
        yield whole.replace("+", "-").replace("/", "_")


class LogScrubber(logging.Filter):
    """Hides a key in the log records of the packages that send it.

    A filter of a logger does not see the records of the loggers below it, so each gets the filter.

    Args:
        secret: what to hide.
        packages: the first parts of the loggers' names, such as "httpx".
    """

    def __init__(self, secret: Secret, packages: tuple[str, ...]):
        super().__init__()
        self._secret = secret
        self._packages = packages

    def __repr__(self) -> str:
        return f"LogScrubber({', '.join(self._packages)})"

    def cover(self) -> None:
        """Attaches the filter to all loggers of these packages that there are by now."""
        for logger in self._loggers():
            if self not in logger.filters:
                logger.addFilter(self)

    def uncover(self) -> None:
        """Takes the filter away again."""
        for logger in self._loggers():
            logger.removeFilter(self)

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrites a record that holds the key; keeps every record."""
        try:
            message = record.getMessage()
        except (TypeError, ValueError, KeyError):
            # Arguments that do not fit; logging itself reports them, and quotes them.
            message = f"{record.msg} {record.args}"
        clean = self._secret.scrub(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info:
            # The formatter takes this text, and no handler sees the exception, which holds headers.
            record.exc_text = self._secret.scrub("".join(traceback.format_exception(*record.exc_info)).rstrip())
            record.exc_info = None
        for name, value in list(vars(record).items()):
            if name in ("msg", "args") or value is None or isinstance(value, int | float):
                continue
            shown = value if isinstance(value, str) else repr(value)
            hidden = self._secret.scrub(shown)
            if hidden != shown:
                setattr(record, name, hidden)
        return True

    def _loggers(self) -> Iterator[logging.Logger]:
        for name, logger in list(logging.root.manager.loggerDict.items()):
            if isinstance(logger, logging.Logger) and name.split(".")[0] in self._packages:
                yield logger
