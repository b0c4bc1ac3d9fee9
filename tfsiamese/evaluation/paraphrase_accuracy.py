"""How well the most similar pairs of a set of texts are its known duplicates."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from tfsiamese.errors import DataError
from tfsiamese.evaluation.evaluators import checked_metric
from tfsiamese.search import paraphrase_mining
from tfsiamese.search.text_vectors import TextEncoder, encode_distinct

__all__ = ["ParaphraseMiningEvaluator", "evaluate_paraphrase_mining", "transitive_closure"]

_METRICS = ("average_precision", "f1", "precision", "recall", "threshold")
_MOST_SHOWN = 5


def evaluate_paraphrase_mining(
    encoder: TextEncoder,
    texts: Mapping[str, str],
    duplicates: Iterable[tuple[str, str]],
    *,
    top_k: int = 100,
    max_pairs: int = 500_000,
    batch_size: int = 64,
    show_progress: bool = False,
) -> dict[str, float]:
    """Finds the most similar pairs among all texts, and measures how many of them are duplicates.

    Recall counts all duplicates, also those that are not among the pairs that were found. Equal similarities are never
    split.

    Args:
        encoder: has `encode`, as `load_encoder` gives it.
        texts: id to text, at least two.
        duplicates: pairs of ids, in either order. What is not there is not a duplicate; see `transitive_closure`.
        top_k: how many neighbours of each text to look at.
        max_pairs: how many pairs to look at in all, the most similar ones.
        batch_size: texts that the encoder takes at once. Each distinct text is encoded once.
        show_progress: passed on to the encoder.

    Returns:
        `average_precision`; `f1` at the best threshold on the cosine, and its `precision`, `recall` and `threshold`.
        All are 0 where no duplicate was found.

    Raises:
        DataError: there are fewer than two texts, no duplicates, or a duplicate names an id that is not there or one
            id twice.
        EncoderError: the encoder gave vectors that are not finite.
    """
    ids = list(texts)
    known = _checked_duplicates(ids, duplicates)
    encoded = encode_distinct(encoder, texts.values(), batch_size=batch_size, show_progress=show_progress)
    found = paraphrase_mining(encoded.of(texts.values()), top_k=top_k, max_pairs=max_pairs)
    correct = np.array([(left, right) in known for _, left, right in found], bool)
    return _metrics(np.array([score for score, _, _ in found], np.float64), correct, len(known))


def transitive_closure(duplicates: Iterable[tuple[str, str]]) -> set[tuple[str, str]]:
    """All pairs within each group that duplicates connect: with (a, b) and (b, c) also (a, c).

    Returns:
        Pairs of ids, each in sorted order.
    """
    pairs = list(duplicates)
    row_of = {identifier: row for row, identifier in enumerate(dict.fromkeys(one for pair in pairs for one in pair))}
    if not row_of:
        return set()
    rows = np.array([[row_of[left], row_of[right]] for left, right in pairs])
    graph = coo_array((np.ones(len(rows)), rows.T), shape=(len(row_of), len(row_of)))
    groups: dict[int, list[str]] = {}
    for identifier, group in zip(row_of, connected_components(graph, directed=False)[1], strict=True):
        groups.setdefault(int(group), []).append(identifier)
    return {(one, other) for group in groups.values() for one in group for other in group if one < other}


class ParaphraseMiningEvaluator:
    """`evaluate_paraphrase_mining` on data that is checked once.

    Args:
        texts: id to text, at least two.
        duplicates: pairs of ids, in either order.
        name: what its metrics are called by among those of others.
        primary_metric: the key that tells which of two encoders is better.
        top_k: how many neighbours of each text to look at.
        max_pairs: how many pairs to look at in all.
        batch_size: texts that the encoder takes at once.

    Raises:
        DataError: the data cannot be used.
        SettingsError: `primary_metric` is not one of the keys.
    """

    def __init__(
        self,
        texts: Mapping[str, str],
        duplicates: Iterable[tuple[str, str]],
        name: str = "paraphrases",
        *,
        primary_metric: str = "average_precision",
        top_k: int = 100,
        max_pairs: int = 500_000,
        batch_size: int = 64,
    ):
        self.name = name
        self.metric_names = _METRICS[:-1]
        self.primary_metric = checked_metric(primary_metric, self.metric_names)
        self.greater_is_better = True
        self._texts = dict(texts)
        self._duplicates = list(duplicates)
        self._top_k = top_k
        self._max_pairs = max_pairs
        self._batch_size = batch_size
        _checked_duplicates(list(self._texts), self._duplicates)

    def get_config(self) -> dict[str, Any]:
        """What it measures on and with, as a JSON object."""
        duplicates = sorted({(min(pair), max(pair)) for pair in self._duplicates})
        content = json.dumps([sorted(self._texts.items()), duplicates])
        config = {"name": self.name, "texts": len(self._texts), "duplicates": len(duplicates)}
        config |= {"fingerprint": hashlib.sha256(content.encode()).hexdigest()}
        return config | {"top_k": self._top_k, "max_pairs": self._max_pairs}

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """The metrics of `evaluate_paraphrase_mining`."""
        return evaluate_paraphrase_mining(
            encoder,
            self._texts,
            self._duplicates,
            top_k=self._top_k,
            max_pairs=self._max_pairs,
            batch_size=self._batch_size,
        )


def _checked_duplicates(ids: list[str], duplicates: Iterable[tuple[str, str]]) -> set[tuple[int, int]]:
    """The duplicates as positions of texts, the lower one first."""
    if len(ids) < 2:
        raise DataError(f"Paraphrases are pairs of texts. Expected at least two texts. Received: {len(ids)}.")
    position = {identifier: index for index, identifier in enumerate(ids)}
    pairs = [tuple(pair) for pair in duplicates]
    if not pairs:
        raise DataError("There are no duplicates. Expected at least one pair of ids.")
    wrong = [pair for pair in pairs if len(set(pair)) != 2 or not set(pair) <= position.keys()]
    if wrong:
        shown = ", ".join(map(str, wrong[:_MOST_SHOWN])) + (", …" if len(wrong) > _MOST_SHOWN else "")
        raise DataError(
            f"{len(wrong)} duplicate{'s' if len(wrong) > 1 else ''} cannot be used: {shown}. "
            "Expected two different ids of the texts in each."
        )
    rows = ((position[left], position[right]) for left, right in pairs)
    return {(min(pair), max(pair)) for pair in rows}


def _metrics(scores: np.ndarray, correct: np.ndarray, num_duplicates: int) -> dict[str, float]:
    """The metrics for pairs that are sorted by score, highest first."""
    if not correct.any():
        return dict.fromkeys(_METRICS, 0.0)
    last_of_tie = np.append(np.flatnonzero(np.diff(scores)), len(scores) - 1)
    num_correct = np.cumsum(correct)[last_of_tie]
    precision, recall = num_correct / (last_of_tie + 1), num_correct / num_duplicates
    f1 = 2.0 * num_correct / (last_of_tie + 1 + num_duplicates)
    best = int(np.argmax(f1))
    left_out = min(last_of_tie[best] + 1, len(scores) - 1)
    return {
        "average_precision": float(np.sum(np.diff(recall, prepend=0.0) * precision)),
        "f1": float(f1[best]),
        "precision": float(precision[best]),
        "recall": float(recall[best]),
        "threshold": float((scores[last_of_tie[best]] + scores[left_out]) / 2.0),
    }
