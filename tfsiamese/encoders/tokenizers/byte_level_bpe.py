"""Byte-level BPE (GPT-2, RoBERTa, ModernBERT, Llama 3, Qwen 2) as a TensorFlow graph."""

from typing import Any

import tensorflow as tf

from tfsiamese.encoders.tokenizers.byte_level_splitting import ByteLevelSplitter, make_byte_level_splitter
from tfsiamese.encoders.tokenizers.byte_level_vocabulary import ByteLevelVocabulary, read_byte_level_vocabulary
from tfsiamese.encoders.tokenizers.components import TokenizerModel
from tfsiamese.encoders.tokenizers.merge_table import build_merge_table
from tfsiamese.encoders.tokenizers.pair_merging import NO_TOKEN, PairMerger

__all__ = ["ByteLevelBpe", "make_byte_level_bpe"]


class ByteLevelBpe(TokenizerModel):
    """Splits texts into words, and merges the bytes of each different word once."""

    def __init__(self, splitter: ByteLevelSplitter, vocabulary: ByteLevelVocabulary):
        super().__init__(name="byte_level_bpe")
        self.vocab_size = vocabulary.vocab_size
        self._splitter = splitter
        base = max(int(vocabulary.byte_ids.max()), int(vocabulary.merges.max(initial=0))) + 1
        self._merger = PairMerger(build_merge_table(vocabulary.merges, base))
        self._byte_ids = tf.constant(vocabulary.byte_ids)
        self._whole_words = _make_table(vocabulary.tokens) if vocabulary.takes_whole_words else None

    def __call__(self, texts: tf.Tensor, begins: tf.Tensor) -> tf.RaggedTensor:
        """Strings [n] -> ids, int32 [n, None]; begins has no influence here."""
        characters = self._splitter(texts)
        words, index = tf.unique(characters.words())
        tokens = tf.gather(self._tokenize_words(words), index)
        splits = tf.gather(tokens.row_splits, characters.words_of_texts())
        return tf.RaggedTensor.from_row_splits(tokens.values, splits, validate=False)

    def _tokenize_words(self, words: tf.Tensor) -> tf.RaggedTensor:
        """Strings [w], none of them empty -> ids, int32 [w, None]."""
        lengths = tf.strings.length(words)
        starts = tf.cumsum(lengths, exclusive=True)[:, tf.newaxis]
        values = tf.cast(tf.io.decode_raw(tf.strings.reduce_join(words), tf.uint8), tf.int32)
        ones = tf.ones_like(lengths)
        word_of_byte = tf.cumsum(tf.tensor_scatter_nd_update(tf.zeros_like(values), starts, ones)) - 1
        ids = tf.gather(self._byte_ids, values)

        if self._whole_words is None:
            tokens = self._merger(ids, word_of_byte)
        else:
            whole = self._whole_words.lookup(words)
            is_whole = whole != NO_TOKEN
            tokens = self._merger(tf.where(tf.gather(is_whole, word_of_byte), NO_TOKEN, ids), word_of_byte)
            tokens = tf.tensor_scatter_nd_max(tokens, starts, whole)
        present = tokens != NO_TOKEN
        counts = tf.math.unsorted_segment_sum(tf.cast(present, tf.int32), word_of_byte, tf.size(words))
        return tf.RaggedTensor.from_row_lengths(tf.boolean_mask(tokens, present), counts, validate=False)


def make_byte_level_bpe(tokenizer: dict[str, Any]) -> ByteLevelBpe:
    """Builds pre-tokenizer and model of a byte-level BPE tokenizer.

    Args:
        tokenizer: the content of `tokenizer.json`; "model" and "pre_tokenizer" are read.

    Raises:
        EncoderError: the model, the pre-tokenizer or one of their options is not supported.
    """
    splitter = make_byte_level_splitter(tokenizer.get("pre_tokenizer"))
    return ByteLevelBpe(splitter, read_byte_level_vocabulary(tokenizer["model"]))


def _make_table(tokens: Any) -> tf.lookup.StaticHashTable:
    entries = tf.lookup.KeyValueTensorInitializer(
        tf.constant(list(tokens), tf.string), tf.constant(list(tokens.values()), tf.int32)
    )
    return tf.lookup.StaticHashTable(entries, NO_TOKEN)
