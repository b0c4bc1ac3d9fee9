"""A trainable Keras 3 layer round a SavedModel.

`hub.KerasLayer` is a Keras 2 layer and Keras 3 rejects it (github.com/tensorflow/hub/issues/920). This layer shares
its variables with the loaded SavedModel: nothing is copied, and training changes what the SavedModel computes.
"""

import functools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
import tensorflow_text  # noqa: F401  registers the ops of its tokenizers

from tfsiamese.encoders.encoder import Encoder
from tfsiamese.encoders.restored import (
    call_signature,
    fingerprint_of,
    name_of,
    string_input,
    takes_training,
    trainable_variables_of,
    variables_of,
)
from tfsiamese.encoders.reusable import (
    NETWORK_ATTRIBUTE,
    RESOURCES_ATTRIBUTE,
    ReusableParts,
    is_signature_name,
)
from tfsiamese.encoders.shared_variables import share_variable
from tfsiamese.errors import EncoderError, ExportError, SettingsError
from tfsiamese.reasons import first_line
from tfsiamese.servables import read_metadata

__all__ = ["SavedModelEncoder"]

_logger = logging.getLogger(__name__)

# A function of the network, strings [batch] -> int32 [batch].
_COUNTING_FUNCTION = "count_tokens"

_OUTPUT_KEYS = ("embeddings", "embedding", "sentence_embedding", "default", "outputs", "output_0", "pooled_output")


class SavedModelEncoder(Encoder):
    """Wraps a Reusable SavedModel, or a SavedModel with a signature from strings to vectors.

    Args:
        folder: the folder that holds `saved_model.pb`.
        source: how the user named it; the folder by default.
        signature: call this signature instead of the SavedModel's own `__call__`.
        output_key: which output to take where there are several.

    Raises:
        EncoderError: the folder cannot be loaded, or what it holds does not take strings [batch] to floats
            [batch, dimension].
    """

    def __init__(
        self,
        folder: str | Path,
        source: str | None = None,
        signature: str | None = None,
        output_key: str | None = None,
    ):
        super().__init__()
        self.folder = Path(folder)
        self.source = source or str(folder)
        self._loaded = _load(self.folder, self.source)
        self._metadata = _read_metadata(self.folder)
        self._signature = signature
        self._network = getattr(self._loaded, NETWORK_ATTRIBUTE, None)
        self._function = self._choose_function(signature)
        self._calls_signature = isinstance(self._function, functools.partial)
        self._output_key = output_key
        self._takes_training = takes_training(self._function)
        trainable = {variable.ref() for variable in trainable_variables_of(self._loaded, self._function)}
        # Trainable ones first, as Keras has them in `variables`.
        saved = variables_of(self._loaded, self._function)
        self._saved_variables = sorted(saved, key=lambda variable: variable.ref() not in trainable)
        self._shared = [share_variable(variable, variable.ref() in trainable) for variable in self._saved_variables]
        if signature is None:
            self._restore_prompts()
        self.dimension = self._dry_run()
        self.fingerprint = fingerprint_of(self.folder)

    def call(self, texts: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Encodes strings [batch] to float32 [batch, dimension]."""
        return tf.cast(self._choose_output(self._call_function(texts, training)), tf.float32)

    def num_tokens(self, texts: Sequence[str | bytes], *, prompt: str | None = None) -> np.ndarray | None:
        """See `Encoder.num_tokens`; known for the default encoder, and for runs and exports of it."""
        owner = self._network or getattr(self._loaded, RESOURCES_ATTRIBUTE, None)
        count = getattr(owner, _COUNTING_FUNCTION, None)
        if count is None:
            return None
        return self._counted(count, texts, prompt)

    def _load_again(self) -> "SavedModelEncoder":
        return SavedModelEncoder(self.folder, self.source, self._signature, self._output_key)

    def _call_function(self, texts: tf.Tensor, training: bool) -> Any:
        return self._function(texts, training=bool(training)) if self._takes_training else self._function(texts)

    @property
    def stored_precision(self) -> str:
        """See `Encoder.stored_precision`."""
        return str((self._metadata.get("encoder") or {}).get("precision") or "float32")

    @property
    def named_variables(self) -> list[tuple[str, keras.Variable]]:
        """The names are those of the SavedModel, without the ":0"."""
        return [(name_of(saved), shared) for saved, shared in zip(self._saved_variables, self._shared, strict=True)]

    @property
    def is_deterministic(self) -> bool:
        """False where the SavedModel tells training from inference, since it may then drop units at random."""
        return not self._takes_training

    @property
    def regularization_losses(self) -> Sequence[Callable[[], tf.Tensor]]:
        """What the SavedModel brings along; empty for most."""
        return list(getattr(self._loaded, "regularization_losses", None) or [])

    def reusable_parts(self) -> ReusableParts:
        """The loaded SavedModel itself, with all variables that were trainable in it, frozen here or not."""
        return ReusableParts(
            network=self._network or getattr(self._loaded, RESOURCES_ATTRIBUTE, None) or self._loaded,
            encode=functools.partial(self.call, training=False),
            variables=self._saved_variables,
            trainable_variables=trainable_variables_of(self._loaded, self._function),
            regularization_losses=self.regularization_losses,
            network_encodes=self._returns_vectors and not self._is_earlier_export() and not self._calls_signature,
            restored_call=self._loaded.__call__ if self._is_earlier_export() else None,
            prompted={name: self._prompted(name) for name in self.prompts},
        )

    def _restore_prompts(self) -> None:
        """Takes the prompts of an export that has a signature for each."""
        described = self._metadata.get("encoder") or {}
        signatures = getattr(self._loaded, "signatures", {})
        prompts, default = described.get("prompts") or {}, described.get("default_prompt_name")
        # The default prompt is in `__call__`, whether its name could be a signature or not.
        self.prompts = {
            name: text
            for name, text in prompts.items()
            if name == default or (name in signatures and is_signature_name(name))
        }
        self.default_prompt_name = default if default in self.prompts else None
        self.skips_prompts = bool(described.get("skips_prompts"))

    def _prompted(self, name: str) -> Callable[[tf.Tensor], tf.Tensor]:
        """Encodes strings [batch] with a prompt, through the signature of its name."""
        if name == self.default_prompt_name:
            return functools.partial(self.call, training=False)
        signature = self._loaded.signatures[name]
        return lambda texts: signature(texts=tf.convert_to_tensor(texts))["embeddings"]

    def _encoding_function(self, prompt: str) -> Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
        if not self.prompts:
            return super()._encoding_function(prompt)
        default = self._prompt(None, None)
        name = next((name for name, text in self.prompts.items() if text == prompt), None)
        encode = self if prompt == default else self._prompted(name) if name is not None else None
        if encode is None:
            if default or self.skips_prompts:
                raise SettingsError(
                    f"{self.source} was exported with its prompts inside, and takes no other than those: "
                    f"{', '.join(self.prompts)}. Load the checkpoint that it was made of."
                )
            return super()._encoding_function(prompt)

        def encode_texts(texts: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return encode(texts), tf.zeros_like(texts, tf.int32)

        return tf.function(encode_texts, autograph=False, input_signature=[tf.TensorSpec([None], tf.string)])

    def _is_earlier_export(self) -> bool:
        return self._function is self._loaded and hasattr(self._loaded, RESOURCES_ATTRIBUTE)

    def _choose_function(self, signature: str | None) -> Callable[..., Any]:
        if signature is None:
            for candidate in (self._network, self._loaded):
                if callable(candidate):
                    return candidate
        signatures = getattr(self._loaded, "signatures", {})
        inputs = {name: string_input(function) for name, function in signatures.items()}
        texts_to_vectors = {name: text_input for name, text_input in inputs.items() if text_input}
        name = signature or ("serving_default" if "serving_default" in texts_to_vectors else None)
        if name is None and len(texts_to_vectors) == 1:
            name = next(iter(texts_to_vectors))
        if name is None or name not in texts_to_vectors:
            raise EncoderError(
                f"{self.source} has no signature {name or 'serving_default'!r} that takes one batch of strings. "
                f"Its signatures: {', '.join(signatures) or 'none'}; with one batch of strings as input: "
                f"{', '.join(texts_to_vectors) or 'none'}. Name one with signature=."
            )
        function = signatures[name]
        return functools.partial(call_signature, function, texts_to_vectors[name])

    def _choose_output(self, output: Any) -> tf.Tensor:
        if not isinstance(output, dict):
            if self._output_key is not None:
                raise EncoderError(
                    f"{self.source} has one output without a name. Leave out output_key={self._output_key!r}."
                )
            if not output.dtype.is_floating:
                raise EncoderError(f"{self.source} returns {output.dtype.name}. Expected vectors of floats.")
            return output
        vectors = [key for key, value in output.items() if value.shape.rank == 2 and value.dtype.is_floating]
        key = self._output_key or next((key for key in _OUTPUT_KEYS if key in vectors), None)
        if key is None and len(vectors) == 1:
            key = vectors[0]
        if key not in output:
            raise EncoderError(
                f"{self.source} has the outputs {', '.join(sorted(output))}, and it is not clear which holds the "
                f"vectors. Name one with output_key=. Received: output_key={self._output_key!r}."
            )
        return output[key]

    def _dry_run(self) -> int:
        """Encodes one text, and returns the dimension."""
        try:
            output = self._call_function(tf.constant(["a dry run"]), training=False)
            vectors = self._choose_output(output)
        except (TypeError, ValueError, tf.errors.OpError) as error:
            reason = first_line(error)
            raise EncoderError(
                f"{self.source} does not encode a batch of strings: {reason} Expected a text encoder that takes raw "
                "strings; one that takes token ids needs its preprocessing inside the SavedModel."
            ) from error
        if vectors.shape.rank != 2 or vectors.shape[0] != 1:
            raise EncoderError(
                f"{self.source} turns 1 text into the shape {tuple(vectors.shape)}. Expected [1, dimension]. "
                "Name another output with output_key=, or another signature with signature=."
            )
        self._returns_vectors = vectors is output and vectors.dtype == tf.float32
        return int(vectors.shape[1])


def _load(folder: Path, source: str) -> Any:
    try:
        return tf.saved_model.load(str(folder))
    except Exception as error:  # a damaged file makes the loader fail in any way
        reason = first_line(error)
        raise EncoderError(
            f"{source} cannot be loaded as a SavedModel: {reason} Expected a complete folder with saved_model.pb and "
            "variables/, written by TensorFlow 2."
        ) from error


def _read_metadata(folder: Path) -> dict[str, Any]:
    try:
        return read_metadata(folder) or {}
    except ExportError as error:
        raise EncoderError(str(error)) from error
