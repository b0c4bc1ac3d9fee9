"""The JSON schema of a writer's answer."""

from typing import Any

from tfsiamese.generation.tasks.task import SCORE_FIELD, Task

__all__ = ["answer_schema"]


def answer_schema(task: Task) -> dict[str, Any]:
    """An object with a list `items`, each with the fields of the task; in the subset that all services take."""
    fields = [field for field in task.fields if field]
    item = {
        "type": "object",
        "properties": {field: {"type": "number" if field == SCORE_FIELD else "string"} for field in fields},
        "required": fields,
        "additionalProperties": False,
    }
    return {
        "type": "object",
        "properties": {"items": {"type": "array", "items": item}},
        "required": ["items"],
        "additionalProperties": False,
    }
