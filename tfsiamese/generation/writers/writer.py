"""The contract of a writer: one request in, one answer or one failure out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["Answer", "Request", "Usage", "Writer"]


@dataclass(frozen=True)
class Request:
    """What a writer is asked.

    Attributes:
        instructions: what stands above the conversation; "" for nothing.
        message: what the user says.
        schema: the JSON schema that the answer has to fit; an object with all properties required and no others.
        temperature: of sampling, 0 or more; None for the model's own.
        max_output_tokens: where an answer is cut; None for the model's own limit.
    """

    instructions: str
    message: str
    schema: Mapping[str, Any]
    temperature: float | None = None
    max_output_tokens: int | None = None


@dataclass(frozen=True)
class Usage:
    """The tokens of a request as the service counts them; 0 where it does not say."""

    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True)
class Answer:
    """What a writer said: text that should be JSON, and what it cost."""

    text: str
    usage: Usage


class Writer(Protocol):
    """Answers requests; called from several threads at once.

    Attributes:
        name: service and model, such as "openai:gpt-5-mini", and the server where it is not the service's own; names
            the answers that are stored, and holds no secret.
    """

    name: str

    def write(self, request: Request) -> Answer:
        """Sends the request once, without retries of its own.

        Raises:
            WriterError: there is no usable answer; its kind says what to do.
        """
        ...

    def close(self) -> None:
        """Ends connections."""
        ...
