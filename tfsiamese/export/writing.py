"""Writes one version: the SavedModel, warm-up requests and metadata, each checked before the version is published."""

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import tensorflow as tf

from tfsiamese.encoders import Encoder, EncodingFunction, ReusableParts, write_reusable_saved_model
from tfsiamese.errors import ExportError
from tfsiamese.export.checking import MOST_CHECKED_TEXTS, check_in_fresh_process
from tfsiamese.export.compression import compress
from tfsiamese.export.corpus import search_signature
from tfsiamese.export.costs import measure_costs
from tfsiamese.export.provenance import provenance_of, source_name
from tfsiamese.export.settings import ExportSettings
from tfsiamese.export.warmup_plan import checked_requests, warmup_requests
from tfsiamese.installed import installed_versions
from tfsiamese.servables import (
    SavedModelFile,
    check_servable,
    write_metadata,
    write_warmup_requests,
)

__all__ = ["VersionPlan", "write_version"]


@dataclass(frozen=True)
class VersionPlan:
    """What a version is to be.

    Attributes:
        name: of the model.
        settings: with the head chosen.
        texts: what it will be asked; for warm-up and for checks.
        batch_sizes: of the warm-up requests.
    """

    name: str
    settings: ExportSettings
    texts: Sequence[str]
    batch_sizes: Sequence[int]


def write_version(folder: Path, encoder: Encoder, plan: VersionPlan) -> None:
    """Writes all files of a version into an empty folder, which is not published yet.

    Raises:
        ExportError: something is not as it should be.
        OSError: the folder cannot be written.
    """
    settings, texts = plan.settings, plan.texts
    parts = encoder.reusable_parts()
    if settings.dimension is not None:
        parts = _truncated(parts, settings.dimension, encoder.dimension)
    if settings.precision != "float32":
        parts = compress(parts, settings.precision)
    more = None
    if settings.corpus is not None:
        more = search_signature(encoder, settings.corpus, settings.top_k, settings.precision, settings.dimension)
    write_reusable_saved_model(folder, parts, settings.head or "angular", more)
    check_servable(folder)
    _write_warmup(folder, plan)
    costs = measure_costs(encoder, folder, settings, texts) if settings.is_variant else {}
    write_metadata(folder, _metadata(encoder, plan, costs))
    if settings.check:
        checked = list(texts)[:MOST_CHECKED_TEXTS]
        expected = encoder.encode(checked) if checked and not settings.is_variant else None
        check_in_fresh_process(folder, checked, expected)


def _truncated(parts: ReusableParts, dimension: int, full: int) -> ReusableParts:
    """The parts of an encoder that keeps the leading numbers of each vector, divided by the length of what is kept."""
    if dimension > full:
        raise ExportError(f"Expected dimension from 1 to the encoder's {full}. Received: dimension={dimension}.")

    def truncate(encode: EncodingFunction) -> EncodingFunction:
        return lambda texts: tf.math.l2_normalize(encode(texts)[:, :dimension], axis=-1)

    return replace(
        parts,
        encode=truncate(parts.encode),
        prompted={name: truncate(encode) for name, encode in parts.prompted.items()},
        network_encodes=False,
        restored_call=None,
    )


def _write_warmup(folder: Path, plan: VersionPlan) -> None:
    if not plan.texts:
        return
    requests = warmup_requests(SavedModelFile.read(folder).signatures, plan.texts, plan.batch_sizes)
    loaded = tf.saved_model.load(str(folder))
    checked_requests(loaded.signatures, requests)
    write_warmup_requests(folder, plan.name, requests)


def _metadata(encoder: Encoder, plan: VersionPlan, costs: dict[str, Any]) -> dict[str, Any]:
    origin, settings = provenance_of(encoder), plan.settings
    corpus = settings.corpus
    return {
        "name": plan.name,
        "created": datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"),
        "base": origin["base"],
        "encoder": {
            "source": source_name(encoder.source),
            "fingerprint": encoder.fingerprint,
            "dimension": settings.dimension or encoder.dimension,
            "precision": settings.precision if settings.precision != "float32" else encoder.stored_precision,
            "head": settings.head,
            "max_length": encoder.max_length,
            "prompts": dict(encoder.prompts),
            "default_prompt_name": encoder.default_prompt_name,
            "skips_prompts": encoder.skips_prompts,
        },
        "data": origin["data"],
        "metrics": {
            "training": origin["metrics"],
            "export": costs.get("export"),
            "vectors": costs.get("vectors"),
        },
        "corpus": None
        if corpus is None
        else {"texts": len(corpus), "top_k": settings.top_k, "fingerprint": corpus.fingerprint},
        "versions": installed_versions(),
    }
