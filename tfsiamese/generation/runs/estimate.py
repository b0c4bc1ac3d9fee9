"""Tokens before anybody has counted them."""

import json
import math

from tfsiamese.generation.tasks import Task
from tfsiamese.generation.writers import Request

__all__ = ["estimated_input_tokens", "estimated_output_tokens"]

# About four letters of English and one and a third Chinese characters a token: both are four bytes of UTF-8.
_BYTES_PER_TOKEN = 4
_TOKENS_OF_FIELD = {"answer": 50, "negative": 90, "score": 5}
_TOKENS_OF_SENTENCE = 25


def estimated_input_tokens(request: Request) -> int:
    """Tokens of a request, by the bytes of its texts; tokenizers of current models differ by about a third."""
    texts = (request.instructions, request.message, json.dumps(request.schema))
    return math.ceil(sum(len(text.encode("utf-8", "replace")) for text in texts) / _BYTES_PER_TOKEN)


def estimated_output_tokens(task: Task, num_pairs: int) -> int:
    """Tokens of an answer with all the pairs that are asked for, without any that a model spends on thinking."""
    return num_pairs * sum(_TOKENS_OF_FIELD.get(field, _TOKENS_OF_SENTENCE) for field in task.fields if field)
