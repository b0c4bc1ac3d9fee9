"""Asks OpenAI, or a server that speaks its API: vLLM, Ollama, llama.cpp and others."""

import json
import logging
import os
import threading
from dataclasses import dataclass, replace
from typing import Any

from tfsiamese.errors import DependencyError
from tfsiamese.generation.writers.error_bodies import ErrorBody, body_text, error_body
from tfsiamese.generation.writers.failures import RefusalError, TemporaryError, UnusableAnswerError
from tfsiamese.generation.writers.service_writer import Access, ServiceWriter
from tfsiamese.generation.writers.token_counts import token_count
from tfsiamese.generation.writers.writer import Answer, Request, Usage

__all__ = ["OpenAIWriter"]

_logger = logging.getLogger(__name__)

_PACKAGES = ("openai", "httpx", "httpx2", "httpcore", "httpcore2")

_ESSENTIAL_HEADERS = {"accept", "connection", "content-length", "content-type", "host", "transfer-encoding"}

_IN_WORDS = "Answer with JSON only, which fits this JSON schema:"


@dataclass(frozen=True)
class _Dialect:
    """What a server takes, as far as its refusals have shown."""

    limit: str
    takes_schema: bool = True
    takes_temperature: bool = True


class OpenAIWriter(ServiceWriter):
    """A `Writer` for POST {base URL}/chat/completions, with the answer's JSON schema as `response_format`.

    OpenAI itself gets the limit of tokens as max_completion_tokens, which its reasoning models insist on; other servers
    get max_tokens, which vLLM takes still and Ollama and older llama.cpp servers take alone. A request that is refused
    with a 400 or 422 because of its schema, its temperature or the name of its limit ends in a `TemporaryError`, and it
    and all others are sent without from then on (the schema then stands in the instructions); what a server does not
    take is logged once.

    Args:
        access: how the server is reached.

    Raises:
        DependencyError: the package `openai` is not installed.

    Reference: https://platform.openai.com/docs/api-reference/chat/create
    """

    def __init__(self, access: Access):
        super().__init__(access, _PACKAGES)
        self._dialect = _Dialect("max_completion_tokens" if access.is_own else "max_tokens")
        self._lock = threading.Lock()
        self._client = _client(access, self._guard.hooks)

    def _close_client(self) -> None:
        self._client.close()

    def _ask(self, request: Request) -> Answer:
        dialect = self._dialect
        try:
            return self._ask_in(dialect, request)
        except Exception as error:
            response = getattr(error, "response", None)
            status = getattr(response, "status_code", 0)
            if response is None or status not in (400, 422):
                raise
            change = _change(dialect, error_body(body_text(response)), request)
            if change is not None:
                self._learn(change)
            elif dialect == self._dialect:
                raise
            # Another attempt is the caller's to make, who counts and paces requests.
            raise TemporaryError(
                f"HTTP {status}: the request had a form that the server does not take; the next one has another",
                retry_after=0.0,
            ) from None

    def _ask_in(self, dialect: _Dialect, request: Request) -> Answer:
        parameters = _parameters(self._access.model, dialect, request)
        raw = self._client.chat.completions.with_raw_response.create(**parameters)
        body = json.loads(raw.http_response.content)
        if isinstance(body, dict) and isinstance(body.get("error"), dict):
            # As gateways pass on the failure of a server behind them.
            code = body["error"].get("code")
            status = code if isinstance(code, int) and code >= 300 else 502
            raise self._failure_of_response(status, {}, json.dumps(body))
        return _answer(body)

    def _learn(self, change: dict[str, Any]) -> None:
        with self._lock:
            changed = replace(self._dialect, **change)
            if changed == self._dialect:
                return
            self._dialect = changed
        what = {
            "takes_schema": "a JSON schema; it stands in the instructions instead, and answers may not fit it",
            "takes_temperature": "a temperature; the model's own is used",
            "limit": "max_tokens; max_completion_tokens is sent instead",
        }
        _logger.warning("%s does not take %s", self.name, what[next(iter(change))])


def _client(access: Access, hooks: dict[str, Any]) -> Any:
    try:
        import openai
    except ImportError as error:
        raise DependencyError(
            f'{access.name} needs the package openai. Install it with pip install "tfsiamese[openai]".'
        ) from error
    client = openai.OpenAI(
        # All of these would else be looked for in the environment.
        api_key=access.secret.reveal(),
        base_url=access.address,
        timeout=access.timeout,
        max_retries=0,
        # A redirect would take the request, if not the key, to somebody else.
        http_client=openai.DefaultHttpxClient(event_hooks=_with_own_headers(hooks, access), follow_redirects=False),
    )
    if not access.is_own:
        client.organization = client.project = None
    return client


def _with_own_headers(hooks: dict[str, Any], access: Access) -> dict[str, Any]:
    """Hooks that also remove what OPENAI_CUSTOM_HEADERS adds, which may be another key, or take the place of ours."""
    lines = os.environ.get("OPENAI_CUSTOM_HEADERS", "").split("\n")
    names = {line.partition(":")[0].strip().lower() for line in lines} - _ESSENTIAL_HEADERS

    def clean(request: Any) -> None:
        for name in names:
            request.headers.pop(name, None)
        request.headers["Authorization"] = f"Bearer {access.secret.reveal()}"

    return {**hooks, "request": [*hooks["request"], clean]}


def _parameters(model: str, dialect: _Dialect, request: Request) -> dict[str, Any]:
    schema = dict(request.schema)
    instructions = request.instructions
    if dialect.takes_schema:
        form: dict[str, Any] = {
            "type": "json_schema",
            "json_schema": {"name": "answer", "strict": True, "schema": schema},
        }
    else:
        form = {"type": "json_object"}
        instructions = f"{instructions}\n\n{_IN_WORDS}\n{json.dumps(schema, ensure_ascii=False)}".strip()
    messages = [{"role": "system", "content": instructions}] if instructions else []
    parameters: dict[str, Any] = {
        "model": model,
        "messages": [*messages, {"role": "user", "content": request.message}],
        "response_format": form,
    }
    if request.temperature is not None and dialect.takes_temperature:
        parameters["temperature"] = request.temperature
    if request.max_output_tokens is not None:
        parameters[dialect.limit] = request.max_output_tokens
    return parameters


def _change(dialect: _Dialect, body: ErrorBody, request: Request) -> dict[str, Any] | None:
    """What to do without from now on; None where the refusal is about something else."""
    said = f"{body.param} {' '.join(body.codes)} {body.message}".lower()
    is_unsupported = any(word in said for word in ("unsupported", "not support", "not allowed", "not permitted"))
    if dialect.limit == "max_tokens" and "max_completion_tokens" in said and is_unsupported:
        return {"limit": "max_completion_tokens"}
    if request.temperature is not None and dialect.takes_temperature and "temperature" in said and is_unsupported:
        return {"takes_temperature": False}
    is_about_schema = any(word in said for word in ("response_format", "json_schema", "json schema", "grammar"))
    if dialect.takes_schema and is_about_schema:
        return {"takes_schema": False}
    return None


def _answer(body: Any) -> Answer:
    """The answer in the body of a response.

    Raises:
        RefusalError: the model declined, or a filter cut in.
        UnusableAnswerError: there is no whole answer.
    """
    usage = _usage(body)
    choices = body.get("choices") if isinstance(body, dict) else None
    if not isinstance(choices, list) or not choices or not isinstance(choices[0], dict):
        raise UnusableAnswerError("the response holds no answer", usage)
    finish = choices[0].get("finish_reason")
    message = choices[0].get("message")
    message = message if isinstance(message, dict) else {}
    if message.get("refusal"):
        raise RefusalError("the model refused", usage)
    if finish == "content_filter":
        raise RefusalError("a content filter withheld the answer", usage)
    if finish == "length":
        raise UnusableAnswerError("the answer was cut at the limit of tokens", usage)
    return Answer(_text(message.get("content")), usage)


def _text(content: Any) -> str:
    """The content, which some servers send in parts."""
    if isinstance(content, list):
        content = "".join(str(part.get("text") or "") for part in content if isinstance(part, dict))
    return content if isinstance(content, str) else ""


def _usage(body: Any) -> Usage:
    usage = body.get("usage") if isinstance(body, dict) else None
    usage = usage if isinstance(usage, dict) else {}
    return Usage(token_count(usage.get("prompt_tokens")), token_count(usage.get("completion_tokens")))
