"""How well similarity sorts a query's own candidates: the positives before the negatives."""

import hashlib
import json
import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation.binary_metrics import average_precision
from tfsiamese.evaluation.evaluators import checked_metric
from tfsiamese.evaluation.pair_vectors import PairVectors, checked_head
from tfsiamese.evaluation.ranking_metrics import ndcg_at, reciprocal_rank_at
from tfsiamese.evaluation.triplet_source import load_triplets
from tfsiamese.pairs import Triplets
from tfsiamese.search.prompts import retrieval_prompts
from tfsiamese.search.text_vectors import EncodedTexts, TextEncoder, encode_sides

__all__ = ["RerankingEvaluator", "RerankingSample", "evaluate_reranking", "reranking_samples"]

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class RerankingSample:
    """A query, the texts that answer it, and texts that don't."""

    query: str
    positives: tuple[str, ...]
    negatives: tuple[str, ...]


RerankingSource = Triplets | str | os.PathLike[str] | Sequence[RerankingSample]


def evaluate_reranking(
    encoder: TextEncoder,
    samples: RerankingSource,
    *,
    at: int = 10,
    similarity: str = "cosine",
    batch_size: int = 64,
    show_progress: bool = False,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> dict[str, float]:
    """Sorts the candidates of each query by similarity, and measures the order.

    The metrics are means over the queries. Order among equal similarities is not left to chance: `map` takes them as
    one step and `ndcg` gives each of them their mean gain, both as scikit-learn does; `mrr` puts negatives first.

    Args:
        encoder: has `encode`, as `load_encoder` gives it.
        samples: a list of `RerankingSample`; or `Triplets`, or the path of a file of them, as `reranking_samples`
            merges them. Samples without a positive or without a negative are left out, with a warning.
        at: the rank at which MRR and nDCG are cut.
        similarity: "cosine", "angular" or "dot".
        batch_size: texts that the encoder takes at once. Each distinct text is encoded once.
        show_progress: passed on to the encoder.
        query_prompt: what stands before each query: the name of one of the encoder's prompts, or a text; "" for
            nothing. By default its prompt "query", if it has one.
        passage_prompt: the same for candidates; by default its prompt "passage", "document" or "corpus".

    Returns:
        `map` (over all candidates), `mrr@10` and `ndcg@10`, or what `at` is, from 0 to 1.

    Raises:
        DataError: the file cannot be used, or no sample has positives and negatives.
        EncoderError: the encoder gave vectors that are not finite.
        SettingsError: the similarity is unknown, `at` is not a positive integer, or a prompt cannot be used.
    """
    names = _metric_names(at)
    checked_head(similarity)
    samples = _load_samples(samples)
    queries = [sample.query for sample in samples]
    texts = [text for sample in samples for text in (*sample.positives, *sample.negatives)]
    prompts = retrieval_prompts(encoder, query_prompt, passage_prompt)
    asked, encoded = encode_sides(encoder, queries, texts, prompts, batch_size=batch_size, show_progress=show_progress)
    values = np.array([_sample_metrics(sample, asked, encoded, similarity, at) for sample in samples])
    return dict(zip(names, values.mean(axis=0).tolist(), strict=True))


def reranking_samples(triplets: Triplets) -> list[RerankingSample]:
    """Merges the rows of each anchor: all its positives, and all its negatives that are no positives of it."""
    positives: dict[str, dict[str, None]] = {}
    negatives: dict[str, dict[str, None]] = {}
    for anchor, positive, others in zip(triplets.anchors, triplets.positives, triplets.negatives, strict=True):
        positives.setdefault(anchor, {})[positive] = None
        negatives.setdefault(anchor, {}).update(dict.fromkeys(others))
    return [
        RerankingSample(anchor, tuple(found), tuple(text for text in negatives[anchor] if text not in found))
        for anchor, found in positives.items()
    ]


class RerankingEvaluator:
    """`evaluate_reranking` on data that is read once.

    Args:
        samples: as `evaluate_reranking` takes them.
        name: what its metrics are called by among those of others.
        primary_metric: the key that tells which of two encoders is better; by default nDCG.
        at: the rank at which MRR and nDCG are cut.
        similarity: "cosine", "angular" or "dot".
        batch_size: texts that the encoder takes at once.
        query_prompt: as `evaluate_reranking` takes it.
        passage_prompt: as `evaluate_reranking` takes it.

    Raises:
        DataError: the data cannot be used.
        SettingsError: the similarity is unknown, `at` is not a positive integer, or `primary_metric` is not one of the
            keys.
    """

    def __init__(
        self,
        samples: RerankingSource,
        name: str = "reranking",
        *,
        primary_metric: str | None = None,
        at: int = 10,
        similarity: str = "cosine",
        batch_size: int = 64,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
    ):
        self.name = name
        self.metric_names = _metric_names(at)
        self.primary_metric = checked_metric(primary_metric or f"ndcg@{at}", self.metric_names)
        self.greater_is_better = True
        self._at = at
        self._similarity = checked_head(similarity)
        self._batch_size = batch_size
        self._prompts: dict[str, Any] = {"query_prompt": query_prompt, "passage_prompt": passage_prompt}
        self._samples = _load_samples(samples)

    def get_config(self) -> dict[str, Any]:
        """What it measures on and with, as a JSON object."""
        rows = [[sample.query, sample.positives, sample.negatives] for sample in self._samples]
        fingerprint = hashlib.sha256(json.dumps(rows).encode()).hexdigest()
        config = {"name": self.name, "samples": len(rows), "fingerprint": fingerprint}
        return config | {"similarity": self._similarity} | self._prompts

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """The metrics of `evaluate_reranking`."""
        return evaluate_reranking(
            encoder,
            self._samples,
            at=self._at,
            similarity=self._similarity,
            batch_size=self._batch_size,
            **self._prompts,
        )


def _metric_names(at: int) -> tuple[str, ...]:
    if isinstance(at, bool) or not isinstance(at, int) or at < 1:
        raise SettingsError(f"Expected a positive integer as the rank at which to measure. Received: at={at!r}.")
    return "map", f"mrr@{at}", f"ndcg@{at}"


def _load_samples(source: RerankingSource) -> list[RerankingSample]:
    if isinstance(source, Triplets | str | os.PathLike):
        triplets = load_triplets(source)
        samples, where = reranking_samples(triplets), str(triplets.source)
    else:
        samples, where = list(source), "The list of samples"
    usable = [sample for sample in samples if sample.positives and sample.negatives]
    if not usable:
        raise DataError(
            f"{where}: none of {len(samples)} samples has both positives and negatives. Expected both, to sort them."
        )
    if len(usable) < len(samples):
        missing = len(samples) - len(usable)
        logger.warning("%s: %d of %d queries lack positives or negatives: left out.", where, missing, len(samples))
    return usable


def _sample_metrics(
    sample: RerankingSample, asked: EncodedTexts, encoded: EncodedTexts, similarity: str, at: int
) -> tuple[float, float, float]:
    candidates = encoded.of([*sample.positives, *sample.negatives])
    query = np.broadcast_to(asked.of([sample.query]), candidates.shape)
    similarities = PairVectors(query, candidates).similarity(similarity)
    labels = np.repeat([1, 0], [len(sample.positives), len(sample.negatives)])
    negatives_first = labels[np.lexsort((labels, -similarities))]
    return (
        average_precision(similarities, labels),
        float(reciprocal_rank_at(negatives_first, at)),
        float(ndcg_at(_expected_gains(similarities, labels), labels, at)),
    )


def _expected_gains(similarities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The gain at each rank, equal similarities having been sorted in any order equally often; float64 [candidates].

    Reference: McSherry and Najork, "Computing information retrieval performance measures efficiently in the presence of
    tied scores", ECIR 2008.
    """
    _, tie, counts = np.unique(-similarities, return_inverse=True, return_counts=True)
    means = np.bincount(tie, weights=labels) / counts
    return np.repeat(means, counts)
