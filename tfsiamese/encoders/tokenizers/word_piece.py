"""WordPiece with BERT's pre-tokenizer as a TensorFlow graph.

Reference: Song et al., 2021, Fast WordPiece Tokenization (arXiv:2012.15524), for the longest match in linear time.
"""

import numpy as np
import tensorflow as tf
import tensorflow_text

from tfsiamese.encoders.tokenizers.characters import characters_in
from tfsiamese.encoders.tokenizers.code_point_tables import CodePointTable
from tfsiamese.encoders.tokenizers.code_points import before
from tfsiamese.encoders.tokenizers.components import TokenizerModel
from tfsiamese.encoders.tokenizers.flat_characters import FlatCharacters
from tfsiamese.errors import EncoderError

__all__ = ["make_word_piece"]

_OPTIONS = {"type", "vocab", "unk_token", "continuing_subword_prefix", "max_input_chars_per_word"}
_SPACE, _PUNCTUATION = 1, 2


def make_word_piece(tokenizer: dict) -> TokenizerModel:
    """Builds what `pre_tokenizer` and `model` of a WordPiece tokenizer.json describe.

    Args:
        tokenizer: the parsed tokenizer.json.

    Returns:
        A model whose ids equal those of Hugging Face's tokenizers 0.23.

    Raises:
        EncoderError: the pre-tokenizer is not a BertPreTokenizer, or the model has an option that is not supported.
    """
    splitter = tokenizer.get("pre_tokenizer")
    if splitter != {"type": "BertPreTokenizer"}:
        raise EncoderError(
            f"The WordPiece tokenizer has a pre-tokenizer that is not supported: {splitter}; expected BertPreTokenizer."
        )
    model = tokenizer.get("model")
    if not isinstance(model, dict) or model.get("type", "WordPiece") != "WordPiece":
        raise EncoderError(f"The tokenizer's model is not a WordPiece model: {str(model)[:100]}.")
    unknown = set(model) - _OPTIONS
    if unknown:
        raise EncoderError(
            f"The WordPiece model has options that are not supported: {', '.join(sorted(unknown))}; "
            f"expected {', '.join(sorted(_OPTIONS))}."
        )
    return _WordPiece(
        model.get("vocab", {}),
        unk_token=model.get("unk_token", "[UNK]"),
        prefix=model.get("continuing_subword_prefix", "##"),
        max_characters=model.get("max_input_chars_per_word", 100),
    )


class _WordPiece(TokenizerModel):
    """Words, each cut from its begin into the longest pieces of the vocabulary, or unknown as a whole.

    Args:
        vocab: the id of each piece.
        unk_token: what a word becomes that cannot be cut, or has more than `max_characters` characters.
        prefix: what marks a piece that does not begin a word.
        max_characters: at least 0.
    """

    def __init__(self, vocab: dict[str, int], *, unk_token: str, prefix: str, max_characters: int):
        super().__init__()
        _check(vocab, unk_token, prefix, max_characters)
        pieces = sorted(vocab, key=vocab.__getitem__)
        self.vocab_size = vocab[pieces[-1]] + 1
        self._ids = tf.constant([vocab[piece] for piece in pieces], tf.int32)
        # Hugging Face counts characters, so bytes must never be the limit.
        self._max_characters = min(max_characters, 2**28)
        self._unknown = _word_outside(vocab)
        self._kinds = CodePointTable.of_sets(
            {_PUNCTUATION: characters_in("punctuation"), _SPACE: characters_in("space")}
        )
        try:
            self._cut = tensorflow_text.FastWordpieceTokenizer(
                pieces,
                suffix_indicator=prefix,
                max_bytes_per_word=4 * self._max_characters + 4,
                unknown_token=unk_token,
                token_out_type=tf.int32,
                no_pretokenization=True,
            )
        except RuntimeError as error:
            raise EncoderError(f"The WordPiece model's vocabulary cannot be used: {str(error)[:200]}") from error

    def __call__(self, texts: tf.Tensor, begins: tf.Tensor) -> tf.RaggedTensor:
        """Strings [n] -> ids, int32 [n, None]; `begins` makes no difference."""
        del begins
        characters = self._split(FlatCharacters.of_texts(texts))
        splits = characters.word_splits()
        too_long = splits[1:] - splits[:-1] > self._max_characters
        pieces = self._cut.tokenize(tf.where(too_long, self._unknown, characters.words()))
        ids = tf.gather(self._ids, pieces.values)
        splits = tf.gather(pieces.row_splits, characters.words_of_texts())
        return tf.RaggedTensor.from_row_splits(ids, splits, validate=False)

    def _split(self, characters: FlatCharacters) -> FlatCharacters:
        """Drops white space, and cuts at it and around each punctuation character."""
        kinds = self._kinds(characters.codes)
        starts = characters.starts | (kinds == _PUNCTUATION) | before(kinds > 0, True)
        return characters.cut(starts).keep(kinds != _SPACE)


def _check(vocab: dict[str, int], unk_token: str, prefix: str, max_characters: int) -> None:
    if not isinstance(vocab, dict) or not vocab or not all(isinstance(number, int) for number in vocab.values()):
        raise EncoderError("The WordPiece model has no vocabulary; expected 'vocab' to give the id of each piece.")
    if len(set(vocab.values())) < len(vocab) or min(vocab.values()) < 0:
        raise EncoderError("The WordPiece model's vocabulary gives an id twice, or one below zero; expected one each.")
    if unk_token not in vocab:
        raise EncoderError(
            f"The WordPiece model's vocabulary lacks its unknown token {unk_token!r}; expected it in 'vocab'."
        )
    # A word of the pre-tokenizer never goes on behind punctuation, so no word can be taken for a continuing piece.
    if not prefix or not np.isin([ord(character) for character in prefix], characters_in("punctuation")).all():
        raise EncoderError(
            f"The WordPiece model has continuing_subword_prefix={prefix!r}, which is not supported; expected "
            "punctuation, as in '##'."
        )
    if not isinstance(max_characters, int) or max_characters < 0:
        raise EncoderError(
            f"The WordPiece model has max_input_chars_per_word={max_characters!r}; expected a whole number, 0 or more."
        )


def _word_outside(vocab: dict[str, int]) -> str:
    """A word that no piece begins, and that thus is unknown."""
    begins = {piece[:1] for piece in vocab}
    return next(chr(code) for code in range(0xE000, 0x110000) if chr(code) not in begins)
