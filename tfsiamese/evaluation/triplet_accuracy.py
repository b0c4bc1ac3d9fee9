"""How often an anchor is nearer to its positive than to a negative."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.evaluation.evaluators import checked_metric
from tfsiamese.evaluation.pair_vectors import PairVectors
from tfsiamese.evaluation.triplet_source import TripletSource, load_triplets
from tfsiamese.pairs import Triplets
from tfsiamese.search.prompts import retrieval_prompts
from tfsiamese.search.text_vectors import TextEncoder, encode_sides

__all__ = ["TRIPLET_SIMILARITIES", "TripletEvaluator", "evaluate_triplets"]

TRIPLET_SIMILARITIES = ("cosine", "dot", "euclidean", "manhattan")

_TRIPLETS_AT_ONCE = 8192


def evaluate_triplets(
    encoder: TextEncoder,
    triplets: TripletSource,
    *,
    similarities: Sequence[str] = TRIPLET_SIMILARITIES,
    batch_size: int = 64,
    show_progress: bool = False,
    query_prompt: str | None = None,
    passage_prompt: str | None = None,
) -> dict[str, float]:
    """The share of triplets (anchor, positive, negative) whose anchor is more similar to the positive.

    A row with several negatives is as many triplets; one without is none. An equal similarity counts as a miss, so that
    a collapsed encoder has 0.

    Args:
        encoder: has `encode`, as `load_encoder` gives it.
        triplets: `Triplets`, or the path of a file that `read_examples` reads as such.
        similarities: of "cosine", "dot", and "euclidean" and "manhattan", where nearer is more similar.
        batch_size: texts that the encoder takes at once. Each distinct text is encoded once.
        show_progress: passed on to the encoder.
        query_prompt: what stands before each anchor: the name of one of the encoder's prompts, or a text; "" for
            nothing. By default its prompt "query", if it has one.
        passage_prompt: the same for positives and negatives; by default its prompt "passage", "document" or "corpus".

    Returns:
        `accuracy_cosine`, `accuracy_dot`, `accuracy_euclidean`, `accuracy_manhattan`, from 0 to 1.

    Raises:
        DataError: the file cannot be used, or no row has a negative.
        EncoderError: the encoder gave vectors that are not finite.
        SettingsError: a similarity is unknown, or a prompt cannot be used.
    """
    keys = _metric_names(similarities)
    triplets = _with_negatives(load_triplets(triplets))
    texts = [*triplets.positives, *(text for texts in triplets.negatives for text in texts)]
    prompts = retrieval_prompts(encoder, query_prompt, passage_prompt)
    asked, encoded = encode_sides(
        encoder, triplets.anchors, texts, prompts, batch_size=batch_size, show_progress=show_progress
    )
    rows = _triplet_rows(triplets, asked.rows, encoded.rows)
    hits = np.zeros(len(keys), np.int64)
    for start in range(0, len(rows), _TRIPLETS_AT_ONCE):
        of_anchors, *of_texts = rows[start : start + _TRIPLETS_AT_ONCE].T
        anchors, (positives, negatives) = asked.vectors[of_anchors], (encoded.vectors[part] for part in of_texts)
        for index, similarity in enumerate(similarities):
            nearer = _similarity(similarity, anchors, positives) > _similarity(similarity, anchors, negatives)
            hits[index] += np.count_nonzero(nearer)
    return {key: float(count / len(rows)) for key, count in zip(keys, hits, strict=True)}


class TripletEvaluator:
    """`evaluate_triplets` on data that is read once.

    Args:
        triplets: `Triplets`, or the path of a file that `read_examples` reads as such.
        name: what its metrics are called by among those of others.
        primary_metric: the key that tells which of two encoders is better.
        similarities: of "cosine", "dot", "euclidean" and "manhattan".
        batch_size: texts that the encoder takes at once.
        query_prompt: as `evaluate_triplets` takes it.
        passage_prompt: as `evaluate_triplets` takes it.

    Raises:
        DataError: the data cannot be used.
        SettingsError: a similarity is unknown, or `primary_metric` is not one of the keys.
    """

    def __init__(
        self,
        triplets: TripletSource,
        name: str = "triplets",
        *,
        primary_metric: str = "accuracy_cosine",
        similarities: Sequence[str] = TRIPLET_SIMILARITIES,
        batch_size: int = 64,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
    ):
        self.name = name
        self.metric_names = _metric_names(similarities)
        self.primary_metric = checked_metric(primary_metric, self.metric_names)
        self.greater_is_better = True
        self._similarities = tuple(similarities)
        self._batch_size = batch_size
        self._prompts: dict[str, Any] = {"query_prompt": query_prompt, "passage_prompt": passage_prompt}
        self._triplets = _with_negatives(load_triplets(triplets))

    def get_config(self) -> dict[str, Any]:
        """What it measures on, as a JSON object."""
        triplets = self._triplets
        config = {"name": self.name, "triplets": triplets.num_negatives, "fingerprint": triplets.fingerprint}
        return config | self._prompts

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """The metrics of `evaluate_triplets`."""
        return evaluate_triplets(
            encoder, self._triplets, similarities=self._similarities, batch_size=self._batch_size, **self._prompts
        )


def _metric_names(similarities: Sequence[str]) -> tuple[str, ...]:
    unknown = [name for name in similarities if name not in TRIPLET_SIMILARITIES]
    if unknown or not similarities or len(set(similarities)) < len(similarities):
        raise SettingsError(
            f"Expected different ones of {', '.join(TRIPLET_SIMILARITIES)} as similarities. "
            f"Received: {', '.join(map(str, similarities)) or 'none'}."
        )
    return tuple(f"accuracy_{name}" for name in similarities)


def _with_negatives(triplets: Triplets) -> Triplets:
    if not any(triplets.negatives):
        raise DataError(f"{triplets.source}: no row has a negative. Expected at least one to compare positives with.")
    return triplets


def _triplet_rows(triplets: Triplets, anchor_rows: dict[str, int], rows: dict[str, int]) -> np.ndarray:
    """The rows of anchor, positive and negative of each triplet, int64 [triplets, 3]."""
    return np.array(
        [
            (anchor_rows[anchor], rows[positive], rows[negative])
            for anchor, positive, negatives in zip(
                triplets.anchors, triplets.positives, triplets.negatives, strict=True
            )
            for negative in negatives
        ]
    )


def _similarity(name: str, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """The similarity of row and row, float64 [n]; distances count below zero."""
    if name in ("cosine", "dot"):
        return PairVectors(left, right).similarity(name)
    difference = np.subtract(left, right, dtype=np.float64)
    return -np.linalg.norm(difference, ord=2 if name == "euclidean" else 1, axis=1)
