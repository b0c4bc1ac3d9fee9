"""Cuts texts into the words that byte-level BPE merges within, exactly as the regular expressions of its families do.

RE2, the engine of TensorFlow, has no lookahead, and its Unicode tables are not those of the reference. A word start is
therefore found from the kinds of the characters around it, for all characters of a batch at once.
"""

from typing import Any

import tensorflow as tf

from tfsiamese.encoders.tokenizers.byte_level_patterns import GPT2, PATTERNS, WordPattern, character_kinds
from tfsiamese.encoders.tokenizers.characters import characters_in
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable
from tfsiamese.encoders.tokenizers.code_points import before
from tfsiamese.encoders.tokenizers.flat_characters import FlatCharacters
from tfsiamese.errors import EncoderError

__all__ = ["ByteLevelSplitter", "make_byte_level_splitter"]

_SPACE = 0x20


class ByteLevelSplitter(tf.Module):
    """Texts -> words, through the steps of one pre-tokenizer in their order."""

    def __init__(self, steps: list[tf.Module]):
        super().__init__(name="byte_level_splitter")
        self._steps = steps

    def __call__(self, texts: tf.Tensor) -> FlatCharacters:
        """Strings [n] -> words; joined, the words of a text are the text, but for the spaces that a step puts in."""
        characters = FlatCharacters.of_texts(texts)
        for step in self._steps:
            characters = step(characters)
        return characters


class _PatternStep(tf.Module):
    """Cuts each word where a word of the pattern begins."""

    def __init__(self, pattern: WordPattern):
        super().__init__()
        self._pattern = pattern
        self._kinds = character_kinds()

    def __call__(self, characters: FlatCharacters) -> FlatCharacters:
        kinds = self._kinds(characters.codes)
        return characters.cut(self._pattern.word_starts(characters.codes, kinds, characters.starts))


class _DigitStep(tf.Module):
    """Cuts numbers from what stands around them, and into single digits if `individual`."""

    def __init__(self, individual: bool):
        super().__init__()
        self._individual = individual
        self._numeric = CodePointTable.of_sets({1: characters_in("numeric")})

    def __call__(self, characters: FlatCharacters) -> FlatCharacters:
        numeric = self._numeric(characters.codes) == 1
        was_numeric = before(numeric, False)
        starts = (numeric | was_numeric) if self._individual else numeric != was_numeric
        return characters.cut(characters.starts | starts)


class _PrefixStep(tf.Module):
    """Puts a space before each word that does not begin with one."""

    def __call__(self, characters: FlatCharacters) -> FlatCharacters:
        return characters.put_before(_SPACE, characters.starts & (characters.codes != _SPACE))


def make_byte_level_splitter(config: dict[str, Any] | None) -> ByteLevelSplitter:
    """Builds the pre-tokenizer that a `tokenizer.json` describes.

    Args:
        config: the entry "pre_tokenizer": ByteLevel, or a Sequence of Split (with the pattern of GPT-2, Llama 3 or
            Qwen 2), Digits and ByteLevel, in which ByteLevel stands last.

    Raises:
        EncoderError: a pre-tokenizer, a pattern or an option is not supported.
    """
    steps = _flatten(config)
    names = [step.get("type") for step in steps]
    if names.count("ByteLevel") != 1 or names[-1] != "ByteLevel":
        raise EncoderError(
            f"The pre-tokenizers {', '.join(map(str, names)) or 'none'} are not supported with byte-level BPE. "
            "Expected ByteLevel, alone or at the end of a Sequence."
        )
    return ByteLevelSplitter([module for step in steps for module in _make_steps(step)])


def _flatten(config: dict[str, Any] | None) -> list[dict[str, Any]]:
    if config is None:
        return []
    if config.get("type") != "Sequence":
        return [config]
    return [step for part in config["pretokenizers"] for step in _flatten(part)]


def _make_steps(config: dict[str, Any]) -> list[tf.Module]:
    kind = config.get("type")
    if kind == "ByteLevel":
        prefix = [_PrefixStep()] if config.get("add_prefix_space", True) else []
        return prefix + ([_PatternStep(GPT2)] if config.get("use_regex", True) else [])
    if kind == "Digits":
        return [_DigitStep(bool(config.get("individual_digits", False)))]
    if kind == "Split":
        return [_PatternStep(_find_pattern(config))]
    raise EncoderError(
        f"The pre-tokenizer {kind} is not supported with byte-level BPE. Expected ByteLevel, Split, Digits or a "
        "Sequence of them."
    )


def _find_pattern(config: dict[str, Any]) -> WordPattern:
    pattern = config.get("pattern")
    expression = pattern.get("Regex") if isinstance(pattern, dict) else None
    if expression not in PATTERNS:
        raise EncoderError(
            f"The pre-tokenizer Split with the pattern {pattern!r} is not supported. Expected a Regex of GPT-2, "
            "Llama 3 or Qwen 2."
        )
    for option, expected in (("behavior", "Isolated"), ("invert", False)):
        if config.get(option, expected) != expected:
            raise EncoderError(
                f"The pre-tokenizer Split with {option}={config[option]!r} is not supported. "
                f"Expected {option}={expected!r}."
            )
    return PATTERNS[expression]
