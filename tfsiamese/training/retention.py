"""Keeps an encoder near its base on general texts while it learns a domain."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import tensorflow as tf

from tfsiamese.errors import SettingsError
from tfsiamese.pairs.seeding import generator

__all__ = ["BaseVectors", "Retention"]


@dataclass(frozen=True)
class Retention:
    """A term that keeps the similarities of general texts as the encoder had them before training.

    At every step `batch_size` of the texts are encoded along with the batch, and `weight` times the mean squared
    difference between their similarity matrix and that of the base encoder is added to the loss. It needs no labels:
    any sentences do that are not of the domain. Runs of `neighbours` texts are taken together: the sentences of one
    document, or the two sides of a pair, are related, and random ones hardly ever are, so that only neighbours show
    what the encoder thinks of near meanings.

    Args:
        texts: general texts, at least two different ones, related ones side by side; more are better.
        weight: of the term.
        batch_size: texts a step.
        neighbours: texts that stand side by side in `texts` and are taken together.

    Raises:
        SettingsError: there are too few texts, or a number is out of range.
    """

    texts: Sequence[str] = field(repr=False)
    weight: float = 100.0
    batch_size: int = 64
    neighbours: int = 4

    def __post_init__(self) -> None:
        if isinstance(self.texts, str) or not all(isinstance(text, str) for text in self.texts):
            raise SettingsError("Expected the texts of the retention to be a list of texts. Leave out those missing.")
        if len(set(self.texts)) < 2:
            raise SettingsError("Retention needs at least two different general texts. Give some hundred sentences.")
        if not (isinstance(self.weight, (int, float)) and 0 < self.weight < math.inf):
            raise SettingsError(f"Expected a positive weight of the retention. Received: weight={self.weight!r}.")
        if not (isinstance(self.batch_size, int) and self.batch_size >= 2):
            raise SettingsError(f"Expected at least 2 texts a step. Received: batch_size={self.batch_size!r}.")
        if not (isinstance(self.neighbours, int) and self.neighbours >= 1):
            raise SettingsError(f"Expected a positive number of neighbours. Received: neighbours={self.neighbours!r}.")

    def distinct_texts(self) -> list[str]:
        """The texts in their order, each once."""
        return list(dict.fromkeys(self.texts))

    def describe(self) -> dict[str, Any]:
        """As a JSON object: what decides the outcome."""
        return {
            "weight": self.weight,
            "batch_size": self.batch_size,
            "neighbours": self.neighbours,
            "texts": len(self.texts),
            "fingerprint": _fingerprint(self.texts),
        }


class BaseVectors:
    """General texts with the vectors that an encoder gave them before training.

    Args:
        retention: the texts, and how many of them a step takes.
        vectors: float32 [distinct texts, dimension], of `retention.distinct_texts()`.
        seed: decides which texts each step takes.
    """

    def __init__(self, retention: Retention, vectors: np.ndarray, seed: int = 0):
        self.weight = retention.weight
        self.vectors = vectors
        self._texts = np.array(retention.distinct_texts(), dtype=object)
        self._runs = np.array_split(np.arange(len(vectors)), -(-len(vectors) // retention.neighbours))
        self._num_runs = min(max(1, retention.batch_size // retention.neighbours), len(self._runs))
        self._seed = seed

    def sample(self, step: int, batch: int = 0) -> tuple[tf.Tensor, tf.Tensor]:
        """The texts of one of a step's batches, string [n], and their base vectors, float32 [n, dimension]."""
        random = generator(self._seed, "retention", step, *([batch] if batch else []))
        chosen = random.choice(len(self._runs), self._num_runs, replace=False, shuffle=False)
        rows = np.concatenate([self._runs[run] for run in chosen])
        return tf.constant(self._texts[rows], tf.string), tf.constant(self.vectors[rows])


def _fingerprint(texts: Sequence[str]) -> str:
    digest = hashlib.sha256()
    for text in texts:
        digest.update(f"{len(text)}:".encode())
        digest.update(text.encode())
    return digest.hexdigest()
