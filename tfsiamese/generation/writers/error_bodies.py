"""What the services write into the body of an error."""

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ErrorBody", "body_text", "error_body", "seconds_to_wait"]

# Eleven days: whoever waits longer gives up sooner.
_LONGEST_WAIT = 1e6


@dataclass(frozen=True)
class ErrorBody:
    """The parts of an error that say what to do.

    Attributes:
        message: in the service's words; "" where the body is not JSON.
        codes: the words for programs, lower-case: OpenAI's code and type, Gemini's status and reasons.
        param: the parameter that OpenAI complains about.
        retry_delay: Gemini's, in seconds.
        has_no_quota: the limit that was exceeded is zero.
    """

    message: str = ""
    codes: frozenset[str] = frozenset()
    param: str = ""
    retry_delay: float | None = None
    has_no_quota: bool = False


def body_text(response: Any) -> str:
    """The body of a response of httpx or requests as UTF-8, whatever it says it is; "" where it did not come whole."""
    try:
        return bytes(response.content).decode("utf-8", "replace")
    except Exception:
        # What a client raises here differs by client and release, and status and headers count without a body.
        return ""


def error_body(text: str) -> ErrorBody:
    """Reads the body of an error of OpenAI, Gemini, vLLM, Ollama or llama.cpp; gives an empty one for all others."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        return ErrorBody()
    if isinstance(body, list) and body:
        body = body[0]
    if not isinstance(body, dict):
        return ErrorBody()
    error = body.get("error", body)
    if not isinstance(error, dict):
        return ErrorBody(message=str(error))
    details = [detail for detail in _listed(error.get("details")) if isinstance(detail, dict)]
    message = error.get("message") or error.get("detail") or ""
    words = [error.get("code"), error.get("type"), error.get("status"), *(detail.get("reason") for detail in details)]
    return ErrorBody(
        message=message if isinstance(message, str) else json.dumps(message),
        codes=frozenset(word.lower() for word in words if isinstance(word, str)),
        param=str(error.get("param") or ""),
        retry_delay=_retry_delay(details),
        has_no_quota=_has_no_quota(details, str(message)),
    )


def _retry_delay(details: list[dict[str, Any]]) -> float | None:
    """RetryInfo's retryDelay, such as "17s" or "0.5s"."""
    for detail in details:
        delay = detail.get("retryDelay")
        if isinstance(delay, str) and delay.endswith("s"):
            return _seconds(delay[:-1])
    return None


def _has_no_quota(details: list[dict[str, Any]], message: str) -> bool:
    """A limit of 0, as models have it that a free key may not use."""
    violations = [
        violation
        for detail in details
        for violation in _listed(detail.get("violations"))
        if isinstance(violation, dict) and "quotaValue" in violation
    ]
    if violations:
        return any(str(violation["quotaValue"]) == "0" for violation in violations)
    return bool(re.search(r"\blimit: 0\b(?![.,]\d)", message))


def _listed(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def seconds_to_wait(headers: Mapping[str, str], body: ErrorBody) -> float | None:
    """How long the service asks to wait, in seconds from 0 to 1,000,000; None where it says nothing that makes sense.

    Looks at retry-after-ms, at Retry-After as seconds or as a date (RFC 9110, 10.2.3), and at Gemini's RetryInfo.
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    seconds = _seconds(lowered.get("retry-after-ms", ""), 1000)
    if seconds is not None:
        return seconds
    value = lowered.get("retry-after", "")
    seconds = _seconds(value)
    if seconds is None and value:
        seconds = _seconds_until(value)
    return body.retry_delay if seconds is None else seconds


def _seconds(text: str, per_second: float = 1.0) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return min(number / per_second, _LONGEST_WAIT) if math.isfinite(number) and number >= 0 else None


def _seconds_until(date: str) -> float | None:
    try:
        seconds = email.utils.parsedate_to_datetime(date).timestamp() - time.time()
        return min(max(0.0, seconds), _LONGEST_WAIT)
    except (TypeError, ValueError, OverflowError, OSError):
        return None
