"""What may stand in a configuration: the known settings of each table, and their types."""

from collections.abc import Iterable, Mapping
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.suggestions import did_you_mean
from tfsiamese.training.settings import TrainingSettings

__all__ = [
    "DATA",
    "ENCODER",
    "EVALUATION",
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

READING = ("left", "right", "score", "score_range", "columns", "delimiter", "encoding")
DATA = ("file", "name", "loss", "validation", *READING)
TRAINING = tuple(TrainingSettings.__dataclass_fields__)
STAGE = ("name", "data", "loss", "validation", *TRAINING)
ENCODER = ("encoder", "head", "freeze", "signature", "output_key", "teacher")
EVALUATION = ("validation", "sts", "retrieval", "labels")
RETENTION = ("texts", "weight", "batch_size", "neighbours")
TOP = ("out", "data", "loss", *ENCODER, "training", "evaluation", "retention", "stages")
SECTIONS: dict[str, Iterable[str]] = {"training": TRAINING, "evaluation": EVALUATION, "retention": RETENTION}

_TEXT, _TEXTS, _PART, _RANGE = "a text", "a text or a list of texts", "a number or a file", "two numbers"
_TYPES = {
    (
        *("out", "encoder", "head", "signature", "output_key", "teacher", "sts", "retrieval", "labels", "texts"),
        *("file", "left", "right", "score", "delimiter", "encoding"),
    ): _TEXT,
    ("freeze", "columns"): _TEXTS,
    ("validation",): _PART,
    ("score_range",): _RANGE,
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
        return isinstance(value, (str, int, float)) and not isinstance(value, bool)
    numbers = several and all(isinstance(one, (int, float)) and not isinstance(one, bool) for one in value)
    return numbers and len(value) == 2


def is_number(text: str) -> bool:
    """Whether a text is a number."""
    try:
        float(text)
    except ValueError:
        return False
    return True
