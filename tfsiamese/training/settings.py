"""What a user sets about training."""

import dataclasses
import difflib
import math
from dataclasses import dataclass
from typing import Any

from tfsiamese.errors import SettingsError
from tfsiamese.training.schedules import DECAYS

__all__ = ["TrainingSettings"]

# These change what is shown and how often state is saved, and never the weights.
_WITHOUT_EFFECT = ("checkpoint_seconds", "show_progress")


@dataclass(frozen=True)
class TrainingSettings:
    """The settings of a run; the defaults are those of the article that the project started from.

    Attributes:
        epochs: passes over the pairs.
        batch_size: pairs a step.
        learning_rate: the rate after the warm-up.
        warmup: steps of linear warm-up; a number below 1 is a fraction of all steps.
        decay: of the learning rate after the warm-up: "constant", "linear" or "cosine".
        seed: decides the order of the pairs and every random number.
        patience: stop when the monitored metric has not improved for so many epochs; None never stops early.
        monitor: the metric that chooses the best epoch; the evaluator's primary metric by default, else "val_loss".
        restore_best: end with the weights of the best epoch instead of the last.
        checkpoint_seconds: time between checkpoints, which `resume` continues from.
        show_progress: show a progress bar on standard error.
    """

    epochs: int = 10
    batch_size: int = 8
    learning_rate: float = 1e-5
    warmup: float = 0.0
    decay: str = "constant"
    seed: int = 0
    patience: int | None = None
    monitor: str | None = None
    restore_best: bool = True
    checkpoint_seconds: float = 30.0
    show_progress: bool = False

    def __post_init__(self) -> None:
        self._expect("epochs", "a positive integer", isinstance(self.epochs, int) and self.epochs >= 1)
        self._expect("batch_size", "a positive integer", isinstance(self.batch_size, int) and self.batch_size >= 1)
        rate = self.learning_rate
        self._expect("learning_rate", "a positive number", rate > 0 and math.isfinite(rate))
        whole = self.warmup < 1 or float(self.warmup).is_integer()
        self._expect("warmup", "a fraction below 1 or a number of steps", self.warmup >= 0 and whole)
        self._expect("decay", f"one of {', '.join(DECAYS)}", self.decay in DECAYS)
        self._expect("seed", "an integer from 0 to 2³² − 1", isinstance(self.seed, int) and 0 <= self.seed < 2**32)
        self._expect("patience", "a positive integer or None", self.patience is None or self.patience >= 1)
        self._expect("checkpoint_seconds", "a number, not negative", self.checkpoint_seconds >= 0)

    @classmethod
    def from_keywords(cls, **keywords: Any) -> "TrainingSettings":
        """Builds settings from keyword arguments; an unknown name is a SettingsError with the nearest known one."""
        known = [field.name for field in dataclasses.fields(cls)]
        for name in keywords:
            if name not in known:
                similar = difflib.get_close_matches(name, known, n=1)
                hint = f" Did you mean {similar[0]!r}?" if similar else ""
                raise SettingsError(f"Unknown setting {name!r}.{hint} Known: {', '.join(known)}.")
        return cls(**keywords)

    def warmup_steps(self, total_steps: int) -> int:
        """The warm-up in steps."""
        return round(self.warmup * total_steps) if self.warmup < 1 else int(self.warmup)

    def decisive(self) -> dict[str, Any]:
        """The settings that decide the weights; a resumed run must have the same."""
        return {key: value for key, value in dataclasses.asdict(self).items() if key not in _WITHOUT_EFFECT}

    def _expect(self, name: str, expected: str, holds: bool) -> None:
        if not holds:
            raise SettingsError(f"Expected {name} to be {expected}. Received: {name}={getattr(self, name)!r}.")
