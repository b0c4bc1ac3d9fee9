"""The responses of the fault server: good ones, and those that go wrong inside of HTTP."""

import json
from typing import Any

from tests.generation.fault_answers import fitting_json
from tests.generation.fault_checks import Received, echo_headers, echo_of, error_body, schema_of


def faulty_answer(received: Received, fault: str, server: Any) -> tuple[int, Any, dict]:
    is_gemini = received.api == "gemini"
    echo, headers = echo_of(received), echo_headers(received)
    if fault == "rate-limit":
        delay = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": f"{server.retry_after}s"}
        body = error_body(is_gemini, 429, "RESOURCE_EXHAUSTED", f"Rate limit reached.{echo}", [delay])
        return 429, body, headers if is_gemini else {**headers, "Retry-After": server.retry_after}
    if fault == "quota":
        code = "RESOURCE_EXHAUSTED" if is_gemini else "insufficient_quota"
        violation = {"quotaMetric": "generate_content_free_tier_requests", "quotaValue": "0"}
        details = [{"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [violation]}]
        message = f"You exceeded your current quota, limit: 0, please check your plan and billing details.{echo}"
        return 429, error_body(is_gemini, 429, code, message, details), headers
    if fault == "unavailable":
        return 503, b"<html><body><h1>503 Service Unavailable</h1></body></html>", {"Content-Type": "text/html"}
    if fault == "not-implemented":
        # As a plain file server answers POST.
        return 501, b"<html><body>Unsupported method ('POST')</body></html>", {"Content-Type": "text/html"}
    if fault == "odd-charset":
        # What is no UTF-8 stands in the message.
        message = json.dumps({"error": {"message": f"Overloaded \xe9.{echo}"}}, ensure_ascii=False).encode("latin-1")
        return 500, message, {**headers, "Content-Type": f"text/plain; charset={server.charset}", "Retry-After": "2"}
    if fault == "odd-details":
        return 429, error_body(is_gemini, 429, "RESOURCE_EXHAUSTED", "Slow down.", [{"violations": 5}]), headers
    if fault == "html":
        return 200, b"<html><body>Please log in to the network.</body></html>", {"Content-Type": "text/html"}
    if fault == "redirect":
        return 307, b"", {"Location": f"http://localhost:{server.server_port}{received.path}"}
    errors = {
        "error-500": (500, "INTERNAL"),
        "bad-request": (400, "INVALID_ARGUMENT"),
        "too-large": (413, "INVALID_ARGUMENT"),
        "forbidden": (403, "PERMISSION_DENIED"),
    }
    if fault in errors:
        status, code = errors[fault]
        return status, error_body(is_gemini, status, code, f"{fault} as planned.{echo}"), headers
    return 200, _odd_answer(received, fault), headers


def _odd_answer(received: Received, fault: str) -> dict[str, Any]:
    """An answer of status 200 that is of no use."""
    text = _good_text(received)
    if fault == "invalid-json":
        return _answer(received, text[: len(text) // 2] + "]]", "stop")
    if fault == "truncated":
        return _answer(received, text[: len(text) // 2], "length")
    body = _answer(received, "", "stop")
    if received.api == "gemini":
        if fault == "refusal":
            body = {"promptFeedback": {"blockReason": "PROHIBITED_CONTENT"}, "usageMetadata": body["usageMetadata"]}
        elif fault == "content-filter":
            body["candidates"] = [{"finishReason": "SAFETY", "index": 0}]
        else:
            body["candidates"] = []
    elif fault == "refusal":
        body["choices"][0]["message"] = {"role": "assistant", "content": None, "refusal": "I can't help with that."}
    elif fault == "content-filter":
        body["choices"][0]["finish_reason"] = "content_filter"
    else:
        body["choices"] = []
    return body


def _good_text(received: Received) -> str:
    schema = schema_of(received)
    if schema is None:
        return json.dumps({"items": [{"question": "What?", "answer": received.passage[:40]}]})
    return fitting_json(schema, received.passage)


def good_answer(received: Received, fault: str | None) -> dict[str, Any]:
    text = _good_text(received)
    if fault == "echo-key":
        text = json.dumps({"items": [{"question": f"What is {echo_of(received)}?", "answer": received.key}]})
    elif fault == "fenced":
        text = f"<think>\nAn {{idea}}.\n</think>\n\n```json\n{text}\n```\n"
    elif fault == "half-pair":
        # In JSON: half of a surrogate pair as \ud83d, which no file in UTF-8 can hold.
        text = text.replace("?", "\ud83d?")
    answer = _answer(received, text, "stop")
    if fault == "odd-counts":
        if received.api == "gemini":
            answer["usageMetadata"] = {"promptTokenCount": -50000, "candidatesTokenCount": 7, "thoughtsTokenCount": -9}
        else:
            answer["usage"] = {"prompt_tokens": -50000, "completion_tokens": 7.9}
    return answer


def _answer(received: Received, text: str, finish: str) -> dict[str, Any]:
    counts = len(json.dumps(received.body)) // 4 + 1, len(text) // 4 + 1
    if received.api == "gemini":
        usage = {"promptTokenCount": counts[0], "candidatesTokenCount": counts[1], "totalTokenCount": sum(counts)}
        content = {"role": "model", "parts": [{"text": text}] if text else []}
        reason = {"stop": "STOP", "length": "MAX_TOKENS"}[finish]
        candidate = {"content": content, "finishReason": reason, "index": 0}
        return {"candidates": [candidate], "usageMetadata": usage, "modelVersion": "fault"}
    usage = {"prompt_tokens": counts[0], "completion_tokens": counts[1], "total_tokens": sum(counts)}
    message = {"role": "assistant", "content": text, "refusal": None}
    choice = {"index": 0, "message": message, "finish_reason": finish, "logprobs": None}
    model = received.body.get("model")
    return {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": model, "choices": [choice]} | {
        "usage": usage
    }
