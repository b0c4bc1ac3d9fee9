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
from tfsiamese.generation.setting_checks import require_whole

__all__ = ["GenerationSettings"]

_MOST_PAIRS = 1000


@dataclass(frozen=True)
class GenerationSettings:
    """How documents become pairs.

    Attributes:
        text_columns: the columns of .csv and .tsv files that hold the text; each row is a document.
        title_column: the column that holds the title of a row.
        encoding: of plain text and of tables.
        chunks: how documents are cut.
        num_pairs: pairs that are asked for of each chunk, 1 to 1000.
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
        require_whole("num_pairs", self.num_pairs, 1)
        require_whole("seed", self.seed, 0)
        if self.num_pairs > _MOST_PAIRS:
            raise SettingsError(f"Expected num_pairs to be at most {_MOST_PAIRS}. Received: {self.num_pairs}.")
        if self.max_output_tokens is not None:
            require_whole("max_output_tokens", self.max_output_tokens, 1)
        if self.temperature is not None and not 0 <= _number(self.temperature) < math.inf:
            raise SettingsError(f"Expected temperature to be 0 or more. Received: {self.temperature!r}.")
        if not 0 <= _number(self.validation) < 1:
            raise SettingsError(f"Expected validation to be from 0 to below 1. Received: {self.validation!r}.")
        if isinstance(self.text_columns, str):
            raise SettingsError(f"Expected text_columns to be a list of names. Received: {self.text_columns!r}.")
        if self.title_column is not None and not self.text_columns:
            raise SettingsError("title_column needs text_columns: the columns that hold the text of a row.")


def _number(value: object) -> float:
    return float(value) if isinstance(value, numbers.Real) and not isinstance(value, bool) else math.nan
