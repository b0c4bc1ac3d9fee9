"""What may stand in a configuration: the known settings of each table, and their types."""

from collections.abc import Iterable, Mapping
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.suggestions import did_you_mean
from tfsiamese.training.settings import TrainingSettings

__all__ = [
    "CHECKPOINT",
    "DATA",
    "ENCODER",
    "EVALUATION",
    "LORA",
    "READING",
    "SECTIONS",
    "STAGE",
    "TOP",
    "TRAINING",
    "Table",
    "check_keys",
    "is_number",
]

Table = dict[str, Any]

READING = ("left", "right", "score", "score_range", "columns", "delimiter", "encoding", "stream")
DATA = ("file", "name", "loss", "validation", *READING)
TRAINING = tuple(TrainingSettings.__dataclass_fields__)
STAGE = ("name", "data", "loss", "validation", *TRAINING)
CHECKPOINT = ("max_length", "mixed_precision", "dropout", "lora", "freeze_layers")
LORA = ("rank", "alpha", "targets")
ENCODER = ("encoder", "head", "freeze", "signature", "output_key", "teacher", "strategy", *CHECKPOINT)
EVALUATION = ("validation", "sts", "retrieval", "labels")
RETENTION = ("texts", "weight", "batch_size", "neighbours")
TOP = ("out", "data", "loss", *ENCODER, "training", "evaluation", "retention", "stages")
SECTIONS: dict[str, Iterable[str]] = {"training": TRAINING, "evaluation": EVALUATION, "retention": RETENTION}

_TEXT, _TEXTS, _PART, _RANGE = "a text", "a text or a list of texts", "a number or a file", "two numbers"
_WHOLE, _NUMBER, _SWITCH, _LORA = "a whole number", "a number", "true or false", "a whole number, or a table"
_PRECISION = "true or false, or bfloat16 or float16"
_TYPES = {
    (
        *("out", "encoder", "head", "signature", "output_key", "teacher", "sts", "retrieval", "labels", "texts"),
        *("file", "left", "right", "score", "delimiter", "encoding", "strategy"),
    ): _TEXT,
    ("freeze", "columns", "targets"): _TEXTS,
    ("validation",): _PART,
    ("score_range",): _RANGE,
    ("max_length", "freeze_layers", "rank"): _WHOLE,
    ("dropout", "alpha"): _NUMBER,
    ("mixed_precision",): _PRECISION,
    ("stream",): _SWITCH,
    ("lora",): _LORA,
}


def check_keys(table: Mapping[str, Any], known: Iterable[str], where: str) -> None:
    """Refuses unknown settings, and those of another type; `TrainingSettings` checks its own."""
    known = tuple(known)
    for key in table:
        if key not in known:
            hint = did_you_mean(key, known)
            raise SettingsError(f"{where}: unknown setting {key!r}.{hint} Known: {', '.join(known)}.")
        expected = next(
            (said for kind, said in _TYPES.items() if key in kind and not _has_type(table[key], said)), None
        )
        if expected is not None:
            raise SettingsError(f"{where}: expected {key} to be {expected}. Received: {table[key]!r:.60}.")


def _has_type(value: Any, said: str) -> bool:
    if said == _TEXT:
        return isinstance(value, str)
    several = isinstance(value, (list, tuple))
    if said == _TEXTS:
        return isinstance(value, str) or (several and all(isinstance(one, str) for one in value))
    if said == _PART:
        return isinstance(value, str) or _is_number(value)
    if said in (_WHOLE, _NUMBER):
        return _is_number(value) and (said == _NUMBER or isinstance(value, int))
    if said == _SWITCH:
        return isinstance(value, bool)
    if said == _PRECISION:
        return isinstance(value, bool) or value in ("bfloat16", "float16")
    if said == _LORA:
        return isinstance(value, dict) or (_is_number(value) and isinstance(value, int))
    numbers = several and all(_is_number(one) for one in value)
    return numbers and len(value) == 2


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
