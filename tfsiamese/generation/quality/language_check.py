"""Texts in another language than was asked for."""

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from tfsiamese.generation.quality.dropped import Finding
from tfsiamese.generation.quality.language import language_probabilities, plain_words
from tfsiamese.generation.quality.language_names import LANGUAGES, language_name
from tfsiamese.generation.quality.reasons import WRONG_LANGUAGE
from tfsiamese.generation.quality.scripts import is_unspaced, letters_by_script, scripts_of
from tfsiamese.generation.tasks.task import Task
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["language_check"]

# Told apart too seldom, or not at all, in a single sentence.
_CLOSE_LANGUAGES = tuple(
    frozenset(group.split())
    for group in (
        "da nb nn no sv fo",
        "bs hr sr sl",
        "id ms jv",
        "an ca es gl oc pt",
        "cs sk",
        "be ru uk",
        "bg mk",
        "de lb",
        "af fy nl",
        "fr ht wa",
        "hi mr ne sa",
        "az tk tr uz ug",
        "ba kk ky tt",
        "xh zu",
        "ga gd",
        "rw ln lg sn sw",
        "as bn",
    )
)

_CERTAIN = 0.9
_EXCLUDED = 0.05
_LEAST_LETTERS = 15
_LEAST_WORDS = 4
_LEAST_UNSPACED_LETTERS = 10
_LEAST_PASSAGE_LETTERS = 40
# A passage in one script may quote another; a text is in the script that most of its letters are of.
_QUOTED = 0.1
_MOST = 0.6
_LEAST_KANA = 3
_LEAST_OTHER_LETTERS = 4
# Four words that look like some language are more than a name.
_LATIN_PROBABILITY = 0.5
# Frequent in Chinese, simplified or traditional, and not in Japanese, whose headings often have no kana either.
_CHINESE = re.compile(
    "[个请许时对进发说应还过为从动问题单们这样开关间书话语读种网页车东两么吗呢哪怎您很吧嗎麼這們說還]"
)


@dataclass(frozen=True)
class _Expected:
    """What a text should be in: a language, None where it is not certain, and one of some scripts, empty for any."""

    code: str | None
    scripts: frozenset[str]


def language_check(language: str | None) -> Callable[[WrittenPair, Task], Finding | None]:
    """Makes the check of pairs: of the left text, and of what was written with it, an answer or a second sentence.

    Args:
        language: the one that was asked for, a code of `LANGUAGES`; None for that of each pair's chunk.

    Raises:
        SettingsError: the language is unknown.
    """
    asked = None
    if language is not None:
        language_name(language)
        asked = _Expected(language, frozenset(scripts_of(language)))
    of_chunk = lru_cache(maxsize=256)(_expected_of)

    def check(pair: WrittenPair, task: Task) -> Finding | None:
        expected = asked or of_chunk(pair.chunk.text)
        texts = [(task.columns[0], pair.left)]
        if task.fields[1]:
            texts.append((task.columns[1], pair.right))
        for name, text in texts:
            wrong = _mismatch(plain_words(text), expected)
            if wrong:
                return Finding(WRONG_LANGUAGE, f"{name} in {wrong}")
        return None

    return check


def _expected_of(passage: str) -> _Expected:
    words = plain_words(passage)
    letters = letters_by_script(words)
    total = letters.total()
    if 2 * total < _LEAST_PASSAGE_LETTERS:
        return _Expected(None, frozenset())
    scripts = frozenset(script for script, count in letters.items() if count >= _QUOTED * total)
    if "Kana" in scripts:
        return _Expected("ja" if _is_japanese(letters) else None, scripts | {"Han"})
    code, probability = _best_group(language_probabilities(words))
    is_certain = probability >= _CERTAIN and total >= _LEAST_PASSAGE_LETTERS
    return _Expected(code if is_certain else None, scripts)


def _mismatch(words: str, expected: _Expected) -> str | None:
    """What the words are in, and what was expected, as "German instead of English"; None where they may be right."""
    letters = letters_by_script(words)
    if not letters or not expected.scripts:
        return None
    if "Kana" not in expected.scripts and letters["Kana"] >= _LEAST_KANA and _is_japanese(letters):
        return _instead("Japanese", expected)
    script, count = _main_script(letters)
    if count < _MOST * letters.total():
        return None
    if not expected.scripts.intersection(script):
        if script == ("Latin",):
            return _latin(words, letters, expected)
        found = "Chinese or Japanese" if "Han" in script else f"{script[0]} script"
        return _instead(found, expected) if count >= _LEAST_OTHER_LETTERS else None
    return _other_language(words, script, count, expected)


def _other_language(words: str, script: tuple[str, ...], count: int, expected: _Expected) -> str | None:
    """As `_mismatch`, for words in a script that was expected."""
    if expected.code is None or not _is_long_enough(words, count):
        return None
    if expected.code == "ja" and "Han" in script and not _CHINESE.search(words):
        return None
    probabilities = language_probabilities(words)
    code, probability = _best_group(probabilities)
    close = _group(expected.code)
    wanted = sum(probabilities.get(one, 0.0) for one in close)
    if code in close or probability < _CERTAIN or wanted > _EXCLUDED:
        return None
    return _instead(LANGUAGES[code], expected)


def _latin(words: str, letters: Counter[str], expected: _Expected) -> str | None:
    """As `_mismatch`, for mostly Latin letters where others were expected: names in them stand in texts everywhere."""
    if sum(letters[script] for script in expected.scripts) >= _QUOTED * letters.total():
        return None
    code, probability = _best_group(language_probabilities(words))
    if code == expected.code or len(words.split()) < _LEAST_WORDS or probability < _LATIN_PROBABILITY:
        return None
    return _instead(LANGUAGES[code], expected)


def _main_script(letters: Counter[str]) -> tuple[tuple[str, ...], int]:
    """The script of most letters, Japanese's two as one, and how many they are."""
    counts: dict[tuple[str, ...], int] = {
        (script,): count for script, count in letters.items() if script not in ("Kana", "Han")
    }
    counts["Kana", "Han"] = letters["Kana"] + letters["Han"]
    return max(counts.items(), key=lambda item: item[1])


def _is_japanese(letters: Counter[str]) -> bool:
    """Whether these are Japanese's two scripts, with enough kana to be no Chinese."""
    both = letters["Kana"] + letters["Han"]
    return both >= _MOST * letters.total() and letters["Kana"] >= _QUOTED * both


def _is_long_enough(words: str, count: int) -> bool:
    if is_unspaced(words):
        return count >= _LEAST_UNSPACED_LETTERS
    return count >= _LEAST_LETTERS and len(words.split()) >= _LEAST_WORDS


def _best_group(probabilities: Mapping[str, float]) -> tuple[str, float]:
    """The most probable language, and how probable it is together with those close to it."""
    code = max(probabilities, key=probabilities.__getitem__, default="")
    return code, sum(probabilities.get(close, 0.0) for close in _group(code))


def _group(code: str) -> frozenset[str]:
    """A language and those close to it."""
    return next((group for group in _CLOSE_LANGUAGES if code in group), frozenset({code}))


def _instead(found: str, expected: _Expected) -> str:
    wanted = LANGUAGES[expected.code] if expected.code else f"{' or '.join(sorted(expected.scripts))} script"
    return f"{found} instead of {wanted}"
