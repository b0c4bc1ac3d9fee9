"""Asks Gemini through google-genai."""

import logging
from typing import Any

from tfsiamese.errors import DependencyError
from tfsiamese.generation.writers.failures import UnusableAnswerError
from tfsiamese.generation.writers.gemini_answers import gemini_answer
from tfsiamese.generation.writers.service_writer import Access, ServiceWriter
from tfsiamese.generation.writers.writer import Answer, Request

__all__ = ["GeminiWriter"]

_PACKAGES = ("google_genai", "google", "httpx", "httpx2", "httpcore", "httpcore2", "tenacity")

_READ = {"candidates", "prompt_feedback", "usage_metadata"}


class GeminiWriter(ServiceWriter):
    """A `Writer` for POST {base URL}/v1beta/models/MODEL:generateContent, with the answer's JSON schema.

    It speaks the Gemini API with a key, never Vertex AI, whatever GOOGLE_GENAI_USE_VERTEXAI says.

    Args:
        access: how the service is reached.

    Raises:
        DependencyError: the package `google-genai` is not installed.

    Reference: https://ai.google.dev/api/generate-content
    """

    def __init__(self, access: Access):
        super().__init__(access, _PACKAGES)
        self._types = _package(access)[1]
        self._client = self._new_client()

    def _close_client(self) -> None:
        # Earlier packages than 1.40 close with the last reference.
        close = getattr(self._client, "close", None)
        if close is not None:
            close()

    def _ask(self, request: Request) -> Answer:
        types = self._types
        response = self._client.models.generate_content(
            model=self._access.model,
            contents=[types.Content(role="user", parts=[types.Part(text=request.message)])],
            config=types.GenerateContentConfig(
                system_instruction=request.instructions or None,
                temperature=request.temperature,
                max_output_tokens=request.max_output_tokens,
                response_mime_type="application/json",
                response_json_schema=dict(request.schema),
                candidate_count=1,
                automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
            ),
        )
        if response is None:
            raise UnusableAnswerError("the response is empty")
        return gemini_answer(response.model_dump(mode="json", include=_READ, warnings=False))

    def _new_client(self) -> Any:
        genai, types = _package(self._access)
        # It says which of two keys in the environment it would take, and takes ours.
        quiet = logging.getLogger("google_genai._api_client")
        quiet.addFilter(_is_not_about_keys)
        try:
            return genai.Client(
                # What is not given here would be looked for in the environment.
                api_key=self._access.secret.reveal(),
                vertexai=False,
                http_options=types.HttpOptions(
                    base_url=self._access.address,
                    api_version="v1beta",
                    timeout=max(1, round(1000 * self._access.timeout)),
                    retry_options=types.HttpRetryOptions(attempts=1),
                    client_args={"event_hooks": self._guard.hooks, "follow_redirects": False},
                ),
            )
        finally:
            quiet.removeFilter(_is_not_about_keys)


def _is_not_about_keys(record: logging.LogRecord) -> bool:
    return "GOOGLE_API_KEY" not in record.getMessage()


def _package(access: Access) -> tuple[Any, Any]:
    try:
        from google import genai
        from google.genai import types
    except ImportError as error:
        raise DependencyError(
            f'{access.name} needs the package google-genai. Install it with pip install "tfsiamese[gemini]".'
        ) from error
    return genai, types
