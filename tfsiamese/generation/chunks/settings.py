"""How a document is cut into chunks."""

from dataclasses import dataclass

from tfsiamese.errors import SettingsError
from tfsiamese.generation.setting_checks import require_whole

__all__ = ["ChunkSettings"]

_UNITS = ("characters", "tokens")


@dataclass(frozen=True)
class ChunkSettings:
    """The size of chunks.

    Attributes:
        size: the most characters of a chunk, or tokens with those that the encoder adds, from 1.
        unit: "characters" or "tokens", of `size` and `overlap`.
        overlap: how much of the end of a chunk the next one of the section repeats, at most, in whole sentences; less
            than `size`.
        min_size: shorter chunks are left out. Always in characters, those of Chinese, Japanese and Korean counting two;
            less than `size` where that is in characters too.

    Raises:
        SettingsError: a setting is unknown, out of range, or at odds with another.
    """

    size: int = 1000
    unit: str = "characters"
    overlap: int = 0
    min_size: int = 80

    def __post_init__(self) -> None:
        if self.unit not in _UNITS:
            raise SettingsError(f"Unknown unit {self.unit!r}. Expected one of {', '.join(_UNITS)}.")
        require_whole("size", self.size, 1)
        require_whole("overlap", self.overlap, 0)
        require_whole("min_size", self.min_size, 0)
        if self.overlap >= self.size:
            raise SettingsError(
                f"Expected overlap to be less than size. Received: overlap={self.overlap}, size={self.size}."
            )
        if self.unit == "characters" and self.min_size >= self.size:
            raise SettingsError(
                f"Expected min_size to be less than size. Received: min_size={self.min_size}, size={self.size}."
            )
