import json

import pytest

from tests.generation.fault_server import FaultServer
from tests.generation.writers.samples import KEY, SCHEMA, VARIABLE, request, writer_for
from tfsiamese.generation.writers import RefusalError, TemporaryError, UnusableAnswerError, UnusableWriterError
from tfsiamese.generation.writers.gemini_answers import gemini_answer
from tfsiamese.generation.writers.gemini_legacy_writer import openapi_schema


@pytest.fixture
def server(monkeypatch):
    pytest.importorskip("google.ai.generativelanguage", reason="google-generativeai needs protobuf below 6")
    monkeypatch.setenv(VARIABLE, KEY)
    with FaultServer(key=KEY) as server:
        yield server


def test_the_legacy_package_answers(server):
    writer = writer_for(server, "gemini-legacy")
    assert set(json.loads(writer.write(request(max_output_tokens=9)).text)["items"][0]) == {"question", "answer"}
    writer.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        ("rate-limit", TemporaryError),
        ("cut-body", TemporaryError),
        ("html", TemporaryError),
        ("trickle", TemporaryError),
        ("trickle-headers", TemporaryError),
        ("flood", UnusableAnswerError),
        ("refusal", RefusalError),
        ("redirect", UnusableWriterError),
        ("forbidden", UnusableWriterError),
    ],
)
def test_the_legacy_package_fails_in_the_same_kinds(server, fault, kind):
    server.next_faults.append(fault)
    writer = writer_for(server, "gemini-legacy", timeout=0.5)
    with pytest.raises(kind) as raised:
        writer.write(request())
    assert "sk-s3cr3t" not in raised.value.reason
    assert len(server.requests) == 1


def test_a_schema_keeps_what_openapi_knows():
    assert openapi_schema(SCHEMA) == {
        "type_": "OBJECT",
        "required": ["items"],
        "properties": {
            "items": {
                "type_": "ARRAY",
                "items": {
                    "type_": "OBJECT",
                    "required": ["question", "answer"],
                    "properties": {"question": {"type_": "STRING"}, "answer": {"type_": "STRING"}},
                },
            }
        },
    }
    assert openapi_schema({"type": ["number", "null"], "minimum": 0, "description": "0 to 1"}) == {
        "type_": "NUMBER",
        "nullable": True,
        "description": "0 to 1",
    }
    assert openapi_schema({"type": "array", "items": {"type": "string"}, "minItems": 2})["min_items"] == 2


def test_thoughts_are_no_answer_and_are_paid_as_output():
    parts = [{"text": "Hm.", "thought": True}, {"text": "{"}, {"text": "}"}]
    counts = {"prompt_token_count": 5, "candidates_token_count": 2, "thoughts_token_count": 30}
    answer = gemini_answer(
        {"candidates": [{"content": {"parts": parts}, "finish_reason": "STOP"}], "usage_metadata": counts}
    )
    assert answer.text == "{}"
    assert (answer.usage.input_tokens, answer.usage.output_tokens) == (5, 32)


@pytest.mark.parametrize(
    ("candidate", "kind"),
    [
        ({"finish_reason": "RECITATION"}, RefusalError),
        ({"finish_reason": "BLOCKLIST"}, RefusalError),
        ({"finish_reason": "MAX_TOKENS"}, UnusableAnswerError),
        ({"finish_reason": "MALFORMED_FUNCTION_CALL"}, UnusableAnswerError),
        ({"finish_reason": "SOMETHING_NEW"}, UnusableAnswerError),
    ],
)
def test_a_reason_to_stop_tells_the_kind(candidate, kind):
    with pytest.raises(kind):
        gemini_answer({"candidates": [candidate]})
