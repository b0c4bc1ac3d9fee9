"""What counts as a hard negative."""

import math
import numbers
from dataclasses import dataclass

from tfsiamese.errors import SettingsError

__all__ = ["METHODS", "SAMPLING_STRATEGIES", "MiningSettings"]

METHODS = ("dense", "bm25", "random")
SAMPLING_STRATEGIES = ("top", "random")

_WINDOW = 10


@dataclass(frozen=True)
class MiningSettings:
    """How negatives are chosen. Names and meanings are those of sentence-transformers' `mine_hard_negatives`.

    The texts of the corpus are ranked for each anchor, its known positives left out. Of the first `range_max`, those
    remain whose score passes the filters; the first `range_min` of these are skipped, and `num_negatives` of the rest
    are taken. Scores are cosines of the encoder, or, without one, those of BM25.

    Attributes:
        method: how the corpus is ranked: "dense" (by the encoder's cosine), "bm25" (by the words in common; a text
            without any is no candidate) or "random".
        num_negatives: negatives for each anchor, at most.
        range_min: how many of the best candidates to skip; they may be positives that nobody labelled.
        range_max: how many to look at; by default `range_min + num_negatives`, with ten times `num_negatives` where a
            filter may drop some or where the sampling strategy is "random".
        max_score: the highest score of a negative.
        min_score: the lowest score of a negative.
        absolute_margin: by how much a negative's score is below the positive's, at least; of several positives of an
            anchor, the one with the lowest score counts.
        relative_margin: the same as a fraction of the positive's score: 0.05 keeps negatives up to 95 % of it.
        sampling_strategy: "top" takes the first that remain, "random" any of them.
        seed: decides all that is random.

    Raises:
        SettingsError: a setting is unknown, out of range, or at odds with another.

    Reference: de Souza P. Moreira et al., "NV-Retriever: Improving text embedding models with effective hard-negative
    mining", arXiv:2407.15831, for the margins (TopK-MarginPos and TopK-PercPos).
    """

    method: str = "dense"
    num_negatives: int = 3
    range_min: int = 0
    range_max: int | None = None
    max_score: float | None = None
    min_score: float | None = None
    absolute_margin: float | None = None
    relative_margin: float | None = None
    sampling_strategy: str = "top"
    seed: int = 0

    def __post_init__(self) -> None:
        _require_one_of("method", self.method, METHODS)
        _require_one_of("sampling_strategy", self.sampling_strategy, SAMPLING_STRATEGIES)
        _require_whole("num_negatives", self.num_negatives, 1)
        _require_whole("range_min", self.range_min, 0)
        _require_whole("seed", self.seed, 0)
        for name in ("max_score", "min_score", "absolute_margin", "relative_margin"):
            _require_finite(name, getattr(self, name))
        if self.range_max is not None:
            _require_whole("range_max", self.range_max, 1)
        self._refuse_contradictions()

    def _refuse_contradictions(self) -> None:
        if self.range_max is not None and self.range_max - self.range_min < self.num_negatives:
            raise SettingsError(
                f"range_min={self.range_min} and range_max={self.range_max} leave "
                f"{max(0, self.range_max - self.range_min)} candidates for num_negatives={self.num_negatives}. "
                "Expected at least as many: raise range_max, or lower the others."
            )
        if self.min_score is not None and self.max_score is not None and self.min_score > self.max_score:
            raise SettingsError(
                f"Expected min_score to be at most max_score. Received: min_score={self.min_score}, "
                f"max_score={self.max_score}."
            )
        if self.method == "random" and (self.range_min or self.range_max is not None):
            raise SettingsError(
                'The method "random" knows no ranks. Expected neither range_min nor range_max: leave them out, or take '
                'the method "dense" or "bm25".'
            )

    @property
    def has_margin(self) -> bool:
        """Whether the positive's score decides about negatives."""
        return self.absolute_margin is not None or self.relative_margin is not None

    @property
    def has_filter(self) -> bool:
        """Whether a candidate's score decides about it."""
        return self.has_margin or self.max_score is not None or self.min_score is not None

    @property
    def window(self) -> int:
        """The number of candidates that are looked at: `range_max`, or its default."""
        if self.range_max is not None:
            return self.range_max
        some_may_go = self.has_filter or self.sampling_strategy == "random"
        return self.range_min + self.num_negatives * (_WINDOW if some_may_go else 1)


def _require_one_of(name: str, value: str, known: tuple[str, ...]) -> None:
    if value not in known:
        raise SettingsError(f"Unknown {name} {value!r}. Expected one of {', '.join(known)}.")


def _require_whole(name: str, value: int, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise SettingsError(f"Expected {name} to be a whole number from {least}. Received: {name}={value!r}.")


def _require_finite(name: str, value: float | None) -> None:
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not math.isfinite(value):
        raise SettingsError(f"Expected {name} to be a finite number. Received: {name}={value!r}.")
