"""Learning rates over a run."""

import math
from typing import Any

import keras
import tensorflow as tf

from tfsiamese.errors import SettingsError

__all__ = ["DECAYS", "WarmupDecay"]

DECAYS = ("constant", "linear", "cosine")


class WarmupDecay(keras.optimizers.schedules.LearningRateSchedule):
    """Rises linearly from 0 over the warm-up, then stays constant or falls to 0, linearly or along a cosine.

    Args:
        peak: the rate at the end of the warm-up.
        total_steps: the steps of the whole run.
        warmup_steps: how many of them rise; the first step then has `peak / warmup_steps`.
        decay: "constant", "linear" or "cosine".

    Raises:
        SettingsError: the decay is unknown, or the warm-up is longer than the run.
    """

    def __init__(self, peak: float, total_steps: int, warmup_steps: int = 0, decay: str = "constant"):
        if decay not in DECAYS:
            raise SettingsError(f"Unknown decay {decay!r}. Expected one of {', '.join(DECAYS)}.")
        if not 0 <= warmup_steps <= total_steps:
            raise SettingsError(
                f"Expected a warm-up of 0 to {total_steps} steps, the length of the run. Received: {warmup_steps}."
            )
        self.peak = peak
        self.total_steps = total_steps
        self.warmup_steps = warmup_steps
        self.decay = decay

    def __call__(self, step: tf.Tensor) -> tf.Tensor:
        """The rate at a step, counted from 0."""
        step = tf.cast(step, tf.float32)
        rising = (step + 1.0) / float(max(self.warmup_steps, 1))
        progress = (step - self.warmup_steps) / float(max(self.total_steps - self.warmup_steps, 1))
        progress = tf.clip_by_value(progress, 0.0, 1.0)
        if self.decay == "linear":
            falling = 1.0 - progress
        elif self.decay == "cosine":
            falling = 0.5 * (1.0 + tf.cos(math.pi * progress))
        else:
            falling = tf.ones_like(progress)
        return self.peak * tf.where(step < self.warmup_steps, rising, falling)

    def get_config(self) -> dict[str, Any]:
        """The settings, enough to build the same schedule again."""
        return {
            "peak": self.peak,
            "total_steps": self.total_steps,
            "warmup_steps": self.warmup_steps,
            "decay": self.decay,
        }
