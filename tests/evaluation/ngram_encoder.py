"""An encoder without TensorFlow: hashed character trigrams. Deterministic, and good enough to rank similar texts."""

import zlib

import numpy as np

DIMENSION = 256


class NgramEncoder:
    """Counts the trigrams of each text, and keeps what it was asked."""

    def __init__(self):
        self.calls: list[list[str]] = []
        self.settings: list[tuple[int, bool, bool]] = []

    def encode(
        self, texts: list[str], batch_size: int = 64, normalize: bool = False, show_progress: bool = False
    ) -> np.ndarray:
        self.calls.append(list(texts))
        self.settings.append((batch_size, normalize, show_progress))
        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        for row, text in enumerate(texts):
            padded = f"  {text.lower()} "
            for start in range(len(padded) - 2):
                vectors[row, zlib.crc32(padded[start : start + 3].encode()) % DIMENSION] += 1.0
        return vectors


class TableEncoder:
    """Looks each text up in a table of vectors."""

    def __init__(self, table: dict[str, list[float]]):
        self.table = table

    def encode(self, texts: list[str], **settings: object) -> np.ndarray:
        return np.array([self.table[text] for text in texts], np.float32)
