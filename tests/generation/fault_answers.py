"""What the fault server answers: JSON that fits the schema of the request, made from its passage and nothing else."""

import hashlib
import json
import re
from typing import Any

PASSAGE = re.compile(r"<passage>(.*?)</passage>", re.DOTALL)
STARTERS = ("What is", "How does one use", "Why is there", "When is", "Where is", "Who needs", "Which")

# The numbers that google-generativeai sends in place of the names.
TYPES = {1: "string", 2: "number", 3: "integer", 4: "boolean", 5: "array", 6: "object"}


def passage_of(message: str) -> str:
    """What stands between the markers, or all of the message."""
    found = PASSAGE.search(message)
    return (found[1] if found else message).strip()


def passage_hash(passage: str) -> str:
    """What the log calls a passage: 16 hexadecimal digits of its stripped text."""
    return hashlib.sha256(passage.strip().encode("utf-8", "surrogatepass")).hexdigest()[:16]


def fitting_value(schema: dict[str, Any], passage: str, path: str = "") -> Any:
    """A value that fits a JSON schema, or an OpenAPI one; the same for the same passage and place in the schema."""
    if schema.get("enum"):
        return schema["enum"][0]
    kind = TYPES.get(schema.get("type"), str(schema.get("type")).lower())
    if kind == "object":
        return {name: fitting_value(part, passage, f"{path}/{name}") for name, part in schema["properties"].items()}
    if kind == "array":
        count = max(1, int(schema.get("minItems", 1)))
        return [fitting_value(schema["items"], passage, f"{path}/{place}") for place in range(count)]
    if kind == "number":
        return round(int(passage_hash(passage + path)[:4], 16) / 0xFFFF, 3)
    if kind == "integer":
        return int(passage_hash(passage + path)[:2], 16) % 2
    if kind == "boolean":
        return True
    return _text(passage, path)


def fitting_json(schema: dict[str, Any], passage: str) -> str:
    return json.dumps(fitting_value(schema, passage), ensure_ascii=False)


def _text(passage: str, path: str) -> str:
    """A question for names that ask for one, else some words of the passage as they stand."""
    name = path.rsplit("/", 1)[-1]
    number = int(passage_hash(passage + path), 16)
    words = passage.split()
    if len(words) < 4:
        # Japanese, Chinese, Thai: no spaces.
        words = [passage[start : start + 6] for start in range(0, len(passage), 6)] or ["nothing"]
    if name in ("question", "query", "anchor"):
        long = sorted({word.strip(".,;:!?()[]\"'") for word in words}, key=lambda word: (-len(word), word))[:24]
        chosen = [long[(number >> (8 * place)) % len(long)] for place in range(4)]
        return f"{STARTERS[number % len(STARTERS)]} {' '.join(dict.fromkeys(chosen))}?"
    start = number % max(1, len(words) - 12)
    span = words[start : start + 12]
    return " ".join(reversed(span) if name in ("paraphrase", "negative") else span)
