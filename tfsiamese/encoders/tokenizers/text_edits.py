"""The normalizers that look at a text as a whole: strip its ends, put something before it, replace patterns."""

import re

import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import characters_in
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable
from tfsiamese.encoders.tokenizers.code_points import CodePoints, Step, splits_of, where
from tfsiamese.encoders.tokenizers.components import Normalizer
from tfsiamese.errors import EncoderError

__all__ = ["Prepend", "Replace", "Strip"]

# What Oniguruma and RE2 read alike: plain and escaped characters, sets of them, how often, groups and alternatives.
_SHARED_SYNTAX = re.compile(
    r"""(?: (?: [^\\.^$*+?{}\[\]()|#\s] | [ ] | \\[^\w\s]
              | \[ (?: [^\\\[\]^&\-\s] | [ ] | \\[^\w\s] | [0-9A-Za-z]-[0-9A-Za-z] )+ \] )
            (?: [+*?] | \{ [0-9]+ (?:,[0-9]*)? \} )? (?![+*?{])
          | \((?!\?) | \(\?: | \) (?![+*?{]) | \| )+""",
    re.VERBOSE,
)


class Strip(Step):
    """Removes white space from the begin (left) and the end (right) of texts."""

    def __init__(self, left: bool, right: bool):
        super().__init__()
        self._left, self._right = left, right
        self._spaces = CodePointTable.of_sets({1: characters_in("space")})

    def __call__(self, codes: CodePoints) -> CodePoints:
        """[n] texts -> [n] texts."""
        solid_before = splits_of(self._spaces(codes.values) == 0)
        lengths = codes.splits[1:] - codes.splits[:-1]
        at_ends = tf.gather(solid_before, codes.splits)
        keep = tf.ones_like(codes.values, tf.bool)
        if self._left:
            keep &= solid_before[1:] > tf.repeat(at_ends[:-1], lengths)
        if self._right:
            keep &= solid_before[:-1] < tf.repeat(at_ends[1:], lengths)
        return where(codes, keep)


class Prepend(Normalizer):
    """Puts a string before each text that is not empty."""

    def __init__(self, prefix: str):
        super().__init__()
        self._prefix = prefix

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Strings [n] -> strings [n]."""
        return tf.where(texts == "", texts, tf.strings.join([self._prefix, texts]))


class Replace(Normalizer):
    """Replaces every match of a pattern, from left to right.

    Args:
        pattern: {"String": text} or {"Regex": expression}.
        content: what takes its place, as it is written.

    Raises:
        EncoderError: the pattern can match the empty string, or RE2 might read it otherwise than Oniguruma.
    """

    def __init__(self, pattern: dict[str, str], content: str):
        super().__init__()
        [(kind, text)] = pattern.items()
        self._expression = text if kind == "Regex" else _quoted(text)
        self._content = content.replace("\\", "\\\\")
        if kind == "Regex" and not _shared(text):
            raise EncoderError(
                f"The tokenizer's Replace normalizer has the regular expression {text!r}, which TensorFlow may read "
                "otherwise than Hugging Face; expected plain characters, sets, counts and alternatives."
            )
        if re.fullmatch(self._expression, ""):
            raise EncoderError(
                f"The tokenizer's Replace normalizer has a pattern that matches between characters: {pattern}; "
                "expected one that matches at least one character."
            )

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Strings [n] -> strings [n]."""
        return tf.strings.regex_replace(texts, self._expression, self._content)


def _quoted(text: str) -> str:
    return "".join(f"\\x{ord(letter):02x}" if letter.isascii() and not letter.isalnum() else letter for letter in text)


def _shared(expression: str) -> bool:
    if not _SHARED_SYNTAX.fullmatch(expression):
        return False
    try:
        re.compile(expression)
        tf.strings.regex_replace("", expression, "")
    except (re.error, tf.errors.InvalidArgumentError):
        return False
    return True
