"""The whole way from strings to ids: added tokens, normalization, pre-tokenizer and model, special tokens."""

import numbers
from typing import Any, NamedTuple

import tensorflow as tf

from tfsiamese.encoders.tokenizers.added_tokens import AddedToken, CutOut, Pieces, read_added_tokens
from tfsiamese.encoders.tokenizers.byte_level_bpe import make_byte_level_bpe
from tfsiamese.encoders.tokenizers.code_points import before
from tfsiamese.encoders.tokenizers.components import TokenizerModel
from tfsiamese.encoders.tokenizers.normalization import make_normalizer
from tfsiamese.encoders.tokenizers.sentence_piece import make_sentence_piece
from tfsiamese.encoders.tokenizers.special_tokens import read_special_tokens
from tfsiamese.encoders.tokenizers.word_piece import make_word_piece
from tfsiamese.errors import EncoderError, SettingsError

__all__ = ["Tokenizer", "Tokens"]

_DEVICE = "CPU:0"


class Tokens(NamedTuple):
    """A batch of texts as ids.

    Attributes:
        ids: int32 [batch, None], with special tokens, cut to the longest length that is allowed.
        lengths: int32 [batch], how many there were before cutting.
    """

    ids: tf.RaggedTensor
    lengths: tf.Tensor


class Tokenizer(tf.Module):
    """Strings -> the ids that Hugging Face's tokenizers give.

    All of it stays on the CPU: the strings are there, and the steps are many and small.

    Args:
        tokenizer: a parsed tokenizer.json, as `read_tokenizer` returns it. Its `truncation` and `padding` do not count.
        max_length: the most tokens a text may have, special tokens included; None for any number.

    Raises:
        EncoderError: a part of the tokenizer is not supported.
        SettingsError: `max_length` leaves no room for a text.

    Example:
        >>> tokenizer = Tokenizer(read_tokenizer(folder), max_length=256)
        >>> tokenizer.tokenize(tf.constant(["data scientist"])).ids
        <tf.RaggedTensor [[101, 2951, 7155, 102]]>
    """

    def __init__(self, tokenizer: dict, max_length: int | None = None):
        super().__init__()
        self._special = read_special_tokens(tokenizer.get("post_processor"))
        self.max_length = max_length
        with tf.device(_DEVICE):
            tokens = self._build(tokenizer)
        self._vocab_size = max([self._model.vocab_size, *(token.id + 1 for token in tokens)])

    def _build(self, tokenizer: dict) -> list[AddedToken]:
        """Makes all parts; returns the added tokens."""
        self._normalizer = make_normalizer(tokenizer.get("normalizer"))
        self._model = _make_model(tokenizer)
        tokens = read_added_tokens(tokenizer)
        normalized = [token for token in tokens if token.normalized]
        contents = [token.content for token in normalized]
        if contents:
            contents = [text.decode("utf-8") for text in self._normalizer(tf.constant(contents)).numpy()]
        self._cut_raw = CutOut([token for token in tokens if not token.normalized])
        self._cut_normalized = CutOut(normalized, contents)
        return tokens

    @property
    def vocab_size(self) -> int:
        """How many ids there are, those of added tokens included."""
        return self._vocab_size

    @property
    def num_special(self) -> int:
        """How many special tokens a text gets."""
        return self._special.num_special

    @property
    def num_after(self) -> int:
        """How many of them stand behind it."""
        return len(self._special.after)

    @property
    def max_length(self) -> int | None:
        """The most tokens a text may have; a graph keeps the value that it was traced with."""
        return self._max_length

    @max_length.setter
    def max_length(self, value: int | None) -> None:
        is_whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
        if value is not None and (not is_whole or value <= self.num_special):
            raise SettingsError(
                f"Expected max_length to be None or an integer above {self.num_special}, the number of special tokens. "
                f"Received: max_length={value!r}."
            )
        self._max_length = value

    def tokenize(self, texts: tf.Tensor) -> Tokens:
        """Strings [batch] -> ids; bytes that are not UTF-8 count as U+FFFD."""
        with tf.device(_DEVICE):
            texts = tf.strings.unicode_transcode(texts, "UTF-8", "UTF-8")
            pieces = self._cut_raw(Pieces.whole(texts))
            pieces = self._cut_normalized(pieces._replace(texts=self._normalizer(pieces.texts)))
            return self._with_special_tokens(self._tokens(pieces, tf.size(texts, tf.int64)))

    def _tokens(self, pieces: Pieces, num_texts: tf.Tensor) -> tf.RaggedTensor:
        """The ids of each text, without special tokens: int32 [num_texts, None]."""
        is_text = (pieces.ids < 0) & (pieces.texts != "")
        begins = pieces.rows != before(pieces.rows, -1)
        tokens = self._model(tf.boolean_mask(pieces.texts, is_text), tf.boolean_mask(begins, is_text))
        tokens = tf.RaggedTensor.from_row_splits(tokens.values, tf.cast(tokens.row_splits, tf.int64), validate=False)
        added = pieces.ids >= 0
        flat, rows = tf.cond(
            tf.reduce_any(added),
            lambda: _merged(pieces, tokens, is_text, added),
            lambda: (tokens.values, tf.repeat(tf.boolean_mask(pieces.rows, is_text), tokens.row_lengths())),
        )
        return tf.RaggedTensor.from_value_rowids(flat, rows, num_texts, validate=False)

    def _with_special_tokens(self, tokens: tf.RaggedTensor) -> Tokens:
        num_before = len(self._special.before)
        lengths = tf.cast(tokens.row_lengths(), tf.int32)
        kept = lengths if self._max_length is None else tf.minimum(lengths, self._max_length - self.num_special)
        totals = kept + self.num_special
        splits = tf.concat([[0], tf.cumsum(totals)], 0)
        rows = tf.repeat(tf.range(tf.size(totals)), totals)
        places = tf.range(splits[-1]) - tf.gather(splits, rows) - num_before
        kept_here = tf.gather(kept, rows)
        own = tf.gather(tf.cast(tokens.row_splits, tf.int32), rows) + places
        num_own = tf.size(tokens.values)
        place = tf.where(places < 0, places + num_own + num_before, own)
        place = tf.where(places >= kept_here, places - kept_here + num_own + num_before, place)
        special = tf.constant([*self._special.before, *self._special.after], tf.int32)
        ids = tf.gather(tf.concat([tokens.values, special], 0), place)
        splits = tf.cast(splits, tf.int64)
        return Tokens(tf.RaggedTensor.from_row_splits(ids, splits, validate=False), lengths + self.num_special)


def _merged(
    pieces: Pieces, tokens: tf.RaggedTensor, is_text: tf.Tensor, added: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Puts the added tokens between the tokens of the texts beside them: flat ids, and the text of each."""
    where = tf.where(is_text)
    counts = tf.tensor_scatter_nd_update(tf.cast(added, tf.int64), where, tokens.row_lengths())
    starts = tf.cumsum(counts, exclusive=True)
    model_starts = tf.gather_nd(starts, where)
    places = tf.ragged.range(model_starts, model_starts + tokens.row_lengths()).values
    flat = tf.scatter_nd(
        tf.concat([places, tf.boolean_mask(starts, added)], 0)[:, tf.newaxis],
        tf.concat([tokens.values, tf.boolean_mask(pieces.ids, added)], 0),
        [tf.reduce_sum(counts)],
    )
    return flat, tf.repeat(pieces.rows, counts)


def _make_model(tokenizer: dict) -> TokenizerModel:
    name = tokenizer["model"].get("type")
    if name == "WordPiece":
        return make_word_piece(tokenizer)
    if name == "BPE" and _has_byte_level(tokenizer.get("pre_tokenizer")):
        return make_byte_level_bpe(tokenizer)
    if name in ("BPE", "Unigram"):
        return make_sentence_piece(tokenizer)
    raise EncoderError(f"The tokenizer's model {name!r} is not supported; expected WordPiece, BPE or Unigram.")


def _has_byte_level(pre_tokenizer: dict[str, Any] | None) -> bool:
    if pre_tokenizer is None:
        return False
    inner = pre_tokenizer.get("pretokenizers", []) if pre_tokenizer.get("type") == "Sequence" else []
    return pre_tokenizer.get("type") == "ByteLevel" or any(map(_has_byte_level, inner))
