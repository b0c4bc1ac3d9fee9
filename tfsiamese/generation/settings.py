"""All that decides what becomes of documents."""

import math
import numbers
import os
from collections.abc import Sequence
from dataclasses import dataclass, field

from tfsiamese.errors import SettingsError
from tfsiamese.generation.chunks import ChunkSettings
from tfsiamese.generation.quality import FilterSettings
from tfsiamese.generation.runs import RequestLimits

__all__ = ["GenerationSettings"]


@dataclass(frozen=True)
class GenerationSettings:
    """How documents become pairs.

    Attributes:
        text_columns: the columns of .csv and .tsv files that hold the text; each row is a document.
        title_column: the column that holds the title of a row.
        encoding: of plain text and of tables.
        chunks: how documents are cut.
        num_pairs: pairs that are asked for of each chunk.
        language: of the pairs, as a code of ISO 639-1 such as "de"; None for that of each chunk.
        prompt: a file to use in place of the task's own prompt.
        temperature: of sampling, 0 or more; None for the model's own.
        max_output_tokens: where an answer is cut; None for the model's own limit.
        limits: of requests.
        filters: which pairs are dropped.
        validation: the share of the documents that is kept apart, 0 to below 1; 0 for none.
        seed: decides all that is random.

    Raises:
        SettingsError: a setting is out of range.
    """

    text_columns: Sequence[str] = ()
    title_column: str | None = None
    encoding: str = "utf-8"
    chunks: ChunkSettings = field(default_factory=ChunkSettings)
    num_pairs: int = 3
    language: str | None = None
    prompt: str | os.PathLike[str] | None = None
    temperature: float | None = None
    max_output_tokens: int | None = None
    limits: RequestLimits = field(default_factory=RequestLimits)
    filters: FilterSettings = field(default_factory=FilterSettings)
    validation: float = 0.0
    seed: int = 0

    def __post_init__(self) -> None:
        _require_whole("num_pairs", self.num_pairs, 1)
        _require_whole("seed", self.seed, 0)
        if self.max_output_tokens is not None:
            _require_whole("max_output_tokens", self.max_output_tokens, 1)
        if self.temperature is not None and not (_is_number(self.temperature) and self.temperature >= 0):
            raise SettingsError(f"Expected temperature to be 0 or more. Received: {self.temperature!r}.")
        if not (_is_number(self.validation) and 0 <= self.validation < 1):
            raise SettingsError(f"Expected validation to be from 0 to below 1. Received: {self.validation!r}.")
        if isinstance(self.text_columns, str):
            raise SettingsError(f"Expected text_columns to be a list of names. Received: {self.text_columns!r}.")


def _is_number(value: object) -> bool:
    return isinstance(value, numbers.Real) and not isinstance(value, bool) and math.isfinite(value)


def _require_whole(name: str, value: object, lowest: int) -> None:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < lowest:
        raise SettingsError(f"Expected {name} to be a whole number of {lowest} or more. Received: {value!r}.")
