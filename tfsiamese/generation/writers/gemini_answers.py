"""What a response of Gemini's generateContent says, in the form that both of Google's packages make of it."""

from typing import Any

from tfsiamese.generation.writers.failures import RefusalError, UnusableAnswerError
from tfsiamese.generation.writers.token_counts import token_count
from tfsiamese.generation.writers.writer import Answer, Usage

__all__ = ["gemini_answer"]

# Of finish_reason: a filter's, so that another try ends alike.
_FILTERED = {
    "SAFETY",
    "RECITATION",
    "LANGUAGE",
    "BLOCKLIST",
    "PROHIBITED_CONTENT",
    "SPII",
}
_WHOLE = {"STOP", "FINISH_REASON_UNSPECIFIED", ""}


def gemini_answer(body: dict[str, Any]) -> Answer:
    """The answer in a response.

    Args:
        body: candidates, prompt_feedback and usage_metadata, with enums as their names.

    Raises:
        RefusalError: a filter withheld the prompt or the answer.
        UnusableAnswerError: there is no whole answer.

    Reference: https://ai.google.dev/api/generate-content
    """
    usage = _usage(body.get("usage_metadata") or {})
    blocked = (body.get("prompt_feedback") or {}).get("block_reason")
    if blocked and blocked not in ("BLOCK_REASON_UNSPECIFIED", "BLOCKED_REASON_UNSPECIFIED"):
        raise RefusalError(f"the prompt was blocked: {blocked}", usage)
    candidates = body.get("candidates") or []
    if not candidates:
        raise UnusableAnswerError("the response holds no answer", usage)
    finish = str(candidates[0].get("finish_reason") or "")
    if finish in _FILTERED:
        raise RefusalError(f"a filter withheld the answer: {finish}", usage)
    if finish == "MAX_TOKENS":
        raise UnusableAnswerError("the answer was cut at the limit of tokens", usage)
    if finish not in _WHOLE:
        raise UnusableAnswerError(f"the answer broke off: {finish}", usage)
    parts = (candidates[0].get("content") or {}).get("parts") or []
    return Answer("".join(part.get("text") or "" for part in parts if not part.get("thought")), usage)


def _usage(counts: dict[str, Any]) -> Usage:
    """Thoughts are paid as output."""
    output = token_count(counts.get("candidates_token_count")) + token_count(counts.get("thoughts_token_count"))
    return Usage(token_count(counts.get("prompt_token_count")), output)
