"""What a tokenizer is made of: a normalizer, and a model with its pre-tokenizer."""

import tensorflow as tf

__all__ = ["Normalizer", "TokenizerModel"]


class Normalizer(tf.Module):
    """Changes texts before they are cut into tokens; this one leaves them as they are."""

    def __call__(self, texts: tf.Tensor) -> tf.Tensor:
        """Strings [n] -> strings [n]."""
        return texts


class TokenizerModel(tf.Module):
    """Cuts normalized texts into tokens.

    Attributes:
        vocab_size: how many ids there are, without added tokens.
    """

    vocab_size: int

    def __call__(self, texts: tf.Tensor, begins: tf.Tensor) -> tf.RaggedTensor:
        """Token ids without special tokens.

        Args:
            texts: string [n], normalized, without added tokens.
            begins: bool [n], whether the piece begins the text that it is from.

        Returns:
            int32 [n, None].
        """
        raise NotImplementedError
