"""tfsiamese and sentence-transformers behind one face, for benchmarks and comparisons of checkpoints.

Each side imports its own packages when it is made, so that either runs where the other is not installed.
"""

import contextlib
import time
from typing import Protocol

import numpy as np
from benchmark_rounds import Step

__all__ = ["Pairs", "SentenceTransformers", "Side", "TfSiamese", "pearson_of_cosines"]

Pairs = tuple[list[str], list[str], list[float]]


class Side(Protocol):
    """What is measured of either."""

    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        """Vectors, float32 [texts, dimension]."""

    def train(self, pairs: Pairs, batch_size: int, learning_rate: float) -> list[Step]:
        """One epoch."""

    def peak_device_megabytes(self) -> float | None:
        """The most memory of the GPU that was in use; None without one."""


class TfSiamese:
    """The encoder of this project, trained with `fit`."""

    def __init__(self, folder: str, precision: str):
        import tfsiamese as ts

        self._encoder = ts.load_encoder(folder, mixed_precision=precision == "bfloat16")

    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        """See Side."""
        return self._encoder.encode(texts, batch_size=batch_size)

    def train(self, pairs: Pairs, batch_size: int, learning_rate: float) -> list[Step]:
        """See Side."""
        import pandas as pd
        from step_clock import StepClock

        import tfsiamese as ts

        clock = StepClock()
        frame = pd.DataFrame(dict(zip(("left", "right", "score"), pairs, strict=True)))
        model = ts.Siamese(self._encoder, head="cosine")
        settings = {"epochs": 1, "batch_size": batch_size, "learning_rate": learning_rate}
        ts.fit(model, ts.Pairs.from_frame(frame), loss="mse", callbacks=[clock], **settings)
        return clock.steps

    def peak_device_megabytes(self) -> float | None:
        """See Side."""
        import tensorflow as tf

        if not tf.config.list_physical_devices("GPU"):
            return None
        return tf.config.experimental.get_memory_info("GPU:0")["peak"] / 1024**2

    def export_checkpoint(self, folder: str) -> None:
        """Writes what sentence-transformers loads."""
        import tfsiamese as ts

        ts.export_checkpoint(self._encoder, folder)


class SentenceTransformers:
    """sentence-transformers on torch, trained in a plain loop; tokenization counts as waiting for input."""

    def __init__(self, folder: str, precision: str, device: str = "cpu"):
        import torch
        from sentence_transformers import SentenceTransformer

        self._is_half = precision == "bfloat16"
        self._device = "cuda" if device == "gpu" else "cpu"
        self._model = SentenceTransformer(folder, device=self._device, model_kwargs={"dtype": torch.float32})

    def encode(self, texts: list[str], batch_size: int) -> np.ndarray:
        """See Side."""
        if self._is_half:
            self._model.bfloat16()
        vectors = self._model.encode(texts, batch_size=batch_size, show_progress_bar=False)
        return np.asarray(vectors, np.float32)

    def train(self, pairs: Pairs, batch_size: int, learning_rate: float) -> list[Step]:
        """See Side."""
        import torch
        from sentence_transformers.sentence_transformer.losses import CosineSimilarityLoss

        left, right, scores = pairs
        self._model.train()
        loss_of = CosineSimilarityLoss(self._model)
        optimizer = torch.optim.AdamW(self._model.parameters(), lr=learning_rate, fused=True)
        order = torch.randperm(len(left), generator=torch.Generator().manual_seed(0)).tolist()
        steps = []
        for start in range(0, len(order), batch_size):
            begin = time.perf_counter()
            rows = order[start : start + batch_size]
            columns = [self._features([texts[row] for row in rows]) for texts in (left, right)]
            labels = torch.tensor([scores[row] for row in rows], device=self._device)
            prepared = time.perf_counter()
            with torch.autocast(self._device, torch.bfloat16) if self._is_half else contextlib.nullcontext():
                loss = loss_of(columns, labels)
            loss.backward()
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
            value = loss.item()  # waits for the device
            steps.append(Step(begin, time.perf_counter(), value, len(rows), extra_waiting=prepared - begin))
        return steps

    def _features(self, texts: list[str]) -> dict:
        features = self._model.preprocess(texts)
        return {key: value.to(self._device) if hasattr(value, "to") else value for key, value in features.items()}

    def peak_device_megabytes(self) -> float | None:
        """See Side."""
        import torch

        return torch.cuda.max_memory_allocated() / 1024**2 if self._device == "cuda" else None


def pearson_of_cosines(vectors: np.ndarray, scores: list[float]) -> float:
    """Of the first half of the vectors with the second half."""
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    left, right = np.split(units.astype(np.float64), 2)
    return float(np.corrcoef((left * right).sum(axis=1), scores)[0, 1])
