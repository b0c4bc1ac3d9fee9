"""Why a pair is left out, in words for a report."""

__all__ = [
    "COPIES_PASSAGE",
    "DUPLICATE",
    "IN_VALIDATION",
    "NAMES_TEXT",
    "NEAR_DUPLICATE",
    "NOT_RETRIEVED",
    "REASONS",
    "SAME_TEXT_TWICE",
    "TOO_LONG",
    "TOO_SHORT",
    "WRONG_LANGUAGE",
]

TOO_SHORT = "too short"
TOO_LONG = "too long"
SAME_TEXT_TWICE = "same text twice"
NAMES_TEXT = "names the text"
COPIES_PASSAGE = "copies its passage"
WRONG_LANGUAGE = "wrong language"
DUPLICATE = "duplicate"
NEAR_DUPLICATE = "near-duplicate"
NOT_RETRIEVED = "not retrieved"
IN_VALIDATION = "stands in a validation document"

REASONS = (
    TOO_SHORT,
    TOO_LONG,
    SAME_TEXT_TWICE,
    NAMES_TEXT,
    COPIES_PASSAGE,
    WRONG_LANGUAGE,
    DUPLICATE,
    NEAR_DUPLICATE,
    NOT_RETRIEVED,
    IN_VALIDATION,
)
