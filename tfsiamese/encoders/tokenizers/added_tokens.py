"""Tokens that are cut out of a text before anything else looks at it, such as "[SEP]" or "<mask>"."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import tensorflow as tf

from tfsiamese.encoders.tokenizers.characters import character_class
from tfsiamese.errors import EncoderError

__all__ = ["AddedToken", "CutOut", "Pieces", "read_added_tokens"]

_TEXT = -1
_CUT = b"\xff"  # in no UTF-8 text


@dataclass(frozen=True)
class AddedToken:
    """A token of its own, and how it is found in a text.

    Attributes:
        id: its id.
        content: its text.
        normalized: whether it is looked for after normalization, as its own normalized text.
        lstrip: whether it takes the whitespace before it with it.
        rstrip: whether it takes the whitespace after it with it.
        single_word: whether it counts only where no word goes on before or after it.
    """

    id: int
    content: str
    normalized: bool = False
    lstrip: bool = False
    rstrip: bool = False
    single_word: bool = False


class Pieces(NamedTuple):
    """Texts cut into pieces, in their order.

    Attributes:
        texts: string [pieces]; "" for an added token.
        ids: int32 [pieces], the id of an added token, −1 for a piece of text.
        rows: int64 [pieces], which text a piece is from, ascending.
    """

    texts: tf.Tensor
    ids: tf.Tensor
    rows: tf.Tensor

    @classmethod
    def whole(cls, texts: tf.Tensor) -> "Pieces":
        """Strings [n] -> one piece a text."""
        size = tf.size(texts, tf.int64)
        return cls(texts, tf.fill([size], _TEXT), tf.range(size))


def read_added_tokens(tokenizer: dict) -> list[AddedToken]:
    """Reads `added_tokens` of a tokenizer.json.

    Raises:
        EncoderError: an entry is damaged, or its id is not the one that the vocabulary has for it.
    """
    vocab = tokenizer["model"].get("vocab")
    ids = vocab if isinstance(vocab, dict) else {entry[0]: index for index, entry in enumerate(vocab or [])}
    return [_read(entry, ids) for entry in tokenizer.get("added_tokens") or []]


def _read(entry: dict[str, Any], ids: dict[str, int]) -> AddedToken:
    try:
        content, index = entry["content"], entry["id"]
        flags = {key: bool(entry.get(key, False)) for key in ("normalized", "lstrip", "rstrip", "single_word")}
    except (KeyError, TypeError, AttributeError) as error:
        raise EncoderError(
            f"The tokenizer has the added token {entry!r}; expected its id, content and flags."
        ) from error
    if not isinstance(content, str) or not content or not isinstance(index, int) or ids.get(content, index) != index:
        raise EncoderError(
            f"The tokenizer adds {content!r} as {index!r}, where its vocabulary has {ids.get(content)}; expected one "
            "id for each token. Save the tokenizer again with transformers."
        )
    return AddedToken(index, content, **flags)


class CutOut(tf.Module):
    """Cuts added tokens out of pieces of text: the leftmost first, of several there the longest.

    Args:
        tokens: the tokens.
        contents: how each looks in the text, if not as its own content.
    """

    def __init__(self, tokens: Sequence[AddedToken], contents: Sequence[str] | None = None):
        super().__init__()
        texts = [token.content for token in tokens] if contents is None else list(contents)
        if "" in texts:
            raise EncoderError(f"The added token {tokens[texts.index('')].content!r} is normalized to nothing.")
        by_text = dict(reversed(list(zip(texts, tokens, strict=True))))
        longest_first = sorted(by_text, key=len, reverse=True)
        self._pattern = "|".join(map(_quoted, longest_first))
        self._space, self._word = character_class("space"), character_class("word")
        self._any_pattern = f"(?s).*(?:{self._pattern}).*"
        self._tokens = [by_text[text] for text in longest_first]
        self._numbers: Any = None
        if longest_first:
            values = tf.range(len(longest_first), dtype=tf.int64)
            table = tf.lookup.KeyValueTensorInitializer(tf.constant(longest_first, tf.string), values)
            self._numbers = tf.lookup.StaticHashTable(table, default_value=-1)
        self._ids = tf.constant([*(token.id for token in self._tokens), _TEXT], tf.int32)

    def __call__(self, pieces: Pieces) -> Pieces:
        """Pieces -> pieces, of which none of text is empty where something was cut out."""
        if not self._tokens:
            return pieces
        found = tf.reduce_any(tf.strings.regex_full_match(pieces.texts, self._any_pattern))
        return Pieces(*tf.cond(found, lambda: tuple(self._cut(pieces)), lambda: tuple(pieces)))

    def _cut(self, pieces: Pieces) -> Pieces:
        # tensorflow_text's regex_split would end a text at its first NUL.
        marked = tf.strings.regex_replace(pieces.texts, f"({self._pattern})", _CUT + b"\\1" + _CUT)
        parts = tf.strings.split(marked, _CUT)
        counts = parts.row_lengths()
        origins = tf.repeat(tf.range(tf.size(pieces.texts)), tf.maximum(counts, 1))
        texts = tf.scatter_nd(_places(counts)[:, tf.newaxis], parts.flat_values, [tf.size(origins, tf.int64)])
        numbers = self._numbers.lookup(texts)
        numbers = tf.where(numbers < 0, tf.size(self._ids, tf.int64) - 1, numbers)
        # There is an empty part between two tokens that stand side by side.
        solid = (texts != "") | (tf.gather(pieces.ids, origins) != _TEXT)
        texts, numbers, origins = (tf.boolean_mask(value, solid) for value in (texts, numbers, origins))
        if any(token.single_word for token in self._tokens):
            texts, numbers, origins = self._only_words(texts, numbers, origins)
        texts = self._stripped(texts, numbers, origins)
        own = tf.gather(self._ids, numbers)
        before = tf.gather(pieces.ids, origins)
        kept = (texts != "") | (own != _TEXT) | (before != _TEXT)
        texts = tf.where(own == _TEXT, texts, "")
        cut = Pieces(texts, tf.where(own == _TEXT, before, own), tf.gather(pieces.rows, origins))
        return Pieces(*(tf.boolean_mask(value, kept) for value in cut))

    def _only_words(self, texts: tf.Tensor, numbers: tf.Tensor, origins: tf.Tensor) -> tuple[tf.Tensor, ...]:
        """Makes text again of the tokens that stand inside a word."""
        before = _shifted(texts, origins, 1)
        after = _shifted(texts, origins, -1)
        inside = tf.strings.regex_full_match(before, f"(?s).*{self._word}") | tf.strings.regex_full_match(
            after, f"(?s){self._word}.*"
        )
        text = tf.size(self._ids, tf.int64) - 1
        numbers = tf.where(inside & self._with("single_word", numbers), text, numbers)
        starts = (numbers != text) | (_shifted(numbers, origins, 1, text) != text)
        starts |= tf.concat([[True], origins[1:] != origins[:-1]], 0)
        group = tf.cumsum(tf.cast(starts, tf.int32)) - 1
        joined = tf.strings.unsorted_segment_join(texts, group, tf.reduce_max(group) + 1)
        return joined, tf.boolean_mask(numbers, starts), tf.boolean_mask(origins, starts)

    def _stripped(self, texts: tf.Tensor, numbers: tf.Tensor, origins: tf.Tensor) -> tf.Tensor:
        """Takes away the whitespace that the tokens beside a text take with them."""
        text = tf.size(self._ids, tf.int64) - 1
        is_text = numbers == text
        if any(token.lstrip for token in self._tokens):
            taken = is_text & self._with("lstrip", _shifted(numbers, origins, -1, text))
            texts = tf.where(taken, tf.strings.regex_replace(texts, f"{self._space}+$", ""), texts)
        if any(token.rstrip for token in self._tokens):
            taken = is_text & self._with("rstrip", _shifted(numbers, origins, 1, text))
            texts = tf.where(taken, tf.strings.regex_replace(texts, f"^{self._space}+", ""), texts)
        return texts

    def _with(self, flag: str, numbers: tf.Tensor) -> tf.Tensor:
        return tf.gather(tf.constant([*(getattr(token, flag) for token in self._tokens), False]), numbers)


def _quoted(text: str) -> str:
    return "".join(
        f"\\x{{{ord(character):x}}}" if ord(character) < 0x21 else re.escape(character) for character in text
    )


def _places(counts: tf.Tensor) -> tf.Tensor:
    """Where the parts of each piece go, when a piece without parts takes up one place."""
    widths = tf.maximum(counts, 1)
    starts = tf.cumsum(widths, exclusive=True)
    return tf.ragged.range(starts, starts + counts).values


def _shifted(values: tf.Tensor, origins: tf.Tensor, by: int, outside: Any = "") -> tf.Tensor:
    """The value before (1) or after (−1) each one, where that is from the same text."""
    filler = tf.fill([1], outside)
    if by == 1:
        return tf.where(
            tf.concat([[False], origins[1:] == origins[:-1]], 0), tf.concat([filler, values[:-1]], 0), outside
        )
    return tf.where(tf.concat([origins[1:] == origins[:-1], [False]], 0), tf.concat([values[1:], filler], 0), outside)
