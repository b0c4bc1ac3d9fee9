"""Which pairs are good enough, and which of them are for validation."""

from tfsiamese.generation.quality.dropped import Dropped
from tfsiamese.generation.quality.filtering import FilteredPairs, filter_by_round_trip, filter_pairs
from tfsiamese.generation.quality.folding import text_key
from tfsiamese.generation.quality.language import detect_language
from tfsiamese.generation.quality.language_names import LANGUAGES, language_name
from tfsiamese.generation.quality.packages import check_quality_packages
from tfsiamese.generation.quality.reasons import REASONS
from tfsiamese.generation.quality.settings import FilterSettings
from tfsiamese.generation.quality.splitting import SplitPairs, split_by_document

__all__ = [
    "LANGUAGES",
    "REASONS",
    "Dropped",
    "FilterSettings",
    "FilteredPairs",
    "SplitPairs",
    "check_quality_packages",
    "detect_language",
    "filter_by_round_trip",
    "filter_pairs",
    "language_name",
    "split_by_document",
    "text_key",
]
