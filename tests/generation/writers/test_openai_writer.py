import logging
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.generation.fault_server import FaultServer
from tests.generation.writers.samples import KEY, VARIABLE, request, writer_for
from tfsiamese.generation.writers import (
    RefusalError,
    RejectedRequestError,
    TemporaryError,
    UnusableAnswerError,
    Usage,
)
from tfsiamese.generation.writers import openai_writer as module
from tfsiamese.generation.writers.error_bodies import ErrorBody


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv(VARIABLE, KEY)


def refused_once(writer, refused):
    """Writes what the server does not take in this form: one request, and another attempt is worth it at once."""
    with pytest.raises(TemporaryError, match="HTTP 400") as raised:
        writer.write(refused)
    assert raised.value.retry_after == 0
    assert not raised.value.is_rate_limit


def test_a_server_without_schemas_is_asked_for_json_from_then_on(caplog):
    with (
        caplog.at_level(logging.WARNING),
        FaultServer(key=KEY, supports_schema=False) as server,
        writer_for(server, "openai") as writer,
    ):
        refused_once(writer, request())
        for _ in range(3):
            assert writer.write(request()).text.startswith("{")
    forms = [received.body["response_format"]["type"] for received in server.requests]
    assert forms == ["json_schema", "json_object", "json_object", "json_object"]
    assert '"question"' in server.requests[1].body["messages"][0]["content"]
    assert len([record for record in caplog.records if "JSON schema" in record.getMessage()]) == 1


def test_a_model_behind_a_gateway_that_refuses_max_tokens_gets_the_newer_name():
    with FaultServer(key=KEY) as server:
        writer = writer_for(server, "openai", model="gpt-5-mini")
        refused_once(writer, request(max_output_tokens=50))
        assert writer.write(request(max_output_tokens=50)).text
    assert [sorted({"max_tokens", "max_completion_tokens"} & set(r.body)) for r in server.requests] == [
        ["max_tokens"],
        ["max_completion_tokens"],
    ]


class MeetingServer(FaultServer):
    """Answers the first requests when so many have come that all were sent in the same form."""

    def __init__(self, *, num_meeting, **options):
        self.gate = threading.Barrier(num_meeting, timeout=20)
        self.num_meeting = num_meeting
        super().__init__(**options)

    def enter(self, received):
        super().enter(received)
        if len(self.requests) <= self.num_meeting:
            self.gate.wait()


def test_requests_that_were_under_way_while_another_learnt_are_worth_another_attempt_too(caplog):
    with (
        caplog.at_level(logging.WARNING),
        MeetingServer(key=KEY, supports_schema=False, num_meeting=4) as server,
        writer_for(server, "openai") as writer,
        ThreadPoolExecutor(4) as pool,
    ):
        list(pool.map(lambda _: refused_once(writer, request()), range(4)))
        assert len(server.requests) == 4
        assert writer.write(request()).text
    assert len([record for record in caplog.records if "JSON schema" in record.getMessage()]) == 1


def test_a_refusal_of_an_outdated_form_is_worth_another_attempt_whatever_it_says():
    with FaultServer(key=KEY) as server, writer_for(server, "openai") as writer:

        def refuse_while_another_learns(*_):
            writer._dialect = module._Dialect("max_tokens", takes_temperature=False)
            return "bad-request"

        server.fault_of = refuse_while_another_learns
        refused_once(writer, request())
        with pytest.raises(RejectedRequestError, match="as planned"):
            writer.write(request())


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Unsupported value: 'temperature' does not support 0.7 with this model.", {"takes_temperature": False}),
        ("'response_format.type' must be 'json_object'", {"takes_schema": False}),
        ("failed to parse grammar", {"takes_schema": False}),
        (
            "Unsupported parameter: 'max_tokens' is not supported. Use 'max_completion_tokens' instead.",
            {"limit": "max_completion_tokens"},
        ),
        ("'max_tokens' or 'max_completion_tokens' is too large: 5000. The maximum context length is 4096.", None),
        ("This model's maximum context length is 4096 tokens", None),
    ],
)
def test_a_refusal_is_understood(message, expected):
    dialect = module._Dialect("max_tokens")
    assert module._change(dialect, ErrorBody(message), request(temperature=0.7)) == expected


def test_the_same_refusal_is_not_met_twice_with_the_same_change():
    dialect = module._Dialect("max_completion_tokens", takes_schema=False, takes_temperature=False)
    for message in ("unsupported temperature", "unsupported response_format", "unsupported max_completion_tokens"):
        assert module._change(dialect, ErrorBody(message), request(temperature=0.7)) is None


def body(message=None, finish="stop", **others):
    return {"choices": [{"message": message, "finish_reason": finish}], **others}


@pytest.mark.parametrize(
    ("answered", "kind"),
    [
        (body({"content": None, "refusal": "No."}), RefusalError),
        (body({"content": "{"}, "content_filter"), RefusalError),
        (body({"content": "{"}, "length"), UnusableAnswerError),
        ({"choices": []}, UnusableAnswerError),
        ({"choices": [None]}, UnusableAnswerError),
        ({}, UnusableAnswerError),
        ([], UnusableAnswerError),
        ("text", UnusableAnswerError),
        (None, UnusableAnswerError),
    ],
)
def test_a_response_without_an_answer_is_told_by_its_kind(answered, kind):
    with pytest.raises(kind):
        module._answer(answered)


def test_content_in_parts_is_joined_and_odd_counts_are_none():
    answered = body({"content": [{"type": "text", "text": "{"}, {"text": "}"}]}, usage={"prompt_tokens": None})
    answer = module._answer(answered)
    assert answer.text == "{}"
    assert answer.usage == Usage(0, 0)


def test_the_organization_and_headers_of_the_environment_go_to_no_other_server(monkeypatch):
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer sk-not-for-others\nX-More: sk-not-for-others")
    monkeypatch.setenv("OPENAI_ORG_ID", "org-ours")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-ours")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-not-for-others")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with FaultServer(key=KEY) as server:
        writer_for(server, "openai").write(request())
    sent = str(server.requests[0].headers)
    assert "ours" not in sent
    assert "sk-not-for-others" not in sent
    assert server.requests[0].key == KEY
