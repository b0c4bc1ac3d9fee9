"""What the fault server finds wrong with a request, as the real services would, and how it says so."""

import base64
import json
import re
import urllib.parse
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

GENERATE = re.compile(r"/v1beta/models/(.+):generateContent")


@dataclass
class Received:
    """One request, as it came."""

    api: str
    path: str
    headers: dict[str, str]
    body: Any
    passage: str
    attempt: int
    key: str | None


def rejection(received: Received, server: Any) -> tuple[int, Any, dict] | None:
    """What the real services find wrong with a request."""
    is_gemini = received.api == "gemini"
    check = _gemini_complaint if is_gemini else _openai_complaint
    complaint = check(received, server)
    if complaint is None:
        return None
    status, code, message = complaint
    return status, error_body(is_gemini, status, code, f"{message}{echo_of(received)}"), echo_headers(received)


def _openai_complaint(received: Received, server: Any) -> tuple[int, str, str] | None:
    body = received.body
    if received.path != "/v1/chat/completions":
        return 404, "unknown_url", f"Unknown request URL: POST {received.path}."
    if server.key and received.key != server.key:
        return 401, "invalid_api_key", "Incorrect API key provided:"
    if not isinstance(body, dict) or not body.get("messages"):
        return 400, "invalid_body", "We could not parse the JSON body of your request."
    if server.models is not None and body.get("model") not in server.models:
        return 404, "model_not_found", f"The model `{body.get('model')}` does not exist."
    if str(body.get("model")).startswith("gpt-5") and ("max_tokens" in body or "temperature" in body):
        return 400, "unsupported_parameter", "Unsupported parameter: use 'max_completion_tokens' instead."
    form = body.get("response_format") or {}
    if form.get("type") == "json_object" and not server.supports_schema:
        return None
    if form.get("type") == "json_schema" and not server.supports_schema:
        return 400, "unsupported", "'response_format.type' must be 'json_object' or 'text', not 'json_schema'."
    schema = form.get("json_schema") or {}
    if form.get("type") != "json_schema" or not schema.get("name") or schema.get("strict") is not True:
        return 400, "invalid_body", "Expected 'response_format' with a named, strict json_schema."
    if not _is_strict(schema.get("schema")):
        return 400, "invalid_json_schema", "Invalid schema: 'additionalProperties' is required to be false."
    return None


def _is_strict(schema: Any) -> bool:
    if not isinstance(schema, dict):
        return False
    if schema.get("type") == "array":
        return _is_strict(schema.get("items"))
    if schema.get("type") != "object":
        return True
    properties = schema.get("properties", {})
    is_closed = schema.get("additionalProperties") is False and set(schema.get("required", ())) == set(properties)
    return is_closed and all(map(_is_strict, properties.values()))


def _gemini_complaint(received: Received, server: Any) -> tuple[int, str, str] | None:
    if received.key is None and server.key:
        return 403, "PERMISSION_DENIED", "Method doesn't allow unregistered callers."
    if server.key and received.key != server.key:
        return 400, "API_KEY_INVALID", "API key not valid. Please pass a valid API key:"
    body = received.body
    if not isinstance(body, dict) or not body.get("contents"):
        return 400, "INVALID_ARGUMENT", "Invalid JSON payload received."
    model = GENERATE.fullmatch(received.path)[1]
    if server.models is not None and model not in server.models:
        return 404, "NOT_FOUND", f"models/{model} is not found for API version v1beta."
    config = body.get("generationConfig") or {}
    if config.get("responseMimeType") != "application/json" or not schema_of(received):
        return 400, "INVALID_ARGUMENT", "Expected a responseMimeType of application/json and a schema."
    return None


def schema_of(received: Received) -> dict[str, Any] | None:
    if received.api == "gemini":
        config = received.body.get("generationConfig") or {}
        return config.get("responseJsonSchema") or config.get("responseSchema")
    form = received.body["response_format"]
    return form["json_schema"]["schema"] if form["type"] == "json_schema" else None


def error_body(is_gemini: bool, status: int, code: str, message: str, details: Sequence[dict] = ()) -> dict:
    if not is_gemini:
        kind = code if code == "insufficient_quota" else "invalid_request_error" if status < 500 else "server_error"
        return {"error": {"message": message, "type": kind, "param": None, "code": code}}
    reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": code, "domain": "googleapis.com"}
    status_name = "INVALID_ARGUMENT" if code == "API_KEY_INVALID" else code
    return {"error": {"code": status, "message": message, "status": status_name, "details": [reason, *details]}}


def echo_of(received: Received) -> str:
    """The key in many guises, as a careless server might tell it."""
    if received.key is None:
        return ""
    key = received.key
    guises = [key, urllib.parse.quote(key, safe=""), base64.b64encode(key.encode()).decode(), json.dumps(key)]
    return " [received " + " ".join(guises) + "]"


def echo_headers(received: Received) -> dict[str, str]:
    return {"X-Received-Key": received.key} if received.key else {}
