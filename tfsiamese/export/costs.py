"""What a smaller variant costs, measured on the SavedModel as it was written."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfsiamese.encoders import Encoder, SavedModelEncoder
from tfsiamese.errors import ExportError
from tfsiamese.export.settings import ExportSettings
from tfsiamese.search import truncate_embeddings

__all__ = ["measure_costs"]

_logger = logging.getLogger(__name__)


def measure_costs(encoder: Encoder, folder: Path, settings: ExportSettings, texts: Sequence[str]) -> dict[str, Any]:
    """Compares the SavedModel in `folder` with the encoder that it was made of.

    Args:
        encoder: before it was made smaller.
        folder: the SavedModel.
        settings: name the evaluator and the tolerance.
        texts: whose vectors are compared.

    Returns:
        `vectors`: mean and least cosine of exported vectors and the encoder's own, cut to the same dimension, or None
        in float32; `export`: the evaluator's primary metric of both, and the loss, or None without an evaluator.

    Raises:
        ExportError: the loss is above the tolerance, or a vector is not finite.
    """
    exported = SavedModelEncoder(folder)
    vectors = _compare_vectors(encoder, exported, texts)
    return {
        # Of vectors that are only cut nothing is to be seen here.
        "vectors": None if settings.precision == "float32" else vectors,
        "export": _compare_metrics(encoder, exported, settings),
    }


def _compare_vectors(encoder: Encoder, exported: Encoder, texts: Sequence[str]) -> dict[str, Any]:
    texts = list(texts) or ["a text"]
    before, after = encoder.encode(texts), exported.encode(texts)
    if not np.isfinite(after).all():
        raise ExportError("The exported model gives vectors that are not finite. Export it with another precision.")
    before = truncate_embeddings(before, after.shape[1])
    lengths = np.linalg.norm(before, axis=1) * np.linalg.norm(after, axis=1)
    cosines = np.sum(before * after, axis=1)[lengths > 0] / lengths[lengths > 0]
    if not len(cosines):
        return {"texts": len(texts), "mean_cosine": None, "min_cosine": None}
    return {
        "texts": len(texts),
        "mean_cosine": round(float(cosines.mean()), 6),
        "min_cosine": round(float(cosines.min()), 6),
    }


def _compare_metrics(encoder: Encoder, exported: Encoder, settings: ExportSettings) -> dict[str, Any] | None:
    evaluator = settings.evaluator
    if evaluator is None:
        _logger.warning(
            "what this costs on a task is not measured: give STS data or pairs (--sts, --pairs, evaluator=)"
        )
        return None
    name = evaluator.primary_metric
    before, after = float(evaluator(encoder)[name]), float(evaluator(exported)[name])
    loss = before - after if evaluator.greater_is_better else after - before
    if not loss <= settings.tolerance:
        made = [f"precision {settings.precision}"] if settings.precision != "float32" else []
        made += [f"dimension {settings.dimension}"] if settings.dimension is not None else []
        raise ExportError(
            f"{name} goes from {before:.4f} to {after:.4f} with {' and '.join(made)}, a loss of {loss:.4f}. Expected "
            f"at most {settings.tolerance:g}. Choose a higher precision or dimension, or state another tolerance "
            "(--tolerance). Nothing was exported."
        )
    describe = getattr(evaluator, "get_config", dict)
    return {
        "name": name,
        "float32": before,
        "exported": after,
        "loss": loss,
        "tolerance": float(settings.tolerance),
        "evaluator": describe(),
    }
