import json
import socket
import ssl
import time
from email.utils import formatdate

import pytest

from tfsiamese.generation.writers import (
    RefusalError,
    RejectedRequestError,
    TemporaryError,
    UnusableWriterError,
)
from tfsiamese.generation.writers.error_bodies import body_text, error_body, seconds_to_wait
from tfsiamese.generation.writers.error_kinds import failure_of_exception, failure_of_response

URL = "https://example.org/v1"


def failure(status, error=None, headers=None):
    return failure_of_response(status, headers or {}, json.dumps({"error": error or {}}), str)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(status, TemporaryError) for status in (408, 409, 425, 429, 500, 502, 503, 504, 529)]
    + [(status, UnusableWriterError) for status in (301, 307, 401, 402, 403, 404, 405, 407, 501, 505)]
    + [(status, RejectedRequestError) for status in (400, 413, 422)],
)
def test_a_status_alone_tells_the_kind(status, kind):
    assert type(failure(status)) is kind


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (429, {"code": "insufficient_quota"}, UnusableWriterError),
        (429, {"type": "insufficient_quota"}, UnusableWriterError),
        (429, {"message": "… check your plan and billing details.", "status": "RESOURCE_EXHAUSTED"}, TemporaryError),
        (429, {"message": "Quota exceeded, limit: 0, model: gemini-pro"}, UnusableWriterError),
        (429, {"message": "Quota exceeded, limit: 0.5"}, TemporaryError),
        (429, {"details": [{"violations": 5}, {"violations": {"quotaValue": "0"}}]}, TemporaryError),
        (429, {"details": [{"violations": "none"}, {"violations": [3, {"quotaValue": "0"}]}]}, UnusableWriterError),
        (400, {"details": [{"reason": "API_KEY_INVALID"}]}, UnusableWriterError),
        (400, {"status": "FAILED_PRECONDITION"}, UnusableWriterError),
        (400, {"code": "content_filter"}, RefusalError),
        (400, {"message": "too long"}, RejectedRequestError),
    ],
)
def test_the_body_tells_what_the_status_does_not(status, error, kind):
    assert type(failure(status, error)) is kind


@pytest.mark.parametrize(
    "text", ["", "<html>", "[]", "null", "3", '"x"', "[" * 5000, '{"error": null}', '{"detail": [1]}']
)
def test_any_body_is_read(text):
    assert type(failure_of_response(500, {}, text, str)) is TemporaryError


def test_servers_that_write_errors_their_own_way_are_quoted():
    assert error_body('{"error": "model not found"}').message == "model not found"
    assert error_body('{"object": "error", "message": "too long", "code": 400}').message == "too long"
    assert error_body('[{"error": {"message": "listed"}}]').message == "listed"
    long = failure(400, {"message": "a\nb " + "x" * 1000}).reason
    assert long.startswith("HTTP 400: a b x")
    assert len(long) < 320


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"Retry-After": "7"}, 7.0),
        ({"retry-after": " 0.25 "}, 0.25),
        ({"Retry-After": "-3"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "1e300"}, 1e6),
        ({"Retry-After": "Fri, 21 Oct 9015 07:28:00 GMT"}, 1e6),
        ({"retry-after-ms": "1e300"}, 1e6),
        ({"Retry-After": "4", "retry-after-ms": "-5"}, 4.0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"Retry-After": "30", "retry-after-ms": "1500"}, 1.5),
        ({}, None),
    ],
)
def test_a_wait_is_read_from_headers(headers, expected):
    assert seconds_to_wait(headers, error_body("")) == expected


def test_a_wait_until_a_date_counts_from_now():
    headers = {"Retry-After": formatdate(time.time() + 3600, usegmt=True)}
    assert 3000 < seconds_to_wait(headers, error_body("")) <= 3600


@pytest.mark.parametrize(
    ("delay", "expected"),
    [("17s", 17.0), ("0.5s", 0.5), ("17", None), (17, None), ("xs", None), ("-1s", None), ("1e300s", 1e6)],
)
def test_geminis_retry_delay_is_read(delay, expected):
    text = json.dumps({"error": {"details": [{"@type": "…RetryInfo", "retryDelay": delay}]}})
    assert seconds_to_wait({}, error_body(text)) == expected


class BrokenResponse:
    @property
    def content(self):
        raise RuntimeError("the body was not read")


def test_a_body_is_utf8_whatever_it_says_and_nothing_where_it_did_not_come():
    class Response:
        content = "Überlast ".encode() + b"\xff"
        encoding = "rot13"

    assert body_text(Response()) == "Überlast \ufffd"
    assert body_text(BrokenResponse()) == ""


def wrapped(cause):
    try:
        try:
            raise cause
        except type(cause) as error:
            raise ConnectionError("Connection error.") from error
    except ConnectionError as error:
        return failure_of_exception(error, URL, 3.0, str)


def certificate_error():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        (socket.gaierror(socket.EAI_NONAME, "Name or service not known"), UnusableWriterError, "no such host"),
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), TemporaryError, "for now"),
        (certificate_error(), UnusableWriterError, "self-signed"),
        (ConnectionRefusedError(111, "refused"), TemporaryError, "running"),
        (ConnectionResetError(104, "reset by peer"), TemporaryError, "reset by peer"),
        (TimeoutError("timed out"), TemporaryError, "within 3 seconds"),
        (json.JSONDecodeError("no", "<html>", 0), TemporaryError, "not JSON"),
        (UnicodeEncodeError("utf-8", "\ud800", 0, 1, "surrogates"), RejectedRequestError, "UTF-8"),
    ],
)
def test_what_led_to_an_exception_tells_the_kind(cause, kind, words):
    failed = wrapped(cause)
    assert type(failed) is kind
    assert words in failed.reason
