"""Writes an encoder as a Reusable SavedModel with signatures.

The root object has what https://www.tensorflow.org/hub/reusable_saved_models asks for: `__call__` on strings [batch],
`variables`, `trainable_variables` and `regularization_losses`. What computes the vectors is attached under one name,
so that a SavedModel that is loaded, trained and written again any number of times never nests deeper than that.
"""

import errno
import logging
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import tensorflow as tf

from tfsiamese import similarity
from tfsiamese.encoders.unstored_variables import leave_unstored
from tfsiamese.reasons import first_line

__all__ = [
    "DECODED_ATTRIBUTE",
    "NETWORK_ATTRIBUTE",
    "RESOURCES_ATTRIBUTE",
    "EncodingFunction",
    "MoreSignatures",
    "ReusableParts",
    "is_signature_name",
    "write_reusable_saved_model",
]

EncodingFunction = Callable[[tf.Tensor], tf.Tensor]

# What owns variables and tokenizers is attached under the first name where calling it is what encodes, and under the
# second where something else does, such as a signature of it or one of its outputs.
NETWORK_ATTRIBUTE = "tfsiamese_network"
RESOURCES_ATTRIBUTE = "tfsiamese_resources"

# What owns variables that are made when the model is loaded lists them under this name; they are not stored.
DECODED_ATTRIBUTE = "tfsiamese_decoded_weights"

# Names of signatures that a prompt cannot have.
_TAKEN = ("serving_default", "embed", "similarity", "top_k")

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReusableParts:
    """What a Reusable SavedModel is made of.

    Attributes:
        network: the trackable object that owns all variables and tokenizer resources.
        encode: strings [batch] -> float [batch, dimension].
        variables: every `tf.Variable` behind `encode`.
        trainable_variables: those of them that training may change.
        regularization_losses: callables without arguments, each returning a scalar.
        network_encodes: whether `encode` does nothing but call `network`.
        prompted: for encoders with prompts, `encode` with each of them, by the prompt's name.
        restored_call: the `__call__` of an earlier export that is `encode` already; it is written again as it is.
    """

    network: object
    encode: EncodingFunction
    variables: Sequence[tf.Variable]
    trainable_variables: Sequence[tf.Variable]
    regularization_losses: Sequence[Callable[[], tf.Tensor]] = field(default_factory=list)
    network_encodes: bool = True
    prompted: Mapping[str, EncodingFunction] = field(default_factory=dict)
    restored_call: EncodingFunction | None = None


@dataclass(frozen=True)
class MoreSignatures:
    """Signatures beside the usual ones.

    Attributes:
        resources: the trackable object that owns what they need.
        make: from `encode` and the encodings with each prompt, by the prompt's name, "" for `encode`, to signatures by
            name.
    """

    resources: object
    make: Callable[[Mapping[str, EncodingFunction]], Mapping[str, Callable[..., object]]]


def write_reusable_saved_model(
    folder: Path, parts: ReusableParts, head: str = "angular", more: MoreSignatures | None = None
) -> None:
    """Writes `parts` into `folder` with the signatures `serving_default`, `embed` and `similarity`.

    `serving_default` and `embed`: `texts` string [batch] -> `embeddings` float32 [batch, dimension].
    `similarity`: `left`, `right` strings [batch] -> `score`, `cosine` and `angular`, each float32 [batch]; `score` is
    what `head` makes of the two vectors. Where the encoder has prompts there is a signature like `serving_default` for
    each whose name can be one, such as `query` and `passage`; `document` can be called by the name `passage` too.

    Raises:
        OSError: the folder cannot be written.
    """
    texts = tf.TensorSpec([None], tf.string, name="texts")

    # Compiled once, for all signatures.
    @tf.function(autograph=False, input_signature=[texts])
    def encode(texts: tf.Tensor) -> tf.Tensor:
        return parts.encode(texts)

    @tf.function(
        input_signature=[tf.TensorSpec([None], tf.string, name=name) for name in ("left", "right")],
    )
    def score_pairs(left: tf.Tensor, right: tf.Tensor) -> dict[str, tf.Tensor]:
        tf.debugging.assert_equal(tf.size(left), tf.size(right), "left and right must hold equally many texts")
        left_vectors, right_vectors = tf.split(encode(tf.concat([left, right], axis=0)), 2)
        scores = {name: similarity.get(name)(left_vectors, right_vectors) for name in ("cosine", "angular")}
        return {"score": similarity.get(head)(left_vectors, right_vectors), **scores}

    name = NETWORK_ATTRIBUTE if parts.network_encodes else RESOURCES_ATTRIBUTE
    root = tf.train.Checkpoint(**{name: parts.network})
    if more is not None:
        root.tfsiamese_more_signatures = more.resources
    root.__call__ = parts.restored_call or encode
    root.variables = list(parts.variables)
    root.trainable_variables = list(parts.trainable_variables)
    root.regularization_losses = list(parts.regularization_losses)
    prompted = {name: _compiled(encode_prompted, texts) for name, encode_prompted in parts.prompted.items()}
    encoders = _signatures_of_prompts(prompted) | {"serving_default": encode, "embed": encode}
    signatures = {name: _embedding_signature(function, texts) for name, function in encoders.items()}
    signatures["similarity"] = score_pairs.get_concrete_function()
    if more is not None:
        signatures |= more.make({**prompted, "": encode})
    for owner in (parts.network, None if more is None else more.resources):
        for variable in getattr(owner, DECODED_ATTRIBUTE, ()):
            leave_unstored(variable)
    try:
        tf.saved_model.save(root, str(folder), signatures=signatures)
    except tf.errors.OpError as error:  # such as a full disk
        raise OSError(errno.EIO, first_line(error.message), str(folder)) from error


def _compiled(encode: EncodingFunction, texts: tf.TensorSpec) -> EncodingFunction:
    return tf.function(encode, autograph=False, input_signature=[texts])


def _embedding_signature(encode: EncodingFunction, texts: tf.TensorSpec) -> Callable[..., object]:
    function = tf.function(lambda texts: {"embeddings": encode(texts)}, input_signature=[texts])
    return function.get_concrete_function()


def _signatures_of_prompts(
    prompted: Mapping[str, EncodingFunction],
) -> dict[str, EncodingFunction]:
    """The prompts that can be signatures; `passage`, if it is none of them, is what `document` is."""
    named = {name: encode for name, encode in prompted.items() if is_signature_name(name)}
    if len(named) < len(prompted):
        left_out = ", ".join(repr(name) for name in prompted if name not in named)
        _logger.warning("prompts whose names cannot be signatures are not in the SavedModel: %s", left_out)
    if "document" in named:
        named.setdefault("passage", named["document"])
    return named


def is_signature_name(name: str) -> bool:
    """Whether a prompt of this name can be a signature."""
    return re.fullmatch(r"[A-Za-z]\w*", name) is not None and name not in _TAKEN
