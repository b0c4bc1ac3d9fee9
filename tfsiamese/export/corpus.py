"""A corpus inside the SavedModel: a query in, the nearest texts out."""

import collections
import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import tensorflow as tf

from tfsiamese.encoders import DECODED_ATTRIBUTE, Encoder, EncodingFunction, MoreSignatures
from tfsiamese.errors import ExportError
from tfsiamese.export.compression import StoredWeight, stored_weight
from tfsiamese.search import retrieval_prompts, truncate_embeddings
from tfsiamese.texts import utf8_texts

__all__ = ["Corpus", "search_signature"]

_SHOWN = 60


@dataclass(frozen=True)
class Corpus:
    """Texts to search in.

    Attributes:
        texts: m texts.
        ids: their names, all different; by default their places, "0" to "m − 1".

    Raises:
        ExportError: there are no texts, not as many ids, or an id occurs twice.
    """

    texts: Sequence[str]
    ids: Sequence[str] = field(default=())

    def __post_init__(self) -> None:
        if isinstance(self.texts, str | bytes) or isinstance(self.ids, str | bytes):
            raise ExportError("Expected texts and ids of a corpus to be lists. Received a single text.")
        texts, ids = list(self.texts), list(self.ids)
        if not texts or not all(isinstance(text, str) for text in texts):
            raise ExportError("Expected a corpus to be a list of at least one text.")
        ids = ids or [str(index) for index in range(len(texts))]
        if len(ids) != len(texts) or not all(isinstance(identifier, str) for identifier in ids):
            raise ExportError(f"Expected {len(texts)} ids, each a text. Received: {len(ids)}.")
        twice = [one for one, number in collections.Counter(utf8_texts(ids)).items() if number > 1]
        if twice:
            shown = twice[0].decode()
            raise ExportError(f"The id {shown!r:.{_SHOWN}} occurs twice in the corpus. Expected different ids.")
        object.__setattr__(self, "texts", texts)
        object.__setattr__(self, "ids", ids)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def fingerprint(self) -> str:
        """Identifies ids and texts in their order."""
        digest = hashlib.sha256()
        for part in (*self.ids, *self.texts):
            encoded = part.encode("utf-8", "surrogatepass")
            digest.update(len(encoded).to_bytes(8, "big") + encoded)
        return digest.hexdigest()


def search_signature(encoder: Encoder, corpus: Corpus, k: int, precision: str, dimension: int | None) -> MoreSignatures:
    """The signature `top_k`: `queries` string [batch] -> `ids`, `texts` string and `scores` float32, all [batch, k].

    Scores are cosines, falling along a row. The corpus is encoded here, with the encoder's prompt for passages if it
    has one; queries get its prompt for queries. Every query is compared with the whole corpus, so that a batch takes
    4 · batch · corpus bytes for a moment.

    Args:
        encoder: what the SavedModel will be made of.
        corpus: m texts.
        k: how many to find, from 1 to m.
        precision: in which the vectors are stored: "float32", "float16" or "int8".
        dimension: how many numbers of each vector the exported encoder keeps; None for all.

    Raises:
        ExportError: `k` is out of range.
    """
    if type(k) is not int or not 1 <= k <= len(corpus):
        raise ExportError(f"Expected top_k from 1 to the {len(corpus)} texts of the corpus. Received: {k!r}.")
    prompts = retrieval_prompts(encoder)
    vectors = encoder.encode(list(corpus.texts), prompt=prompts.passage)
    vectors = truncate_embeddings(vectors, vectors.shape[1] if dimension is None else dimension)
    query_prompt = next((name for name, text in encoder.prompts.items() if text == prompts.query), "")
    resources = _CorpusResources(corpus, vectors, precision)

    def make(encoders: Mapping[str, EncodingFunction]) -> dict[str, Callable[..., object]]:
        return {"top_k": resources.signature(encoders[query_prompt], k)}

    return MoreSignatures(resources, make)


class _CorpusResources(tf.Module):
    """Ids, texts and unit vectors as variables, so that they don't count towards the 2 GB of a graph."""

    def __init__(self, corpus: Corpus, vectors: np.ndarray, precision: str):
        super().__init__()
        # On the CPU, where alone there are strings.
        with tf.device("CPU:0"):
            self._ids = tf.Variable(_bytes(corpus.ids), trainable=False, name="corpus/ids")
            self._texts = tf.Variable(_bytes(corpus.texts), trainable=False, name="corpus/texts")
        self._vectors: StoredWeight = stored_weight(np.ascontiguousarray(vectors.T), precision, "corpus/vectors")
        self._tracked = self._vectors.tracked
        setattr(self, DECODED_ATTRIBUTE, self._vectors.decoded_weights)

    def signature(self, encode: EncodingFunction, k: int) -> Callable[..., object]:
        @tf.function(autograph=False, input_signature=[tf.TensorSpec([None], tf.string, name="queries")])
        def top_k(queries: tf.Tensor) -> dict[str, tf.Tensor]:
            scores = tf.math.l2_normalize(encode(queries), axis=-1) @ self._vectors.value()
            found = tf.math.top_k(scores, k)
            return {
                "ids": tf.gather(self._ids, found.indices),
                "texts": tf.gather(self._texts, found.indices),
                "scores": found.values,
            }

        return top_k.get_concrete_function()


def _bytes(texts: Sequence[str]) -> np.ndarray:
    return np.array(utf8_texts(texts), dtype=object)
