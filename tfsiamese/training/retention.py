"""Keeps an encoder near its base on general texts while it learns a domain."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError

__all__ = ["BaseVectors", "Retention"]


@dataclass(frozen=True)
class Retention:
    """A term that keeps the similarities of general texts as the encoder had them before training.

    At every step `batch_size` of the texts are encoded along with the batch, and `weight` times the mean squared
    difference between their similarity matrix and that of the base encoder is added to the loss. It needs no labels:
    any sentences do that are not of the domain.

    Args:
        texts: general texts, at least two different ones; more are better.
        weight: of the term.
        batch_size: texts a step.

    Raises:
        SettingsError: there are too few texts, or a number is out of range.
    """

    texts: Sequence[str] = field(repr=False)
    weight: float = 100.0
    batch_size: int = 64

    def __post_init__(self) -> None:
        if isinstance(self.texts, str) or len(set(self.texts)) < 2:
            raise SettingsError("Retention needs at least two different general texts. Give some hundred sentences.")
        if not (self.weight > 0 and np.isfinite(self.weight)):
            raise SettingsError(f"Expected a positive weight of the retention. Received: weight={self.weight!r}.")
        if not (isinstance(self.batch_size, int) and self.batch_size >= 2):
            raise SettingsError(f"Expected at least 2 texts a step. Received: batch_size={self.batch_size!r}.")

    def describe(self) -> dict[str, Any]:
        """As a JSON object: what decides the outcome."""
        return {
            "weight": self.weight,
            "batch_size": self.batch_size,
            "texts": len(self.texts),
            "fingerprint": _fingerprint(self.texts),
        }


class BaseVectors:
    """General texts with the vectors that the encoder gives them now.

    Args:
        retention: the texts, and how many of them a step takes.
        encoder: the encoder before training.
        seed: decides which texts each step takes.
    """

    def __init__(self, retention: Retention, encoder: Encoder, seed: int = 0):
        texts = list(dict.fromkeys(retention.texts))
        self.weight = retention.weight
        self._texts = tf.constant(texts, tf.string)
        self._vectors = tf.constant(encoder.encode(texts))
        self._count = len(texts)
        self._batch_size = min(retention.batch_size, len(texts))
        self._seed = seed

    def sample(self, step: int) -> tuple[tf.Tensor, tf.Tensor]:
        """The texts of a step, string [n], and their base vectors, float32 [n, dimension]."""
        random = np.random.default_rng([self._seed, step])
        rows = random.choice(self._count, self._batch_size, replace=False, shuffle=False)
        return tf.gather(self._texts, rows), tf.gather(self._vectors, rows)


def _fingerprint(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}:".encode())
        digest.update(text.encode())
    return digest.hexdigest()
