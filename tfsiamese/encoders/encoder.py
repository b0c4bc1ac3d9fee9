"""The contract of every encoder: a Keras layer from strings to vectors that can also encode plain lists of texts."""

import fnmatch
import numbers
from collections.abc import Callable, Iterator, Sequence

import keras
import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from tfsiamese.encoders.backend import require_tensorflow
from tfsiamese.encoders.reusable import ReusableParts
from tfsiamese.errors import DataError, EncoderError, SettingsError

__all__ = ["Encoder"]

# A batch ends early at this many bytes of text, so that 64 whole documents do not fill the memory.
_MAX_BATCH_BYTES = 65_536


class Encoder(keras.layers.Layer):
    """A text encoder: strings [batch] -> float32 [batch, dimension].

    Subclasses implement `call`, set `dimension`, `source` and `fingerprint`, and say through `reusable_parts` what a
    SavedModel of them consists of.

    Attributes:
        dimension: the length of a vector.
        source: where the encoder came from, as the user named it.
        fingerprint: identifies architecture and weights, as loaded or as the last training left them.
    """

    dimension: int
    source: str
    fingerprint: str

    def __init__(self, name: str = "encoder"):
        require_tensorflow(keras.backend.backend())
        super().__init__(name=name, autocast=False)
        self.built = True
        self._frozen_names: set[str] = set()
        self._encode_batch = tf.function(
            lambda texts: self(texts, training=False), input_signature=[tf.TensorSpec([None], tf.string)]
        )

    def compute_output_spec(self, texts: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """The shape of the vectors, without running the encoder."""
        return keras.KerasTensor((*texts.shape, self.dimension), dtype="float32")

    @property
    def named_variables(self) -> list[tuple[str, keras.Variable]]:
        """All variables with their names, which `freeze` matches, in the order of `variables`."""
        raise NotImplementedError

    @property
    def variable_names(self) -> list[str]:
        """The names in `named_variables`."""
        return [name for name, _ in self.named_variables]

    @property
    def is_deterministic(self) -> bool:
        """Whether equal texts get equal vectors in training too; an encoder with dropout says no."""
        return True

    @property
    def regularization_losses(self) -> Sequence[Callable[[], tf.Tensor]]:
        """Callables that each return a scalar to be added to the training loss."""
        return []

    def reusable_parts(self) -> ReusableParts:
        """What a Reusable SavedModel of this encoder is made of."""
        raise NotImplementedError

    def freeze(self, patterns: str | Sequence[str]) -> list[str]:
        """Keeps the variables whose names match out of training.

        Args:
            patterns: shell patterns over `variable_names`, such as "embedding_table" or "ngram_*/kernel_1".

        Returns:
            The names that are frozen by this call.

        Raises:
            EncoderError: a pattern matches no variable.
        """
        chosen = {}
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            matches = {name: var for name, var in self.named_variables if fnmatch.fnmatchcase(name, pattern)}
            if not matches:
                raise EncoderError(
                    f"freeze={pattern!r} matches no variable of {self.source}. Expected a pattern over: "
                    f"{', '.join(self.variable_names) or 'none, the encoder has no variables'}."
                )
            chosen.update(matches)
        for variable in chosen.values():
            variable.trainable = False
        self._frozen_names.update(chosen)
        return list(chosen)

    @property
    def frozen_names(self) -> list[str]:
        """The names that `freeze` has kept out of training, sorted."""
        return sorted(self._frozen_names)

    def encode(
        self,
        texts: Sequence[str | bytes],
        batch_size: int = 64,
        normalize: bool = False,
        show_progress: bool = False,
    ) -> np.ndarray:
        """Encodes texts in batches of similar length. A text that occurs more than once is computed once.

        The vector of a text does not depend on its neighbours: it is that of encoding the text alone, within 1e-5.
        An empty text has a vector like any other. Nothing is cut off here. Where a text is not valid Unicode (lone
        surrogates, bytes that are not UTF-8), the offending part counts as U+FFFD.

        Args:
            texts: n texts, as str or as UTF-8 bytes.
            batch_size: texts a batch, at most; batches of very long texts are made smaller.
            normalize: divide each vector by its length.
            show_progress: show a progress bar on standard error.

        Returns:
            float32 [n, dimension], in the order of `texts`.

        Raises:
            DataError: `texts` is a single string, or holds something that is not a text.
            SettingsError: `batch_size` is not a positive integer.

        Example:
            >>> encoder.encode(["data scientist", "machine learning engineer"]).shape
            (2, 512)
        """
        if not isinstance(batch_size, numbers.Integral) or batch_size < 1:
            raise SettingsError(f"Expected batch_size to be a positive integer. Received: batch_size={batch_size!r}.")
        encoded = _utf8(texts)
        rows: dict[bytes, int] = {}
        positions = np.fromiter((rows.setdefault(text, len(rows)) for text in encoded), np.int64, len(encoded))
        distinct = list(rows)
        vectors = np.empty((len(distinct), self.dimension), np.float32)
        with tqdm(total=len(distinct), unit="text", desc="encoding", disable=not show_progress) as progress:
            for indices in _batches_by_length(distinct, batch_size):
                vectors[indices] = self._encode_batch(tf.constant([distinct[index] for index in indices])).numpy()
                progress.update(len(indices))
        if normalize:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors if len(distinct) == len(encoded) else vectors[positions]


def _utf8(texts: Sequence[str | bytes]) -> list[bytes]:
    if isinstance(texts, (str, bytes)):
        raise DataError("encode() takes a list of texts and received a single text. Put it in a list: encode([text]).")
    return [_utf8_text(text, index) for index, text in enumerate(texts)]


def _utf8_text(text: str | bytes, index: int) -> bytes:
    if isinstance(text, bytes):
        return text.decode("utf-8", "replace").encode("utf-8")
    if not isinstance(text, str):
        raise DataError(
            f"Text {index} is {text!r}, of type {type(text).__name__}. Expected a str. "
            "Convert the texts, or drop those that are missing."
        )
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass").decode("utf-8", "replace").encode("utf-8")


def _batches_by_length(texts: list[bytes], batch_size: int) -> Iterator[list[int]]:
    """Yields the indices of each batch, longest texts first, so that too little memory shows at once."""
    batch: list[int] = []
    num_bytes = 0
    for index in sorted(range(len(texts)), key=lambda index: len(texts[index]), reverse=True):
        if batch and (len(batch) == batch_size or num_bytes + len(texts[index]) > _MAX_BATCH_BYTES):
            yield batch
            batch, num_bytes = [], 0
        batch.append(index)
        num_bytes += len(texts[index])
    if batch:
        yield batch
