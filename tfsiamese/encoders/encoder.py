"""The contract of every encoder: a Keras layer from strings to vectors that can also encode plain lists of texts."""

import fnmatch
import glob
import itertools
import logging
import numbers
import types
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from tqdm.auto import tqdm

from tfsiamese.encoders.backend import require_tensorflow
from tfsiamese.encoders.reusable import ReusableParts
from tfsiamese.encoders.texts import describe_cut_texts
from tfsiamese.errors import EncoderError, SettingsError
from tfsiamese.suggestions import did_you_mean
from tfsiamese.texts import batches_by_length, utf8_texts

__all__ = ["EncodedBatches", "Encoder"]

_logger = logging.getLogger(__name__)

_ENCODING_THREADS = 2
_COUNTED_AT_ONCE = 1024

EncodingFunction = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]

EncodedBatches = tuple[np.ndarray, np.ndarray]
"""Vectors, float32 [n, dimension], and the tokens of each text, int32 [n]."""


class Encoder(keras.layers.Layer):
    """A text encoder: strings [batch] -> float32 [batch, dimension].

    Subclasses implement `call`, set `dimension`, `source` and `fingerprint`, and say through `reusable_parts` what a
    SavedModel of them consists of.

    Attributes:
        dimension: the length of a vector.
        source: where the encoder came from, as the user named it.
        fingerprint: identifies architecture and weights, as loaded or as the last training left them.
        prompts: texts that the encoder wants before a text, by name, such as "query" and "passage".
        default_prompt_name: the prompt that every text gets where none is named.
        skips_prompts: whether the tokens of a prompt take no part in pooling.
        encodes_with: what `encode` has distinct texts encoded by (texts, batch size, prompt); None for itself.
    """

    dimension: int
    source: str
    fingerprint: str
    prompts: Mapping[str, str] = types.MappingProxyType({})
    default_prompt_name: str | None = None
    skips_prompts: bool = False

    def __init__(self, name: str = "encoder"):
        require_tensorflow(keras.backend.backend())
        super().__init__(name=name, autocast=False)
        self.built = True
        self._frozen_names: set[str] = set()
        self._functions: dict[str, EncodingFunction] = {}
        self.encodes_with: Callable[[Sequence[bytes], int, str], EncodedBatches] | None = None

    def compute_output_spec(self, texts: keras.KerasTensor, training: bool = False) -> keras.KerasTensor:
        """The shape of the vectors, without running the encoder."""
        return keras.KerasTensor((*texts.shape, self.dimension), dtype="float32")

    @property
    def suggested_learning_rate(self) -> float | None:
        """For training, where the user names none; None for an encoder without opinion."""
        return None

    @property
    def stored_precision(self) -> str:
        """Of the weights: "float32", or what an export stored them as: "float16" or "int8"."""
        return "float32"

    @property
    def needs_loss_scaling(self) -> bool:
        """Whether gradients can be too small for the numbers that they are computed in, as with float16."""
        return False

    @property
    def max_length(self) -> int | None:
        """Tokens at which texts are cut; None where nothing is cut, or nothing is known about it."""
        return None

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
    def is_seeded(self) -> bool:
        """Whether every random number that training draws follows from `seed_dropout`."""
        return self.is_deterministic

    def seed_dropout(self, seed: Sequence[int]) -> None:
        """Chooses what the next training step drops, where the encoder drops anything: two numbers of 32 bits."""
        return

    @property
    def num_layers(self) -> int:
        """How many layers the encoder has; 0 where none are known."""
        return 0

    @property
    def layer_numbers(self) -> dict[str, int]:
        """The layer of each variable by name, counted from the embeddings, which are 0; empty where none are known."""
        return {}

    def describe(self) -> dict[str, Any]:
        """Options of the encoder that decide what it computes, as a JSON object."""
        return {}

    def num_tokens(self, texts: Sequence[str | bytes], *, prompt: str | None = None) -> np.ndarray | None:
        """The tokens of each text before it is cut, with special tokens and its prompt.

        Args:
            texts: n texts.
            prompt: stands before each; the default prompt by default.

        Returns:
            int32 [n]; None for an encoder that keeps its tokens to itself.
        """
        return None

    def _counted(
        self, count: Callable[[tf.Tensor], tf.Tensor], texts: Sequence[str | bytes], prompt: str | None
    ) -> np.ndarray:
        """What `count`, strings [batch] -> int32 [batch], says of all texts with the prompt before them."""
        before = self._prompt(None, prompt).encode()
        encoded = [before + text for text in utf8_texts(texts)]
        starts = range(0, len(encoded), _COUNTED_AT_ONCE)
        parts = [count(tf.constant(encoded[start : start + _COUNTED_AT_ONCE], tf.string)).numpy() for start in starts]
        return np.concatenate(parts) if parts else np.zeros(0, np.int32)

    @property
    def regularization_losses(self) -> Sequence[Callable[[], tf.Tensor]]:
        """Callables that each return a scalar to be added to the training loss."""
        return []

    def reusable_parts(self) -> ReusableParts:
        """What a Reusable SavedModel of this encoder is made of."""
        raise NotImplementedError

    def copy(self) -> "Encoder":
        """Another encoder with these weights, in variables of its own, on the device of `tf.device`.

        Raises:
            EncoderError: the source is no longer there, or this kind of encoder has none.
        """
        other = self._load_again()
        other.take_weights(self)
        for (_, theirs), (_, mine) in zip(other.named_variables, self.named_variables, strict=True):
            theirs.trainable = mine.trainable
        other._frozen_names = set(self._frozen_names)
        other.prompts, other.default_prompt_name = self.prompts, self.default_prompt_name
        other.skips_prompts = self.skips_prompts
        other.fingerprint = self.fingerprint
        return other

    def take_weights(self, other: "Encoder") -> None:
        """Gives this encoder the weights of a copy of it."""
        for (_, mine), (_, theirs) in zip(self.named_variables, other.named_variables, strict=True):
            mine.assign(theirs.value)

    def _load_again(self) -> "Encoder":
        """The same source with the same options, in variables of its own."""
        raise EncoderError(
            f"An encoder of the kind {type(self).__name__} cannot be loaded once more for another device. Implement "
            "_load_again(), or train on one device (strategy='one')."
        )

    def freeze(self, patterns: str | Sequence[str]) -> list[str]:
        """Keeps the variables whose names match out of training.

        Args:
            patterns: shell patterns over `variable_names` or the beginning of them up to a "/", such as
                "embedding_table", "ngram_*/kernel_1", "embeddings" or "layers/[0-5]".

        Returns:
            The names that are frozen by this call.

        Raises:
            EncoderError: a pattern matches no variable.
        """
        chosen = {}
        for pattern in [patterns] if isinstance(patterns, str) else patterns:
            matches = {name: var for name, var in self.named_variables if _matches(name, pattern)}
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

    def freeze_layers(self, number: int) -> list[str]:
        """Keeps the embeddings and the lower layers out of training.

        Args:
            number: how many layers; 0 freezes the embeddings alone.

        Returns:
            The names that are frozen by this call.

        Raises:
            EncoderError: the encoder has no layers, or fewer.
        """
        top = self.num_layers
        if not top:
            raise EncoderError(f"{self.source} has no known layers. Name its variables in freeze= instead.")
        if not isinstance(number, numbers.Integral) or not 0 <= number <= top:
            raise EncoderError(
                f"{self.source} has {top} layers. Expected freeze_layers from 0 to that. Received: {number!r}."
            )
        return self.freeze([glob.escape(name) for name, layer in self.layer_numbers.items() if layer <= number])

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
        *,
        prompt_name: str | None = None,
        prompt: str | None = None,
    ) -> np.ndarray:
        """Encodes texts in batches of similar length. A text that occurs more than once is computed once.

        The vector of a text does not depend on its neighbours: it is that of encoding the text alone, within 1e-5.
        An empty text has a vector like any other. Texts are cut at `max_length` tokens where the encoder has a limit;
        how many were is logged as a warning. Where a text is not valid Unicode (lone surrogates, bytes that are not
        UTF-8), the offending part counts as U+FFFD.

        Args:
            texts: n texts, as str or as UTF-8 bytes.
            batch_size: texts a batch, at most; batches of very long texts are made smaller.
            normalize: divide each vector by its length.
            show_progress: show a progress bar on standard error.
            prompt_name: which of `prompts` to put before each text; "" for none at all.
            prompt: another text to put before each text.

        Returns:
            float32 [n, dimension], in the order of `texts`.

        Raises:
            DataError: `texts` is a single string, or holds something that is not a text.
            SettingsError: `batch_size` is not a positive integer, or there is no such prompt.

        Example:
            >>> encoder.encode(["data scientist", "machine learning engineer"]).shape
            (2, 512)
        """
        if not isinstance(batch_size, numbers.Integral) or batch_size < 1:
            raise SettingsError(f"Expected batch_size to be a positive integer. Received: batch_size={batch_size!r}.")
        encoded = utf8_texts(texts)
        rows: dict[bytes, int] = {}
        positions = np.fromiter((rows.setdefault(text, len(rows)) for text in encoded), np.int64, len(encoded))
        distinct = list(rows)
        chosen = self._prompt(prompt_name, prompt)
        if self.encodes_with is not None:
            vectors, lengths = self.encodes_with(distinct, batch_size, chosen)
        else:
            vectors, lengths = self.encode_distinct(distinct, batch_size, chosen, show_progress)
        self._warn_of_cut_texts(lengths[positions])
        if normalize:
            vectors /= np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), np.finfo(np.float32).tiny)
        return vectors if len(distinct) == len(encoded) else vectors[positions]

    def encode_distinct(
        self,
        texts: Sequence[bytes],
        batch_size: int,
        prompt: str = "",
        show_progress: bool = False,
        *,
        num_threads: int = _ENCODING_THREADS,
    ) -> "EncodedBatches":
        """The work of `encode` on texts that are valid UTF-8 and different.

        Args:
            texts: n texts.
            batch_size: texts a batch, at most.
            prompt: stands before each.
            show_progress: show a progress bar on standard error.
            num_threads: batches that are computed at the same time: while one is tokenized, or waits for memory,
                another one multiplies.

        Returns:
            float32 [n, dimension], and the tokens of each text before it is cut, int32 [n]; 0 where not known.
        """
        encode = self._function_for(prompt)
        vectors = np.empty((len(texts), self.dimension), np.float32)
        lengths = np.zeros(len(texts), np.int32)

        def encode_batch(indices: list[int]) -> int:
            found, num_tokens = encode(tf.constant([texts[index] for index in indices]))
            vectors[indices], lengths[indices] = found.numpy(), num_tokens.numpy()
            return len(indices)

        batches = batches_by_length(texts, batch_size)
        pool = ThreadPoolExecutor(num_threads)
        try:
            with tqdm(total=len(texts), unit="text", desc="encoding", disable=not show_progress) as progress:
                # The first batch is that of the longest texts: what it needs shows before others are begun.
                for first in itertools.islice(batches, 1):
                    progress.update(encode_batch(first))
                for done in pool.map(encode_batch, batches):
                    progress.update(done)
        finally:
            pool.shutdown(cancel_futures=True)
        return vectors, lengths

    def _prompt(self, prompt_name: str | None, prompt: str | None) -> str:
        """The text to put before each text."""
        if prompt is not None and prompt_name is not None:
            raise SettingsError(
                f"Received both prompt={prompt!r:.60} and prompt_name={prompt_name!r}. Expected one of them."
            )
        if prompt is not None:
            if not isinstance(prompt, str):
                raise SettingsError(f"Expected prompt to be a text. Received: {prompt!r}.")
            return prompt
        name = self.default_prompt_name if prompt_name is None else prompt_name
        if not name:
            return ""
        if name not in self.prompts:
            known = f"Its prompts: {', '.join(self.prompts)}." if self.prompts else "It has none."
            raise SettingsError(f"{self.source} has no prompt {name!r}.{did_you_mean(name, self.prompts)} {known}")
        return self.prompts[name]

    def _function_for(self, prompt: str) -> "EncodingFunction":
        if prompt not in self._functions:
            self._functions[prompt] = self._encoding_function(prompt)
        return self._functions[prompt]

    def _encoding_function(self, prompt: str) -> "EncodingFunction":
        """Compiles what `encode` calls: strings [batch] -> vectors, and tokens before cutting (0 if not known)."""

        def encode(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            prompted = tf.strings.join([prompt, texts]) if prompt else texts
            return self(prompted, training=False), tf.zeros_like(texts, tf.int32)

        return tf.function(encode, input_signature=[tf.TensorSpec([None], tf.string)])

    def _warn_of_cut_texts(self, num_tokens: np.ndarray) -> None:
        cut = describe_cut_texts(num_tokens, self.max_length)
        if cut:
            _logger.warning("%s: %s", self.source, cut)


def _matches(name: str, pattern: str) -> bool:
    parts = name.split("/")
    return any(fnmatch.fnmatchcase("/".join(parts[:end]), pattern) for end in range(1, len(parts) + 1))
