"""The models that come from SentencePiece: Unigram, and BPE with byte fallback."""

from typing import Any

import tensorflow as tf
import tensorflow_text as tf_text

from tfsiamese.encoders.tokenizers.components import TokenizerModel
from tfsiamese.encoders.tokenizers.merge_ranks import byte_fallback_pieces
from tfsiamese.encoders.tokenizers.sentence_piece_model import Piece, PieceType, serialize_bpe
from tfsiamese.encoders.tokenizers.unigram import Unigram
from tfsiamese.encoders.tokenizers.words import WordSplitter, make_word_splitter
from tfsiamese.errors import EncoderError

__all__ = ["make_sentence_piece"]

_BPE_OPTIONS: dict[str, tuple[Any, ...]] = {
    "dropout": (None, 0, 0.0),
    "continuing_subword_prefix": (None, ""),
    "end_of_word_suffix": (None, ""),
    "ignore_merges": (None, False),
    "byte_fallback": (True,),
    "fuse_unk": (True, False, None),
}
_UNIGRAM_OPTIONS: dict[str, tuple[Any, ...]] = {"byte_fallback": (None, False)}


def make_sentence_piece(tokenizer: dict) -> TokenizerModel:
    """Builds what `model` and `pre_tokenizer` of a tokenizer.json describe.

    Args:
        tokenizer: the whole tokenizer.json, with a Unigram model, or a BPE model with byte fallback.

    Raises:
        EncoderError: another model, an option that is not supported, or a damaged vocabulary.
    """
    model = tokenizer["model"]
    words = make_word_splitter(tokenizer.get("pre_tokenizer"))
    if model.get("type") == "Unigram":
        _check_options(model, _UNIGRAM_OPTIONS, {"vocab", "unk_id"})
        return _UnigramTokens(words, model)
    if model.get("type") == "BPE":
        _check_options(model, _BPE_OPTIONS, {"vocab", "merges", "unk_token"})
        return _ByteFallbackTokens(words, model)
    raise EncoderError(
        f"The tokenizer's model {model.get('type')!r} is no SentencePiece model; expected Unigram or BPE."
    )


class _UnigramTokens(TokenizerModel):
    def __init__(self, words: WordSplitter, model: dict):
        super().__init__()
        try:
            pieces = [str(piece) for piece, _ in model["vocab"]]
            scores = [float(score) for _, score in model["vocab"]]
        except (KeyError, TypeError, ValueError) as error:
            raise EncoderError("The Unigram model has no vocabulary of [piece, score] pairs.") from error
        unk_id = model.get("unk_id")
        if not isinstance(unk_id, int) or not 0 <= unk_id < len(pieces) or "" in pieces:
            raise EncoderError(
                f"The Unigram model has unk_id={unk_id!r} and {len(pieces)} pieces; expected the id of a piece, and no "
                "piece that is empty."
            )
        self.vocab_size = len(pieces)
        self._words = words
        self._unigram = Unigram(pieces, scores, unk_id)

    def __call__(self, texts: tf.Tensor, begins: tf.Tensor) -> tf.RaggedTensor:
        return self._unigram(self._words(texts, begins))


class _ByteFallbackTokens(TokenizerModel):
    def __init__(self, words: WordSplitter, model: dict):
        super().__init__()
        if "byte_fallback" not in model:
            raise EncoderError("A BPE model without byte fallback and without ByteLevel is not supported.")
        try:
            pieces = byte_fallback_pieces(model["vocab"], model["merges"])
        except (AttributeError, KeyError, TypeError) as error:
            raise EncoderError("The BPE model has no vocabulary of tokens and ids, or no list of merges.") from error
        self.vocab_size = len(pieces)
        self._words = words
        self._proto = serialize_bpe(_with_unknown(pieces, model), byte_fallback=True)

    def __call__(self, texts: tf.Tensor, begins: tf.Tensor) -> tf.RaggedTensor:
        characters = self._words(texts, begins)
        # Made anew where it is called: the model belongs to a kernel, and setting TensorFlow's seed drops those that
        # were made outside of a graph.
        tokens = tf_text.SentencepieceTokenizer(self._proto).tokenize(characters.words())
        splits = tf.gather(tokens.row_splits, characters.words_of_texts())
        return tf.RaggedTensor.from_row_splits(tokens.values, splits, validate=False)


def _with_unknown(pieces: list[Piece], model: dict) -> list[Piece]:
    """SentencePiece wants a token for what is unknown, even where every byte is known."""
    unknown = model.get("unk_token")
    marked = [
        Piece(piece.text, 0.0, PieceType.UNKNOWN)
        if piece.text == unknown and piece.type == PieceType.CONTROL
        else piece
        for piece in pieces
    ]
    if all(piece.type != PieceType.UNKNOWN for piece in marked):
        marked.append(Piece("<no piece is unknown>", 0.0, PieceType.UNKNOWN))
    return marked


def _check_options(model: dict, options: dict[str, tuple[Any, ...]], others: set[str]) -> None:
    for key, value in model.items():
        if key != "type" and key not in others and (key not in options or value not in options[key]):
            expected = f"expected {' or '.join(map(repr, options[key]))}" if key in options else "it is not known"
            raise EncoderError(
                f"The tokenizer's {model['type']} model has {key}={value!r}, which is not supported: {expected}."
            )
