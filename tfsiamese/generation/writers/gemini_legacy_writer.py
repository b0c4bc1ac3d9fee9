"""Asks Gemini through what google-generativeai brings along, for environments that hold protobuf below 6."""

import importlib
from collections.abc import Mapping
from typing import Any

from tfsiamese.errors import DependencyError
from tfsiamese.generation.writers.gemini_answers import gemini_answer
from tfsiamese.generation.writers.requests_adapter import guard_session
from tfsiamese.generation.writers.service_writer import Access, ServiceWriter
from tfsiamese.generation.writers.writer import Answer, Request

__all__ = ["GeminiLegacyWriter", "openapi_schema"]

_PACKAGES = ("google", "urllib3", "requests")

# The keywords of JSON schemas that the package's Schema knows by another name or by the same.
_KEPT = {"description": "description", "format": "format_", "enum": "enum", "required": "required"}
_COUNTS = {"minItems": "min_items", "maxItems": "max_items"}


class GeminiLegacyWriter(ServiceWriter):
    """A `Writer` for the Gemini API over REST, through the client class of google-generativeai.

    The package reached its end of life on 2025-11-30; `GeminiWriter` is the one to use. The client class is used
    instead of `configure`, which would hold one key for the whole process.

    Args:
        access: how the service is reached.

    Raises:
        DependencyError: the package `google-generativeai` is not installed.
    """

    def __init__(self, access: Access):
        super().__init__(access, _PACKAGES)
        self._types, self._client = _client(access)
        session = getattr(self._client.transport, "_session", None)
        if session is not None:
            guard_session(session, self._guard)

    def _close_client(self) -> None:
        self._client.transport.close()

    def _ask(self, request: Request) -> Answer:
        types = self._types
        config: dict[str, Any] = {
            "response_mime_type": "application/json",
            "response_schema": openapi_schema(request.schema),
            "candidate_count": 1,
        }
        if request.temperature is not None:
            config["temperature"] = request.temperature
        if request.max_output_tokens is not None:
            config["max_output_tokens"] = request.max_output_tokens
        model = self._access.model
        asked = types.GenerateContentRequest(
            model=model if "/" in model else f"models/{model}",
            contents=[{"role": "user", "parts": [{"text": request.message}]}],
            generation_config=config,
        )
        if request.instructions:
            asked.system_instruction = {"parts": [{"text": request.instructions}]}
        response = self._client.generate_content(asked, retry=None, timeout=self._access.timeout)
        return gemini_answer(type(response).to_dict(response, use_integers_for_enums=False))


def openapi_schema(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A JSON schema in the subset of OpenAPI 3.0 that the package takes; keywords that it does not know are left out.

    Reference: https://ai.google.dev/api/caching#Schema
    """
    kinds = schema.get("type", "string")
    kinds = [kinds] if isinstance(kinds, str) else list(kinds)
    kind = next((kind for kind in kinds if kind != "null"), "string")
    converted: dict[str, Any] = {"type_": kind.upper()}
    if "null" in kinds:
        converted["nullable"] = True
    for name, other in {**_KEPT, **_COUNTS}.items():
        if name in schema:
            converted[other] = schema[name]
    if "items" in schema:
        converted["items"] = openapi_schema(schema["items"])
    if "properties" in schema:
        converted["properties"] = {name: openapi_schema(part) for name, part in schema["properties"].items()}
    return converted


def _client(access: Access) -> tuple[Any, Any]:
    try:
        # By its name, since mypy takes google.ai for an empty package where it is not installed.
        generativelanguage = importlib.import_module("google.ai.generativelanguage")
        from google.api_core.client_options import ClientOptions
    except ImportError as error:
        raise DependencyError(
            f"{access.name} needs the package google-generativeai. Install it with "
            'pip install "tfsiamese[gemini-legacy]", or write gemini: in place of gemini-legacy:.'
        ) from error
    options = ClientOptions(api_endpoint=access.address, api_key=access.secret.reveal())
    client = generativelanguage.GenerativeServiceClient(transport="rest", client_options=options)
    return generativelanguage, client
