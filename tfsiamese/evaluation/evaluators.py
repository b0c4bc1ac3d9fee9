"""Evaluations that training can repeat: the data is read and checked when they are made, the encoder comes later."""

import os
from collections.abc import Sequence
from typing import Any, Protocol

from tfsiamese.errors import SettingsError
from tfsiamese.evaluation.labelled_pairs import evaluate_pairs, pair_metric_names
from tfsiamese.evaluation.pair_vectors import TextEncoder, checked_head
from tfsiamese.evaluation.sts import STS_METRIC_NAMES, StsSource, evaluate_sts, load_sts
from tfsiamese.pairs import Pairs, read_pairs

__all__ = ["Evaluator", "EvaluatorSequence", "PairEvaluator", "StsEvaluator", "checked_metric", "evaluate"]

_SMALLER_IS_BETTER = ("mae", "mse")
_NEITHER_IS_BETTER = ("pairs", "accuracy_threshold", "f1_threshold", "mcc_threshold", "threshold")


class Evaluator(Protocol):
    """What training asks of an evaluator.

    Those of this package also have `metric_names`, the keys that can be compared, which an `EvaluatorSequence` chooses
    from.

    Attributes:
        name: what its metrics are called by among those of others.
        primary_metric: the key of its result that tells which of two encoders is better.
        greater_is_better: the direction of that metric.
    """

    name: str
    primary_metric: str
    greater_is_better: bool

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """Named scores, with the same keys at each call."""


class StsEvaluator:
    """`evaluate_sts` on data that is read once.

    Args:
        source: a file, `Pairs`, or a list of them, as `evaluate_sts` takes it.
        name: what its metrics are called by among those of others.
        primary_metric: the key that tells which of two encoders is better.
        batch_size: texts that the encoder takes at once.
        score_range: the lowest and highest score a file can hold; see `read_sts`.
        prompt: as `evaluate_sts` takes it.

    Raises:
        DataError: the data cannot be used, or no correlation is defined on it.
        SettingsError: `primary_metric` is not one of the keys.
    """

    def __init__(
        self,
        source: StsSource,
        name: str = "sts",
        *,
        primary_metric: str = "pearson_cosine",
        batch_size: int = 64,
        score_range: tuple[float, float] | None = None,
        prompt: str | None = None,
    ):
        self.name = name
        self.metric_names = _comparable(STS_METRIC_NAMES)
        self.primary_metric = checked_metric(primary_metric, self.metric_names)
        self.greater_is_better = True
        self._pairs = load_sts(source, score_range=score_range)
        self._batch_size = batch_size
        self._prompt = prompt

    def get_config(self) -> dict[str, Any]:
        """What it measures on, as a JSON object."""
        fingerprints = [pairs.fingerprint for pairs in self._pairs]
        return {"name": self.name, "fingerprints": fingerprints, "prompt": self._prompt}

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """The metrics of `evaluate_sts`."""
        return evaluate_sts(encoder, self._pairs, batch_size=self._batch_size, prompt=self._prompt)


class PairEvaluator:
    """`evaluate_pairs` on data that is read once.

    Args:
        pairs: labelled pairs, or the path of a file that `read_pairs` reads.
        name: what its metrics are called by among those of others.
        head: "angular", "cosine" or "dot".
        primary_metric: the key that tells which of two encoders is better. By default "average_precision" where all
            scores are 0 or 1, "pearson" where they vary otherwise, and "mae" where they are all the same.
        batch_size: texts that the encoder takes at once.
        query_prompt: of the left texts, as `evaluate_pairs` takes it.
        passage_prompt: of the right texts.

    Raises:
        DataError: the data cannot be used.
        SettingsError: the head is unknown, or `primary_metric` is not one of the keys that these pairs give.
    """

    def __init__(
        self,
        pairs: Pairs | str | os.PathLike[str],
        name: str = "validation",
        head: str = "angular",
        *,
        primary_metric: str | None = None,
        batch_size: int = 64,
        query_prompt: str | None = None,
        passage_prompt: str | None = None,
    ):
        self.name = name
        self._head = checked_head(head)
        self._batch_size = batch_size
        self._prompts: dict[str, Any] = {"query_prompt": query_prompt, "passage_prompt": passage_prompt}
        self._pairs = read_pairs(pairs) if isinstance(pairs, str | os.PathLike) else pairs
        keys = pair_metric_names(self._pairs.scores)
        default = next(key for key in ("average_precision", "pearson", "mae") if key in keys)
        self.metric_names = _comparable(keys)
        self.primary_metric = default if primary_metric is None else checked_metric(primary_metric, keys)
        self.greater_is_better = _greater_is_better(self.primary_metric)

    def get_config(self) -> dict[str, Any]:
        """What it measures on and with, as a JSON object."""
        config = {"name": self.name, "pairs": len(self._pairs), "fingerprint": self._pairs.fingerprint}
        return config | {"head": self._head} | self._prompts

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """The metrics of `evaluate_pairs`."""
        return evaluate_pairs(encoder, self._pairs, head=self._head, batch_size=self._batch_size, **self._prompts)


class EvaluatorSequence:
    """Several evaluators as one.

    Each metric is prefixed with its evaluator's name: `sts_pearson_cosine`, `validation_mae`.

    Args:
        evaluators: at least one, each with a name of its own.
        name: what its metrics are called by among those of others.
        primary_metric: the key that tells which of two encoders is better, such as "retrieval_map@100"; by default the
            primary metric of the first evaluator.

    Raises:
        SettingsError: there are no evaluators, or two of one name, or `primary_metric` is not one of the keys.
    """

    def __init__(self, evaluators: Sequence[Evaluator], name: str = "evaluation", *, primary_metric: str | None = None):
        self.name = name
        self._evaluators = _checked_evaluators(evaluators)
        directions = _directions(self._evaluators)
        self.metric_names = tuple(directions)
        first = self._evaluators[0]
        default = f"{first.name}_{first.primary_metric}"
        self.primary_metric = default if primary_metric is None else checked_metric(primary_metric, self.metric_names)
        self.greater_is_better = directions[self.primary_metric]

    def get_config(self) -> dict[str, Any]:
        """What each of them measures on, by name, as far as they say so."""
        config: dict[str, Any] = {"name": self.name}
        for evaluator in self._evaluators:
            config[evaluator.name] = getattr(evaluator, "get_config", dict)()
        return config

    def __call__(self, encoder: TextEncoder) -> dict[str, float]:
        """The metrics of all of them, in their order, without the counts of pairs."""
        return {
            f"{name}_{key}": value
            for name, metrics in evaluate(encoder, self._evaluators).items()
            for key, value in metrics.items()
            if key != "pairs"
        }


def evaluate(encoder: TextEncoder, evaluators: Sequence[Evaluator]) -> dict[str, dict[str, float]]:
    """The metrics of each evaluator under its name, ready for JSON: `{"sts": {…}, "pairs": {…}}`.

    Args:
        encoder: has `encode`, as `load_encoder` gives it.
        evaluators: at least one, each with a name of its own.

    Raises:
        SettingsError: there are no evaluators, or two of one name.

    Example:
        >>> evaluate(encoder, [StsEvaluator("stsb-en-dev.csv"), PairEvaluator("jobs.csv", name="pairs")])
        {'sts': {'pearson_cosine': 0.8343, …}, 'pairs': {'mae': 0.13, …}}
    """
    return {evaluator.name: evaluator(encoder) for evaluator in _checked_evaluators(evaluators)}


def _checked_evaluators(evaluators: Sequence[Evaluator]) -> list[Evaluator]:
    evaluators = list(evaluators)
    names = [evaluator.name for evaluator in evaluators]
    if not evaluators:
        raise SettingsError("There is nothing to evaluate with. Expected at least one evaluator.")
    if len(set(names)) < len(names):
        raise SettingsError(f"Each evaluator needs a name of its own. Received: {', '.join(names)}. Pass name=….")
    return evaluators


def checked_metric(metric: str, keys: Sequence[str]) -> str:
    """Returns `metric`, or raises a SettingsError where it is not one of those `keys` that can be compared."""
    if metric not in _comparable(keys):
        raise SettingsError(f"Unknown primary metric {metric!r}. Expected one of {', '.join(_comparable(keys))}.")
    return metric


def _comparable(keys: Sequence[str]) -> tuple[str, ...]:
    return tuple(key for key in keys if key not in _NEITHER_IS_BETTER)


def _directions(evaluators: Sequence[Evaluator]) -> dict[str, bool]:
    """The prefixed keys that can be compared, and whether greater is better; of strangers only the primary one."""
    directions = {}
    for evaluator in evaluators:
        for key in getattr(evaluator, "metric_names", ()):
            directions[f"{evaluator.name}_{key}"] = _greater_is_better(key)
        directions[f"{evaluator.name}_{evaluator.primary_metric}"] = evaluator.greater_is_better
    return directions


def _greater_is_better(metric: str) -> bool:
    """By the last word of the name, since a sequence within a sequence adds words in front."""
    return metric.rpartition("_")[2] not in _SMALLER_IS_BETTER
