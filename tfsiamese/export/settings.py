"""What a user chooses about an export."""

import numbers
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from tfsiamese.encoders import Encoder
from tfsiamese.errors import ExportError
from tfsiamese.export.compression import PRECISIONS
from tfsiamese.export.corpus import Corpus
from tfsiamese.servables import check_model_name
from tfsiamese.siamese import HEADS
from tfsiamese.suggestions import did_you_mean

__all__ = ["ExportEvaluator", "ExportSettings"]

_LARGEST_BATCH = 4096


class ExportEvaluator(Protocol):
    """Measures an encoder, as `StsEvaluator` and `PairEvaluator` do."""

    primary_metric: str
    greater_is_better: bool

    def __call__(self, encoder: Encoder) -> Mapping[str, float]:
        """Metrics by name."""


@dataclass(frozen=True)
class ExportSettings:
    """How an encoder is exported.

    Attributes:
        head: what `score` of the signature `similarity` is: "angular" (the default), "cosine" or "dot"; the head of a
            siamese model by default.
        precision: of the stored weights: "float32", "float16" or "int8". Vectors are float32 in any case.
        dimension: keep so many leading numbers of each vector, and divide by the length of what is kept (Matryoshka,
            arXiv:2205.13147); None for the vectors as they are.
        corpus: texts that the signature `top_k` searches.
        top_k: how many of them it finds.
        evaluator: measures what `precision` and `dimension` cost.
        tolerance: the most that the evaluator's primary metric may lose by them.
        name: the model's name; by default the name of the folder.
        label: a name for the version, such as "stable" or "canary".
        keep_last: how many of the newest versions stay, beside those with a label; None for all.
        max_batch_size: the most texts that a server joins to a batch; by default what the model's folder says, or 64.
        warmup_texts: what the model is warmed up with; by default texts of the training data where the encoder comes
            from a run folder, and otherwise texts of no domain. None at all for an empty list.
        check: load the model in a fresh process, by TensorFlow alone, and run each signature before it is published.
    """

    head: str | None = None
    precision: str = "float32"
    dimension: int | None = None
    corpus: Corpus | None = None
    top_k: int = 10
    evaluator: ExportEvaluator | None = None
    tolerance: float = 0.01
    name: str | None = None
    label: str | None = None
    keep_last: int | None = None
    max_batch_size: int | None = None
    warmup_texts: Sequence[str] | None = None
    check: bool = False

    def __post_init__(self) -> None:
        if self.head is not None:
            _require_one_of("head", self.head, HEADS)
        _require_one_of("precision", self.precision, PRECISIONS)
        for name in ("dimension", "top_k", "keep_last", "max_batch_size"):
            value = getattr(self, name)
            if value is not None and (type(value) is not int or value < 1):
                raise ExportError(f"Expected {name} to be a positive integer. Received: {name}={value!r}.")
        if self.max_batch_size is not None and self.max_batch_size > _LARGEST_BATCH:
            raise ExportError(
                f"Expected max_batch_size up to {_LARGEST_BATCH:,}, since a server is warmed up with batches of that "
                f"size. Received: {self.max_batch_size}."
            )
        if self.corpus is not None and not isinstance(self.corpus, Corpus):
            raise ExportError(f"Expected corpus to be a Corpus. Received: {type(self.corpus).__name__}.")
        if self.evaluator is not None and not (callable(self.evaluator) and hasattr(self.evaluator, "primary_metric")):
            raise ExportError(f"Expected an evaluator, such as StsEvaluator. Received: {self.evaluator!r:.60}.")
        if not isinstance(self.tolerance, numbers.Real) or not self.tolerance >= 0:
            raise ExportError(f"Expected the tolerance to be a number from 0 up. Received: {self.tolerance!r}.")
        if self.name is not None:
            check_model_name(self.name)
        if self.label is not None:
            check_model_name(self.label, "a version's label")

    def model_name(self, base: Path) -> str:
        """The name of the model whose versions are in `base`.

        Raises:
            ExportError: the folder's name cannot be one.
        """
        name = self.name or base.resolve().name
        check_model_name(name, "the folder's name, or --name (name=),")
        return name

    @property
    def is_variant(self) -> bool:
        """Whether the exported vectors differ from the encoder's."""
        return self.precision != "float32" or self.dimension is not None


def _require_one_of(name: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise ExportError(
            f"Unknown {name} {value!r}.{did_you_mean(str(value), known)} Expected one of {', '.join(known)}."
        )
