r"""Where words start by the regular expressions of GPT-2, Llama 3 and Qwen 2, found for all characters at once.

Each expression is an alternation, tried from left to right at the end of the last match. Its matches are runs of
characters of one kind (letters, numbers, whitespace, others), apart from these rules:

- A contraction ('s, 't, 're, 've, 'm, 'll, 'd) is a word if a match begins at its apostrophe.
- The last whitespace before something else leaves its run, because of `\s+(?!\S)`, and may join what follows.

The expressions of Llama 3 and Qwen 2 further let a single other character join the letters after it, take line breaks
into the others before them, and end a run of whitespace after its last line break.

References: Radford et al., "Language Models are Unsupervised Multitask Learners"; arXiv:2407.21783; arXiv:2407.10671.
"""

from dataclasses import dataclass
from typing import Protocol

import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import characters_in
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable
from tfsiamese.encoders.tokenizers.code_points import after, before
from tfsiamese.encoders.tokenizers.flat_characters import first_of_runs

__all__ = [
    "GPT2",
    "LETTER",
    "LLAMA3",
    "NUMBER",
    "OTHER",
    "PATTERNS",
    "QWEN2",
    "WHITESPACE",
    "WordPattern",
    "character_kinds",
]

OTHER, LETTER, NUMBER, WHITESPACE = range(4)
_EDGE = -1
_SPACE, _APOSTROPHE, _LINE_FEED, _CARRIAGE_RETURN, _LONG_S = ord(" "), ord("'"), ord("\n"), ord("\r"), ord("ſ")


def character_kinds() -> CodePointTable:
    """The kind of each character: OTHER, LETTER, NUMBER or WHITESPACE."""
    names = {LETTER: "letter", NUMBER: "number", WHITESPACE: "space"}
    return CodePointTable.of_sets({kind: characters_in(name) for kind, name in names.items()})


class WordPattern(Protocol):
    """One of the expressions."""

    def word_starts(self, codes: tf.Tensor, kinds: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
        """Where words start.

        Args:
            codes: code points, int32 [c].
            kinds: of the same characters, int32 [c].
            starts: bool [c], where the words so far start, each of which is matched on its own.

        Returns:
            bool [c].
        """
        ...


@dataclass(frozen=True)
class _Neighbours:
    """The kinds and codes on both sides, −1 beyond the word so far; all [c]."""

    kind_before: tf.Tensor
    kind_after: tf.Tensor
    space_before: tf.Tensor

    @classmethod
    def of(cls, codes: tf.Tensor, kinds: tf.Tensor, starts: tf.Tensor) -> "_Neighbours":
        return cls(
            kind_before=tf.where(starts, _EDGE, before(kinds, _EDGE)),
            kind_after=tf.where(after(starts, True), _EDGE, after(kinds, _EDGE)),
            space_before=~starts & (before(codes, _EDGE) == _SPACE),
        )

    def last_whitespace(self, kinds: tf.Tensor) -> tf.Tensor:
        """Whitespace with something else behind it."""
        return (kinds == WHITESPACE) & (self.kind_after != WHITESPACE) & (self.kind_after != _EDGE)


def _contractions(
    codes: tf.Tensor, matches: tf.Tensor, starts: tf.Tensor, any_case: bool
) -> tuple[tf.Tensor, tf.Tensor]:
    """The first letters of contractions, and what follows their last; matches: whether a match may begin here."""
    letters = tf.where(starts, _EDGE, _fold_case(codes) if any_case else codes)
    first = after(letters, _EDGE)
    second = tf.where(first == _EDGE, _EDGE, after(first, _EDGE))
    begins = matches & (codes == _APOSTROPHE)
    short = begins & _is_one_of(first, "stmd")
    long = begins & (((first == ord("l")) & (second == ord("l"))) | ((second == ord("e")) & _is_one_of(first, "rv")))
    return before(short | long, False), before(before(short | before(long, False), False), False)


def _is_one_of(codes: tf.Tensor, characters: str) -> tf.Tensor:
    return tf.reduce_any(codes[:, tf.newaxis] == tf.constant([ord(character) for character in characters]), -1)


def _fold_case(codes: tf.Tensor) -> tf.Tensor:
    capital = (codes >= ord("A")) & (codes <= ord("Z"))
    return tf.where(codes == _LONG_S, ord("s"), tf.where(capital, codes + ord("a") - ord("A"), codes))


class _Gpt2:
    """A word is a run with at most one space before it."""

    def word_starts(self, codes: tf.Tensor, kinds: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
        near = _Neighbours.of(codes, kinds, starts)
        runs = starts | (kinds != near.kind_before)
        matches = runs & ~(near.space_before & (kinds != WHITESPACE))
        letters, ends = _contractions(codes, matches, starts, any_case=False)
        return (matches & ~letters) | near.last_whitespace(kinds) | ends


@dataclass(frozen=True)
class _Llama3:
    """Numbers are cut after each `num_digits` digits from their start."""

    num_digits: int

    def word_starts(self, codes: tf.Tensor, kinds: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
        line_breaks = (codes == _LINE_FEED) | (codes == _CARRIAGE_RETURN)
        taken = _taken_line_breaks(line_breaks, kinds, starts)
        kinds = tf.where(taken, OTHER, kinds)
        near = _Neighbours.of(codes, kinds, starts)
        runs = starts | (kinds != near.kind_before) | (before(taken, False) & ~taken)
        first = first_of_runs(runs)

        others = runs & (kinds == OTHER) & ~near.space_before
        before_letters = before(others | ((kinds == WHITESPACE) & ~line_breaks), False)
        joined = ~starts & (((kinds == LETTER) & before_letters) | ((kinds == OTHER) & near.space_before))
        _, ends = _contractions(codes, others, starts, any_case=True)
        digits = (kinds == NUMBER) & ((tf.range(tf.size(codes)) - first) % self.num_digits == 0)
        last = near.last_whitespace(kinds) & ~line_breaks
        return (runs & ~joined) | digits | ends | last | _after_last_line_breaks(line_breaks, kinds, first)


def _taken_line_breaks(line_breaks: tf.Tensor, kinds: tf.Tensor, starts: tf.Tensor) -> tf.Tensor:
    """Line breaks that belong to the others right before them."""
    runs = starts | (line_breaks != before(line_breaks, False))
    taken = runs & ~starts & (before(kinds, _EDGE) == OTHER)
    return line_breaks & tf.gather(taken, first_of_runs(runs))


def _after_last_line_breaks(line_breaks: tf.Tensor, kinds: tf.Tensor, first: tf.Tensor) -> tf.Tensor:
    """Whitespace that follows the last line break of its run; first: the place at which each one's run starts."""
    places = tf.range(tf.size(kinds))
    last_of_run = tf.math.segment_max(tf.where(line_breaks, places, _EDGE), first)
    follows = before(line_breaks, False) & (places - 1 == tf.gather(last_of_run, first))
    return follows & (kinds == WHITESPACE) & (places != first)


GPT2: WordPattern = _Gpt2()
LLAMA3: WordPattern = _Llama3(num_digits=3)
QWEN2: WordPattern = _Llama3(num_digits=1)

_WHITESPACE = r"\s+(?!\S)|\s+"
_LLAMA3 = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}%s"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|" + _WHITESPACE
)
PATTERNS: dict[str, WordPattern] = {
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|" + _WHITESPACE: GPT2,
    _LLAMA3 % "{1,3}": LLAMA3,
    _LLAMA3 % "": QWEN2,
}
