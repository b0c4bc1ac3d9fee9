"""The language of a text."""

import math
import re
from functools import cache
from typing import Any

from tfsiamese.generation.quality.language_names import LANGUAGES
from tfsiamese.generation.quality.packages import require_packages

__all__ = ["detect_language", "language_probabilities", "plain_words"]

_CODE_SPANS = re.compile(r"```.*?```|`[^`\n]*`|https?://\S+|www\.\S+|\S+@\S+\.\w+", re.DOTALL)
# Runs of what identifiers, paths and formulas are made of; other scripts may stand right beside them.
_ASCII_RUN = re.compile(r"[!-~]+")
_ENDS = "\"'()[]{}<>.,:;?!*"
_PLAIN = re.compile(r"[A-Za-z]+(?:[-'/][A-Za-z]+)*")
_CAMEL_CASE = re.compile(r"[a-z][A-Z]|[A-Z]{2}")


def detect_language(text: str) -> tuple[str, float]:
    """The most probable language of a text; code, identifiers, addresses and acronyms in it do not count.

    Args:
        text: a sentence at least; shorter ones get low probabilities.

    Returns:
        The code of `LANGUAGES` and its probability, 0 to 1; ("", 0.0) for a text without words.

    Raises:
        DependencyError: py3langid is not installed.

    Example:
        >>> detect_language("Wie installiere ich das Paket?")
        ('de', 0.99)
    """
    probabilities = language_probabilities(plain_words(text))
    if not probabilities:
        return "", 0.0
    code = max(probabilities, key=probabilities.__getitem__)
    return code, probabilities[code]


def language_probabilities(text: str) -> dict[str, float]:
    """The probability of each language that py3langid knows, in sum 1; nothing for a text without letters.

    Its scores are divided by the root of the length before they are normalized: features of one text are not
    independent, and without that the first words would decide everything.
    """
    if not any(map(str.isalpha, text)):
        return {}
    temperature = math.sqrt(len(text.encode("utf-8", "replace")))
    scores = {code: float(score) / temperature for code, score in _identifier().rank(text)}
    best = max(scores.values())
    powers = {code: math.exp(score - best) for code, score in scores.items()}
    total = sum(powers.values())
    return {code: power / total for code, power in powers.items()}


def plain_words(text: str) -> str:
    """A text without code, identifiers, addresses, numbers and acronyms."""
    return " ".join(_ASCII_RUN.sub(_without_identifier, _CODE_SPANS.sub(" ", text)).split())


def _without_identifier(run: re.Match[str]) -> str:
    word = run.group().strip(_ENDS)
    return run.group() if _PLAIN.fullmatch(word) and not _CAMEL_CASE.search(word) else " "


@cache
def _identifier() -> Any:
    require_packages("py3langid")
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    # The name up to py3langid 0.3.
    load = getattr(LanguageIdentifier, "from_model_file", None) or LanguageIdentifier.from_pickled_model
    identifier = load(MODEL_FILE)
    identifier.set_languages([code for code in dict.fromkeys(identifier.nb_classes) if code in LANGUAGES])
    return identifier
