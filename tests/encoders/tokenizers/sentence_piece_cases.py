"""The ids that Hugging Face's tokenizers gave, as scripts/freeze_hugging_face_tokens_sentence_piece.py wrote them."""

import json
from functools import cache
from typing import Any

import tensorflow as tf

from tests.encoders.tokenizers.frozen import read_frozen

__all__ = ["CASES", "expected_ids", "frozen_texts", "strings", "tokenizer_of"]

CASES = [
    "xlm_roberta",
    "metaspace",
    "metaspace_first_whole",
    "metaspace_never",
    "byte_fallback",
    "byte_fallback_metaspace",
]


@cache
def _frozen() -> dict[str, Any]:
    return read_frozen("sentence_piece")


def tokenizer_of(case: str) -> dict[str, Any]:
    return json.loads(json.dumps(_frozen()["cases"][case]["tokenizer"]))


def frozen_texts() -> list[str]:
    return _frozen()["texts"]


def expected_ids(case: str) -> list[list[int]]:
    return _frozen()["cases"][case]["ids"]


def strings(*texts: str | bytes) -> tf.Tensor:
    return tf.constant([text.encode() if isinstance(text, str) else text for text in texts], tf.string)
