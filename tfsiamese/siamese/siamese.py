"""The siamese model: one shared encoder, two inputs, a head."""

import keras
import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.encoders import Encoder
from tfsiamese.errors import SettingsError

__all__ = ["HEADS", "Siamese", "SimilarityHead", "TwinEncoder"]

HEADS = ("angular", "cosine", "dot")


class TwinEncoder(keras.layers.Layer):
    """Encodes two inputs with one encoder, both in one forward pass.

    A text that occurs more than once in a batch is computed once, unless the encoder draws random numbers in training.

    Call arguments:
        texts: `[left, right]`, strings [batch] each.

    Returns:
        `[left, right]` embeddings, float32 [batch, dimension] each.
    """

    def __init__(self, encoder: Encoder, name: str = "twin_encoder"):
        super().__init__(name=name, autocast=False)
        self.encoder = encoder
        self.built = True

    def call(self, texts: list[tf.Tensor], training: bool = False) -> list[tf.Tensor]:
        """Concatenates both branches, encodes once, and takes them apart."""
        left, right = texts
        both = tf.concat([left, right], axis=0)
        if self.encoder.is_deterministic:
            distinct, positions = tf.unique(both)
            embeddings = tf.gather(self.encoder(distinct, training=training), positions)
        else:
            embeddings = self.encoder(both, training=training)
        return tf.split(embeddings, [tf.size(left), tf.size(right)], num=2)

    def compute_output_spec(self, texts: list[keras.KerasTensor], training: bool = False) -> list[keras.KerasTensor]:
        """The shapes, without running the encoder."""
        return [self.encoder.compute_output_spec(branch) for branch in texts]


class SimilarityHead(keras.layers.Layer):
    """The similarity of two embeddings: `[left, right]`, float [batch, dimension] each, to [batch]."""

    def __init__(self, head: str, name: str = "score"):
        super().__init__(name=name)
        self.head = head
        self._similarity = similarity.get(head)
        self.built = True

    def call(self, embeddings: list[tf.Tensor]) -> tf.Tensor:
        """Computes the similarity row by row."""
        left, right = embeddings
        return self._similarity(left, right)

    def compute_output_spec(self, embeddings: list[keras.KerasTensor]) -> keras.KerasTensor:
        """One number for each pair."""
        return keras.KerasTensor(embeddings[0].shape[:-1], dtype=self.compute_dtype)


class Siamese(keras.Model):
    """A functional Keras model from two batches of texts to their similarity.

    Inputs: `[left, right]`, strings [batch] each. Output: `score`, float32 [batch].

    Args:
        encoder: the encoder both branches share.
        head: "angular" (`1 − arccos(clip(cosine, ±0.99999)) / π`, 0 to 1), "cosine" (−1 to 1) or "dot".

    Raises:
        SettingsError: the head is unknown, or `encoder` is not an `Encoder`.

    Example:
        >>> model = Siamese(load_encoder("use-multilingual"))
        >>> model([tf.constant(["data scientist"]), tf.constant(["machine learning engineer"])])
        [0.74]

    Reference: Reimers and Gurevych, "Sentence-BERT", arXiv:1908.10084; the angular head is that of Cer et al.,
        "Universal Sentence Encoder", arXiv:1803.11175.
    """

    def __init__(self, encoder: Encoder, head: str = "angular", name: str = "siamese"):
        if not isinstance(encoder, Encoder):
            raise SettingsError(
                f"Siamese takes an encoder and received {type(encoder).__name__}. Load one with load_encoder(…)."
            )
        if head not in HEADS:
            raise SettingsError(f"Unknown head {head!r}. Expected one of {', '.join(HEADS)}.")
        inputs = [keras.Input((), dtype="string", name=side) for side in ("left", "right")]
        twins = TwinEncoder(encoder)
        score = SimilarityHead(head)(twins(inputs))
        super().__init__(inputs=inputs, outputs=score, name=name)
        self.encoder = encoder
        self.head = head
        self._twins = twins

    def embed(self, left: tf.Tensor, right: tf.Tensor, training: bool = False) -> list[tf.Tensor]:
        """The embeddings of both branches, before the head: float32 [batch, dimension] each."""
        return self._twins([left, right], training=training)
