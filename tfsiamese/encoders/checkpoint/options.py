"""What a user chooses about a checkpoint when it is loaded."""

import numbers
from dataclasses import dataclass

from tfsiamese.encoders.transformer import LoraSettings
from tfsiamese.errors import SettingsError

__all__ = ["CheckpointOptions"]

_PRECISIONS = ("bfloat16", "float16")


@dataclass(frozen=True)
class CheckpointOptions:
    """Options of a checkpoint.

    Attributes:
        max_length: tokens at which texts are cut, with special tokens; the checkpoint's own limit where it is None.
        mixed_precision: compute matrix products in bfloat16 (True or "bfloat16") or in "float16". Weights, norms,
            softmax, pooling and vectors stay float32: it saves time, not memory. Training in float16 wants its loss
            scaled, which `fit` does.
        dropout: the rate wherever the checkpoint drops anything in training, or, if it drops nothing, on attention and
            on what attention and feed-forward parts return; the checkpoint's own rates where it is None.
        lora: train low-rank adapters instead of the weights, those of dense modules included: their rank, or settings.

    Raises:
        SettingsError: an option is wrong.
    """

    max_length: int | None = None
    mixed_precision: bool | str = False
    dropout: float | None = None
    lora: int | LoraSettings | None = None

    def __post_init__(self) -> None:
        length = self.max_length
        if length is not None and (not isinstance(length, numbers.Integral) or isinstance(length, bool) or length < 1):
            raise SettingsError(f"Expected max_length to be a positive whole number. Received: {length!r}.")
        if self.dropout is not None and not (isinstance(self.dropout, numbers.Real) and 0 <= self.dropout <= 0.99):
            raise SettingsError(f"Expected a dropout from 0 to 0.99. Received: {self.dropout!r}.")
        if not isinstance(self.mixed_precision, bool) and self.mixed_precision not in _PRECISIONS:
            raise SettingsError(
                "Expected mixed_precision to be True or False, 'bfloat16' or 'float16'. "
                f"Received: {self.mixed_precision!r}."
            )

    @property
    def compute_type(self) -> str:
        """The type of matrix products: "float32", "bfloat16" or "float16"."""
        if isinstance(self.mixed_precision, bool):
            return "bfloat16" if self.mixed_precision else "float32"
        return self.mixed_precision

    @property
    def lora_settings(self) -> LoraSettings | None:
        """The settings of the adapters, if there are to be any."""
        if self.lora is None or isinstance(self.lora, LoraSettings):
            return self.lora
        return LoraSettings(rank=self.lora)
