"""What goes into the fingerprint of examples."""

import hashlib
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Fingerprint"]


class Fingerprint:
    """SHA-256 over columns, each with its lengths, so that texts that join to the same are told apart.

    Args:
        kind: what the columns are, where the columns alone don't tell.
    """

    def __init__(self, kind: str = ""):
        self._digest: Any = hashlib.sha256(kind.encode())

    def add_kind(self, kind: str) -> None:
        """Adds what the next column is, where it may be absent."""
        self._digest.update(kind.encode())

    def add_texts(self, texts: Sequence[str]) -> None:
        """Adds a column of texts."""
        self.add_counts([len(text) for text in texts])
        self._digest.update("".join(texts).encode())

    def add_counts(self, counts: Sequence[int]) -> None:
        """Adds a column of whole numbers."""
        self._digest.update(np.asarray(counts, dtype="<i8").tobytes())

    def add_numbers(self, values: ArrayLike) -> None:
        """Adds a column of numbers, as float64."""
        self._digest.update(np.asarray(values, dtype="<f8").tobytes())

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        return self._digest.hexdigest()
