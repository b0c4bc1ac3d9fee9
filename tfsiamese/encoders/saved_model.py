"""A trainable Keras 3 layer round a SavedModel.

`hub.KerasLayer` is a Keras 2 layer and Keras 3 rejects it (github.com/tensorflow/hub/issues/920). This layer shares
its variables with the loaded SavedModel: nothing is copied, and training changes what the SavedModel computes.
"""

import functools
import hashlib
import inspect
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf
import tensorflow_text  # noqa: F401  registers the ops of its tokenizers

from tfsiamese.encoders.encoder import Encoder
from tfsiamese.encoders.reasons import first_line
from tfsiamese.encoders.reusable import NETWORK_ATTRIBUTE, RESOURCES_ATTRIBUTE, ReusableParts
from tfsiamese.encoders.shared_variables import share_variable
from tfsiamese.errors import EncoderError, ExportError, SettingsError
from tfsiamese.servables import read_metadata

__all__ = ["SavedModelEncoder"]

_logger = logging.getLogger(__name__)

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
        self._network = getattr(self._loaded, NETWORK_ATTRIBUTE, None)
        self._function = self._choose_function(signature)
        self._calls_signature = isinstance(self._function, functools.partial)
        self._output_key = output_key
        self._takes_training = _takes_training(self._function)
        trainable = {variable.ref() for variable in _trainable_variables_of(self._loaded, self._function)}
        # Trainable ones first, as Keras has them in `variables`.
        saved = _variables_of(self._loaded, self._function)
        self._saved_variables = sorted(saved, key=lambda variable: variable.ref() not in trainable)
        self._shared = [share_variable(variable, variable.ref() in trainable) for variable in self._saved_variables]
        if signature is None:
            self._restore_prompts()
        self.dimension = self._dry_run()
        self.fingerprint = _fingerprint(self.folder)

    def call(self, texts: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Encodes strings [batch] to float32 [batch, dimension]."""
        return tf.cast(self._choose_output(self._call_function(texts, training)), tf.float32)

    def _call_function(self, texts: tf.Tensor, training: bool) -> Any:
        return self._function(texts, training=bool(training)) if self._takes_training else self._function(texts)

    @property
    def named_variables(self) -> list[tuple[str, keras.Variable]]:
        """The names are those of the SavedModel, without the ":0"."""
        return [(_name(saved), shared) for saved, shared in zip(self._saved_variables, self._shared, strict=True)]

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
            trainable_variables=_trainable_variables_of(self._loaded, self._function),
            regularization_losses=self.regularization_losses,
            network_encodes=self._returns_vectors and not self._is_earlier_export() and not self._calls_signature,
            restored_call=self._loaded.__call__ if self._is_earlier_export() else None,
            prompted={name: self._prompted(name) for name in self.prompts},
        )

    def _restore_prompts(self) -> None:
        """Takes the prompts of an export that has a signature for each."""
        described = self._metadata.get("encoder") or {}
        signatures = getattr(self._loaded, "signatures", {})
        self.prompts = {name: text for name, text in (described.get("prompts") or {}).items() if name in signatures}
        default = described.get("default_prompt_name")
        self.default_prompt_name = default if default in self.prompts else None
        self.skips_prompts = bool(described.get("skips_prompts"))

    def _prompted(self, name: str) -> Callable[[tf.Tensor], tf.Tensor]:
        """Encodes strings [batch] with a prompt, through the signature of its name."""
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
        inputs = {name: _string_input(function) for name, function in signatures.items()}
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
        return functools.partial(_call_signature, function, texts_to_vectors[name])

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


def _takes_training(function: Callable[..., Any]) -> bool:
    """Whether a restored function has a `training` argument, as Reusable SavedModels with dropout do."""
    call = getattr(function, "__call__", None)  # noqa: B004  the restored function is the attribute
    try:
        specification = inspect.getfullargspec(call)
    except TypeError:
        return False
    return "training" in specification.args or "training" in specification.kwonlyargs


def _string_input(function: Any) -> str | None:
    """The name of a signature's only input, if that is a batch of strings."""
    _, inputs = function.structured_input_signature
    if len(inputs) != 1:
        return None
    (name, spec), *_ = inputs.items()
    return name if spec.dtype == tf.string and spec.shape.rank in (None, 1) else None


def _call_signature(function: Any, input_name: str, texts: tf.Tensor) -> Any:
    return function(**{input_name: tf.convert_to_tensor(texts)})


def _variables_of(loaded: Any, function: Any) -> list[tf.Variable]:
    signature = function.args[0] if isinstance(function, functools.partial) else None
    return list(getattr(loaded, "variables", None) or getattr(signature, "variables", None) or [])


def _trainable_variables_of(loaded: Any, function: Any) -> list[tf.Variable]:
    named = getattr(loaded, "trainable_variables", None)
    if named is not None:
        return list(named)
    return [variable for variable in _variables_of(loaded, function) if variable.trainable]


def _name(variable: tf.Variable) -> str:
    return variable.name.split(":")[0]


def _fingerprint(folder: Path) -> str:
    """A digest over the graph and over the index of the variables, which holds a checksum of each tensor."""
    digest = hashlib.sha256()
    for name in ("saved_model.pb", "variables/variables.index"):
        path = folder / name
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()
