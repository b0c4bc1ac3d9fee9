"""What a user sets about training."""

import dataclasses
import math
import numbers
from dataclasses import dataclass
from typing import Any, TypeGuard

from tfsiamese.errors import SettingsError
from tfsiamese.pairs.mixing import MIXINGS
from tfsiamese.suggestions import did_you_mean
from tfsiamese.training.schedules import DECAYS

__all__ = ["BATCHINGS", "TrainingSettings", "defaults_for_shape"]

BATCHINGS = ("auto", "shuffled", "distinct", "by-class")

# Scored pairs are trained as in the article that the project started from. The other shapes learn from comparisons
# within a batch, which wants larger batches, and with those a higher rate and fewer epochs.
_COMPARING: dict[str, Any] = {"epochs": 3, "batch_size": 128, "learning_rate": 1e-4, "warmup": 0.1, "decay": "cosine"}
_DEFAULTS: dict[str, dict[str, Any]] = {"pairs": {}, "triplets": _COMPARING, "classes": _COMPARING}

_POSITIVE = ("epochs", "batch_size", "gradient_accumulation_steps", "checkpoints_kept")

# These change what is shown and how often state is saved, and never the weights.
_WITHOUT_EFFECT = ("checkpoint_seconds", "checkpoint_steps", "checkpoints_kept", "profile", "show_progress")


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of a run; the defaults are those for scored pairs (`defaults_for_shape` has others).

    Attributes:
        epochs: passes over the data.
        batch_size: rows a step.
        learning_rate: the rate after the warm-up.
        warmup: steps of linear warm-up; a number below 1 is a fraction of all steps.
        decay: of the learning rate after the warm-up: "constant", "linear" or "cosine".
        layer_decay: each layer of a checkpoint learns at the rate of the layer above times this; 1 for one rate.
        seed: decides the order of the rows and every random number.
        query_prompt: what stands before each anchor, before the left text of a scored pair and before a text with a
            class: the name of one of the encoder's prompts, or a text; "" for nothing. By default anchors get the
            encoder's prompt "query", if it has one, and other texts what the encoder puts before every text.
        passage_prompt: the same for positives and negatives, and for the right text of a scored pair. By default
            positives and negatives get the encoder's prompt "passage", "document" or "corpus".
        mini_batch_size: texts that are encoded at once; a step on a large batch then takes the memory of a small one
            (GradCache), for the same gradients and more time. None encodes the whole batch.
        batching: how rows are put together: "shuffled"; "distinct", with no text twice in a batch nor a known positive
            of one anchor among the positives of others; "by-class", with `per_class` texts of each class. "auto" is
            "distinct" for anchors with positives, "by-class" for texts with classes, else "shuffled".
        max_tokens: tokens a batch may hold at most; for SavedModels, which keep their tokenizers to themselves, four
            bytes of UTF-8 count as one. None sets no limit.
        per_class: texts of one class that stand together "by-class".
        mixing: of several data sets: "proportional" (all batches, in random order) or "in-turn" (one of each, until
            the smallest set has no more).
        patience: stop when the monitored metric has not improved for so many epochs; None never stops early.
        monitor: the metric that chooses the best epoch; the evaluator's primary metric by default, else "val_loss".
            "none" keeps the last epoch.
        restore_best: end with the weights of the best epoch instead of the last.
        gradient_accumulation_steps: batches whose gradients a step takes together, each weighted by its rows.
        checkpoint_seconds: time between checkpoints, which `resume` continues from.
        checkpoint_steps: steps between checkpoints, beside the time between them; None for the time alone.
        checkpoints_kept: how many of the last checkpoints stay.
        profile: measure what the time goes to, and write a trace of some steps for TensorBoard.
        show_progress: show a progress bar on standard error.
    """

    epochs: int = 10
    batch_size: int = 8
    learning_rate: float = 1e-5
    warmup: float = 0.0
    decay: str = "constant"
    layer_decay: float = 1.0
    seed: int = 0
    query_prompt: str | None = None
    passage_prompt: str | None = None
    mini_batch_size: int | None = None
    batching: str = "auto"
    max_tokens: int | None = None
    per_class: int = 4
    mixing: str = "proportional"
    patience: int | None = None
    monitor: str | None = None
    restore_best: bool = True
    gradient_accumulation_steps: int = 1
    checkpoint_seconds: float = 30.0
    checkpoint_steps: int | None = None
    checkpoints_kept: int = 2
    profile: bool = False
    show_progress: bool = False

    def __post_init__(self) -> None:
        for name in _POSITIVE:
            self._expect(name, "a positive integer", _is_integer(getattr(self, name), 1))
        rate = self.learning_rate
        self._expect("learning_rate", "a positive number", _is_number(rate) and 0 < rate < math.inf)
        warmup = self.warmup
        is_usable = _is_number(warmup) and warmup >= 0 and (warmup < 1 or float(warmup).is_integer())
        self._expect("warmup", "a fraction below 1 or a number of steps", is_usable)
        self._expect("decay", f"one of {', '.join(DECAYS)}", self.decay in DECAYS)
        factor = self.layer_decay
        self._expect("layer_decay", "a number above 0, up to 1", _is_number(factor) and 0 < factor <= 1)
        self._expect("seed", "an integer from 0 to 2³² − 1", _is_integer(self.seed, 0) and self.seed < 2**32)
        for name in ("query_prompt", "passage_prompt"):
            value = getattr(self, name)
            self._expect(name, "the name of a prompt, or a text", value is None or isinstance(value, str))
        for name in ("mini_batch_size", "max_tokens", "patience", "checkpoint_steps"):
            value = getattr(self, name)
            self._expect(name, "a positive integer or None", value is None or _is_integer(value, 1))
        self._expect("batching", f"one of {', '.join(BATCHINGS)}", self.batching in BATCHINGS)
        self._expect("per_class", "an integer from 2", _is_integer(self.per_class, 2))
        self._expect("mixing", f"one of {', '.join(MIXINGS)}", self.mixing in MIXINGS)
        self._expect("monitor", "the name of a metric", self.monitor is None or isinstance(self.monitor, str))
        seconds = self.checkpoint_seconds
        self._expect("checkpoint_seconds", "a number, not negative", _is_number(seconds) and seconds >= 0)
        for name in ("learning_rate", "warmup", "layer_decay", "checkpoint_seconds"):
            object.__setattr__(self, name, float(getattr(self, name)))  # JSON and Keras know no NumPy numbers
        for name in (*_POSITIVE, "seed", "per_class"):
            object.__setattr__(self, name, int(getattr(self, name)))
        for name in ("restore_best", "profile", "show_progress"):
            self._expect(name, "true or false", isinstance(getattr(self, name), bool))

    @classmethod
    def from_keywords(cls, **keywords: Any) -> "TrainingSettings":
        """Builds settings from keyword arguments; an unknown name is a SettingsError with the nearest known one."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in keywords:
            if name not in known:
                raise SettingsError(f"Unknown setting {name!r}.{did_you_mean(name, known)} Known: {', '.join(known)}.")
        return cls(**keywords)

    def warmup_steps(self, total_steps: int) -> int:
        """The warm-up in steps."""
        return round(self.warmup * total_steps) if self.warmup < 1 else int(self.warmup)

    def decisive(self) -> dict[str, Any]:
        """The settings that decide the weights; a resumed run must have the same."""
        found = {key: value for key, value in dataclasses.asdict(self).items() if key not in _WITHOUT_EFFECT}
        if self.gradient_accumulation_steps == 1:
            # Runs that are older than this setting go on.
            del found["gradient_accumulation_steps"]
        return found

    def _expect(self, name: str, expected: str, holds: bool) -> None:
        if not holds:
            raise SettingsError(f"Expected {name} to be {expected}. Received: {name}={getattr(self, name)!r}.")


def defaults_for_shape(shape: str) -> dict[str, Any]:
    """The settings that suit examples of a shape: "pairs", "triplets" or "classes"."""
    return dict(_DEFAULTS[shape])


def _is_integer(value: object, least: int) -> bool:
    return isinstance(value, numbers.Integral) and not isinstance(value, bool) and int(value) >= least


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and not math.isnan(value)
