"""Which pairs are good enough."""

from dataclasses import dataclass

from tfsiamese.errors import SettingsError
from tfsiamese.generation.setting_checks import require_share, require_whole

__all__ = ["FilterSettings"]


@dataclass(frozen=True)
class FilterSettings:
    """What `filter_pairs` and `filter_by_round_trip` drop.

    Lengths are in characters, where one that Unicode calls wide (Han, kana, hangul) counts two: it holds about as much
    as two letters.

    Attributes:
        near_duplicates: the Jaccard similarity of the character trigrams of two left texts, 0 to 1, from which on the
            later one is dropped; None for off. Texts with different numbers in them are never near-duplicates.
        max_copied: the largest share of a question's words, 0 to 1, that may stand in one run in its passage; None for
            off.
        min_length: of the left text.
        max_length: of the left text.
        min_passage_length: of the passage that answers it.
        check_references: whether to drop questions that speak of "the text" or "the author".
        check_language: whether to drop texts in another language than the passage's, or than the one that was asked
            for.
        round_trip: a question is kept where its own passage is among this many nearest of all passages; None for off.
        batch_size: texts that the encoder takes at once.

    Raises:
        SettingsError: a setting is out of range, or at odds with another.
    """

    near_duplicates: float | None = 0.85
    max_copied: float | None = 0.8
    min_length: int = 8
    max_length: int = 400
    min_passage_length: int = 40
    check_references: bool = True
    check_language: bool = True
    round_trip: int | None = None
    batch_size: int = 64

    def __post_init__(self) -> None:
        require_share("near_duplicates", self.near_duplicates)
        require_share("max_copied", self.max_copied)
        require_whole("min_length", self.min_length, 0)
        require_whole("max_length", self.max_length, 1)
        require_whole("min_passage_length", self.min_passage_length, 0)
        require_whole("batch_size", self.batch_size, 1)
        if self.round_trip is not None:
            require_whole("round_trip", self.round_trip, 1)
        if self.min_length > self.max_length:
            raise SettingsError(
                f"Expected min_length to be at most max_length. Received: min_length={self.min_length}, "
                f"max_length={self.max_length}."
            )
