"""Tells the failures of services and connections apart by what to do about them."""

import json
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus

from tfsiamese.generation.shortening import shortened
from tfsiamese.generation.writers.error_bodies import ErrorBody, error_body, seconds_to_wait
from tfsiamese.generation.writers.failures import (
    RefusalError,
    RejectedRequestError,
    TemporaryError,
    UnusableWriterError,
    WriterError,
)

__all__ = ["failure_of_exception", "failure_of_response"]

_Scrub = Callable[[str], str]

_MAX_QUOTED = 300

_TEMPORARY = {408, 409, 425, 429}
_NO_ACCESS = {401, 403}
_UNUSABLE = {401, 402, 403, 404, 405, 407, 410, 421, 426, 451, 501, 505}
_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "account_deactivated"}
_BAD_KEY = {"api_key_invalid", "api_key_expired", "invalid_api_key", "api_key_service_blocked"}
_FILTERED = {"content_filter", "content_policy_violation", "responsibleaipolicyviolation"}

_ADVICE = {
    401: "Expected a valid key. Check the environment variable that holds it.",
    402: "Expected an account with credit. Check the service's billing page.",
    403: "Expected a key that may use this model. Check the key's permissions, and the country.",
    404: "Expected an address and a model that exist. Check the name of the model and the base URL.",
    407: "Expected the proxy to let the request pass. Check HTTPS_PROXY.",
}
_KEY_ADVICE = _ADVICE[401]
_QUOTA_ADVICE = "Expected an account with quota for this model. Check the service's plan and billing pages."
_ADDRESS_ADVICE = "Check the base URL and the service's name of the model."

# OpenSSL's words for a server that does not speak TLS, or none that is accepted.
_NO_TLS = {
    "WRONG_VERSION_NUMBER",
    "UNSUPPORTED_PROTOCOL",
    "UNKNOWN_PROTOCOL",
    "HTTP_REQUEST",
    "TLSV1_ALERT_PROTOCOL_VERSION",
}


def failure_of_response(
    status: int, headers: Mapping[str, str], text: str, scrub: _Scrub, key_advice: str = ""
) -> WriterError:
    """The failure that an HTTP response stands for.

    Args:
        status: of HTTP; 300 or more.
        headers: of the response.
        text: its body.
        scrub: hides the key.
        key_advice: what to do where the key is refused; "" to check it.
    """
    body = error_body(text)
    reason = f"HTTP {status}: {_quoted(scrub(body.message)) or _phrase(status)}"
    if body.codes & _FILTERED:
        return RefusalError(reason)
    if body.codes & _BAD_KEY:
        return UnusableWriterError(f"{reason}. {key_advice or _KEY_ADVICE}")
    if status == 429:
        return _limit_failure(reason, headers, body)
    if status in _TEMPORARY or (status >= 500 and status not in _UNUSABLE):
        return TemporaryError(reason, seconds_to_wait(headers, body))
    if "failed_precondition" in body.codes:
        return UnusableWriterError(f"{reason}. {_QUOTA_ADVICE}")
    if status in _UNUSABLE:
        advice = key_advice if status in _NO_ACCESS else ""
        return UnusableWriterError(f"{reason}. {advice or _ADVICE.get(status, _ADDRESS_ADVICE)}")
    if status < 400:
        return UnusableWriterError(f"HTTP {status}: the address redirects, and keys are not sent on. {_ADDRESS_ADVICE}")
    return RejectedRequestError(reason)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in set(HTTPStatus) else "no reason given"


def _limit_failure(reason: str, headers: Mapping[str, str], body: ErrorBody) -> WriterError:
    is_paid_up = not (body.codes & _NO_CREDIT or body.has_no_quota or "credits are depleted" in body.message)
    if is_paid_up:
        return TemporaryError(reason, seconds_to_wait(headers, body), is_rate_limit=True)
    return UnusableWriterError(f"{reason}. {_QUOTA_ADVICE}")


def failure_of_exception(error: Exception, address: str, timeout: float, scrub: _Scrub) -> WriterError:
    """The failure that an exception of a connection, or of the reading of an answer, stands for.

    Args:
        error: with its causes.
        address: what was called, such as "https://api.openai.com/v1".
        timeout: seconds that a read may take.
        scrub: hides the key.
    """
    chain = list(_causes(error))
    for cause in chain:
        failure = _failure_of_cause(cause, address, timeout)
        if failure is not None:
            return failure
    said = _quoted(scrub(str(chain[-1]))) or type(chain[-1]).__name__
    return TemporaryError(f"{address}: {said}")


def _failure_of_cause(cause: BaseException, address: str, timeout: float) -> WriterError | None:
    if isinstance(cause, ssl.SSLCertVerificationError):
        why = cause.verify_message or "it cannot be verified"
        advice = "Check the base URL, or name the authority's certificate in SSL_CERT_FILE."
        return UnusableWriterError(f"{address}: the certificate is refused: {why}. {advice}")
    if isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS:
        return UnusableWriterError(f"{address}: the server does not speak TLS. Expected http:// in the base URL?")
    if isinstance(cause, socket.gaierror):
        if cause.errno == socket.EAI_AGAIN:
            return TemporaryError(f"{address}: the name cannot be resolved for now")
        return UnusableWriterError(f"{address}: there is no such host. Check the base URL and the network.")
    if isinstance(cause, TimeoutError) or "Timeout" in type(cause).__name__:
        return TemporaryError(f"{address}: no answer within {timeout:g} seconds")
    if isinstance(cause, ConnectionRefusedError):
        return TemporaryError(f"{address}: the connection was refused; is the server running?")
    if isinstance(cause, json.JSONDecodeError | UnicodeDecodeError):
        return TemporaryError(f"{address}: the answer is not JSON; is there a proxy between?")
    if isinstance(cause, UnicodeEncodeError):
        return RejectedRequestError("The request holds characters that cannot be sent as UTF-8.")
    return None


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it, first cause last."""
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen:
        seen.add(id(current))
        yield current
        current = current.__cause__ or current.__context__


def _quoted(text: str) -> str:
    """One line of what others say, not too long."""
    return shortened(text, _MAX_QUOTED).rstrip(".")
