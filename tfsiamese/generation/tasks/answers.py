"""A writer's answer -> pairs."""

import json
from typing import Any

from tfsiamese.generation.chunks import Chunk
from tfsiamese.generation.documents import clean_line
from tfsiamese.generation.shortening import shortened
from tfsiamese.generation.tasks.task import SCORE_FIELD, Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["BrokenAnswerError", "read_answer"]


_LONGEST_TEXT = 20_000
_QUOTED = 80


class BrokenAnswerError(ValueError):
    """An answer that is not what was asked for; the message says how, in a line."""


def read_answer(text: str, task: Task, chunk: Chunk, num_pairs: int) -> tuple[list[WrittenPair], list[str]]:
    """The pairs of an answer, and what is wrong with those of its items that are none.

    An empty list of items is an answer too: the writer found nothing to write about.

    Args:
        text: JSON that should fit `answer_schema(task)`; a bare list of items is taken as well.
        task: names the fields.
        chunk: what was written about.
        num_pairs: how many items were asked for; those behind them are left out.

    Raises:
        BrokenAnswerError: it is no such JSON, or has items of which none can be used.
    """
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BrokenAnswerError(f"the answer is not JSON ({error}): {shortened(text, _QUOTED)}") from None
    items = parsed.get("items") if isinstance(parsed, dict) else parsed
    if not isinstance(items, list):
        raise BrokenAnswerError(f'the answer has no list "items": {shortened(text, _QUOTED)}')
    pairs, problems = [], []
    for item in items[:num_pairs]:
        try:
            pairs.append(_pair(item, task, chunk))
        except BrokenAnswerError as error:
            problems.append(str(error))
    if problems and not pairs:
        raise BrokenAnswerError(problems[0])
    if len(items) > num_pairs:
        problems.append(f"{len(items):,} items, where {num_pairs:,} were asked for: the others are left out")
    return pairs, problems


def _pair(item: Any, task: Task, chunk: Chunk) -> WrittenPair:
    if not isinstance(item, dict):
        raise BrokenAnswerError(f"an item is not an object: {shortened(json.dumps(item, ensure_ascii=False), _QUOTED)}")
    values = [_value(item, field) if field else chunk.text for field in task.fields]
    if task.fields[-1] == SCORE_FIELD:
        return WrittenPair(chunk, str(values[0]), str(values[1]), score=float(values[2]))
    left, right, *negative = map(str, values)
    return WrittenPair(chunk, left, right, negative=negative[0] if negative else None)


def _value(item: dict[str, Any], field: str) -> str | float:
    value = item.get(field)
    if field == SCORE_FIELD:
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != value:
            raise BrokenAnswerError(f"{field} is {value!r:.40}, not a number")
        if not 0 <= value <= 1:
            raise BrokenAnswerError(f"{field} is not from 0 to 1")
        return value
    if not isinstance(value, str):
        raise BrokenAnswerError(f"{field} is {shortened(repr(value), _QUOTED)}, not a text")
    if len(value) > _LONGEST_TEXT:
        raise BrokenAnswerError(f"{field} has {len(value):,} characters, where {_LONGEST_TEXT:,} are the most")
    # A JSON string can hold half of a surrogate pair, which no file in UTF-8 can.
    cleaned = clean_line(value.encode("utf-8", "replace").decode("utf-8"))
    if not cleaned:
        raise BrokenAnswerError(f"{field} is empty")
    return cleaned
