"""What the services write into the body of an error."""

import email.utils
import json
import math
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["ErrorBody", "error_body", "seconds_to_wait"]


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
    details = error.get("details")
    details = [detail for detail in details if isinstance(detail, dict)] if isinstance(details, list) else []
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
        for violation in detail.get("violations") or []
        if isinstance(violation, dict) and "quotaValue" in violation
    ]
    if violations:
        return any(str(violation["quotaValue"]) == "0" for violation in violations)
    return bool(re.search(r"\blimit: 0\b(?![.,]\d)", message))


def seconds_to_wait(headers: Mapping[str, str], body: ErrorBody) -> float | None:
    """How long the service asks to wait, in seconds from 0; None where it does not say.

    Looks at retry-after-ms, at Retry-After as seconds or as a date (RFC 9110, 10.2.3), and at Gemini's RetryInfo.
    """
    lowered = {name.lower(): value.strip() for name, value in headers.items()}
    milliseconds = _seconds(lowered.get("retry-after-ms", ""))
    if milliseconds is not None:
        return milliseconds / 1000
    value = lowered.get("retry-after", "")
    seconds = _seconds(value)
    if seconds is None and value:
        seconds = _seconds_until(value)
    return body.retry_delay if seconds is None else seconds


def _seconds(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return max(0.0, number) if math.isfinite(number) else None


def _seconds_until(date: str) -> float | None:
    try:
        return max(0.0, email.utils.parsedate_to_datetime(date).timestamp() - time.time())
    except (TypeError, ValueError, OverflowError):
        return None
