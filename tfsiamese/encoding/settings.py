"""What decides the vectors of a file of texts, and the files that they go to."""

from dataclasses import dataclass

from tfsiamese.errors import SettingsError
from tfsiamese.search.quantization import PRECISIONS
from tfsiamese.search.vectors import positive
from tfsiamese.suggestions import did_you_mean

__all__ = ["FORMATS", "VECTOR_PRECISIONS", "EncodingSettings"]

FORMATS = ("npy", "parquet")
VECTOR_PRECISIONS = ("float32", *PRECISIONS)


@dataclass(frozen=True)
class EncodingSettings:
    """The settings of `encode_files`.

    Attributes:
        column: the column, or member, with the texts in files that have columns; by default "text", or the only one.
        id_column: a column that is copied beside the vectors, as text; for Parquet.
        batch_size: texts a batch, at most. It does not decide the vectors, so that a run may be continued with another.
        normalize: divide each vector by its length.
        prompt_name: which of the encoder's prompts to put before each text; "" for none at all.
        prompt: another text to put before each text.
        dimension: keep so many numbers of each vector, the first ones, and divide by its length; None for all.
        precision: "float32", or codes: "int8", "uint8", "binary", "ubinary".
        format: of the shards: "npy" or "parquet".
        shard_size: rows of a shard, at least 1; the last one may have fewer.
        with_text: copy the texts beside the vectors; for Parquet.

    Raises:
        SettingsError: a setting cannot be used, or does not go with another.
    """

    column: str | None = None
    id_column: str | None = None
    batch_size: int = 64
    normalize: bool = False
    prompt_name: str | None = None
    prompt: str | None = None
    dimension: int | None = None
    precision: str = "float32"
    format: str = "npy"
    shard_size: int = 100_000
    with_text: bool = False

    def __post_init__(self) -> None:
        _one_of(self.precision, VECTOR_PRECISIONS, "precision")
        _one_of(self.format, FORMATS, "format")
        positive(self.batch_size, "batch_size")
        positive(self.shard_size, "shard_size")
        if self.dimension is not None:
            positive(self.dimension, "dimension")
        if self.format != "parquet" and (self.with_text or self.id_column is not None):
            what = "with_text" if self.with_text else "id_column"
            raise SettingsError(
                f"{what} (--{what.replace('_', '-')}) needs a table to stand in, and .npy holds vectors only. "
                "Set format to parquet (--format parquet)."
            )


def _one_of(value: str, known: tuple[str, ...], name: str) -> None:
    if value not in known:
        raise SettingsError(
            f"Expected {name} to be one of {', '.join(known)}.{did_you_mean(value, known)} Received: {name}={value!r}."
        )
