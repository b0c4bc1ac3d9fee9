"""Builds the network of a checkpoint from its files."""

import contextlib
import dataclasses
import logging
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from tfsiamese.encoders.checkpoint.layout import CheckpointLayout
from tfsiamese.encoders.checkpoint.modules import read_modules
from tfsiamese.encoders.checkpoint.network import CheckpointNetwork
from tfsiamese.encoders.checkpoint.options import CheckpointOptions
from tfsiamese.encoders.checkpoint.pooling import Pooling, read_pooling_modes
from tfsiamese.encoders.checkpoint.sentence_config import length_in
from tfsiamese.encoders.checkpoint.tensors import TensorFiles
from tfsiamese.encoders.json_files import read_object
from tfsiamese.encoders.tokenizers import Tokenizer, read_tokenizer
from tfsiamese.encoders.transformer import Family, Transformer, TransformerConfiguration, family_of
from tfsiamese.encoders.transformer.shapes import expected_shapes
from tfsiamese.encoders.transformer.weight_map import WeightMap
from tfsiamese.errors import EncoderError, SettingsError

__all__ = ["Assembled", "assemble"]

# A tensor of the checkpoint that the vectors don't depend on, and that others who load it expect.
_KEPT_EXTRAS = "pooler."
_WEIGHTS = (".weight", ".bias")
_OF_DAMAGED_FILES = (AttributeError, IndexError, KeyError, OverflowError, RecursionError, TypeError, ValueError)

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Assembled:
    """A network, and what is needed to write its checkpoint again.

    Attributes:
        network: with the checkpoint's weights.
        weight_map: where the transformer's weights lie.
        extra_tensors: those that the network has no use for and that are kept.
        skips_prompts: whether a prompt's tokens don't take part in pooling.
        fingerprint: identifies the weights.
    """

    network: CheckpointNetwork
    weight_map: WeightMap
    extra_tensors: dict[str, np.ndarray]
    skips_prompts: bool
    fingerprint: str


def assemble(layout: CheckpointLayout, options: CheckpointOptions) -> Assembled:
    """Reads weights and tokenizer, and builds the network.

    Raises:
        EncoderError: something is absent, damaged or not supported.
        SettingsError: an option does not go with the checkpoint.
    """
    source = str(layout.folder)
    family = family_of(layout.config, str(layout.transformer / "config.json"))
    config = family.defaults | layout.config
    configuration = _with_dropout(_configure(family, config, layout), options.dropout)
    # What is quickly read goes first, so that a mistake does not cost the time of reading the weights.
    if not layout.modules or layout.modules[0].kind != "Pooling":
        found = layout.modules[0].kind if layout.modules else "nothing"
        raise EncoderError(f"{source} has {found} behind its transformer. Expected a Pooling module.")
    pooling = layout.modules[0].config
    modes = read_pooling_modes(pooling)
    modules = read_modules(layout.modules[1:])
    tokenizer = _tokenizer(layout, config, configuration, options.max_length)
    files = TensorFiles(layout.transformer)
    weight_map = family.map_weights(configuration)
    prefix = _find_prefix(files, family, weight_map)
    weight_map.check({name.removeprefix(prefix): shape for name, shape in files.shapes.items()}, source)
    arrays = weight_map.read(lambda name: files.read(prefix + name))
    _check_shapes(arrays, configuration, source)
    transformer = Transformer(configuration, arrays, tf.as_dtype(options.compute_type), options.lora_settings)
    _warn_of_unread_layers(files, prefix, weight_map)
    extras = [name for name in files.shapes if name.startswith(prefix + _KEPT_EXTRAS)]
    return Assembled(
        CheckpointNetwork(tokenizer, transformer, Pooling(modes), modules, layout.truncated_dimension),
        weight_map,
        {name.removeprefix(prefix): files.read(name) for name in extras},
        not pooling.get("include_prompt", True),
        files.fingerprint(),
    )


def _configure(family: Family, config: dict[str, Any], layout: CheckpointLayout) -> TransformerConfiguration:
    try:
        return family.configure(config)
    except (AttributeError, KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise EncoderError(
            f"{layout.transformer / 'config.json'} has a value that makes no sense ({error}). Expected the config.json "
            "of a whole checkpoint; download it again."
        ) from error


def _check_shapes(arrays: dict[str, np.ndarray], configuration: TransformerConfiguration, source: str) -> None:
    """Not every shape that contradicts config.json shows when a text is encoded."""
    for name, expected in expected_shapes(configuration).items():
        if name in arrays and arrays[name].shape != expected:
            raise EncoderError(
                f"{source} has {name} of the shape {list(arrays[name].shape)}, where its config.json says "
                f"{list(expected)}. Expected a whole checkpoint; download it again."
            )


def _warn_of_unread_layers(files: TensorFiles, prefix: str, weight_map: WeightMap) -> None:
    """A config.json may take fewer layers than the file has; heads and buffers are not looked at."""
    read = {prefix + tensor for tensor in weight_map.tensors}
    layer = re.compile(re.escape(prefix) + r"(\w+\.)?layers?\.\d+\.")
    unread = [name for name in files.shapes if name not in read and layer.match(name) and name.endswith(_WEIGHTS)]
    if unread:
        more = ", …" if len(unread) > 3 else ""
        _logger.warning(
            "%s: config.json makes no use of %d tensors: %s%s", files.folder, len(unread), ", ".join(unread[:3]), more
        )


def _with_dropout(configuration: TransformerConfiguration, rate: float | None) -> TransformerConfiguration:
    """With one rate wherever the family drops anything, or nowhere."""
    if rate is None:
        return configuration
    rates: dict[str, Any] = {name: rate for name, own in configuration.dropout_rates.items() if own > 0 or rate == 0}
    if not rates:
        # Families that are published with all rates at 0 get what BERT has.
        rates = {"attention_dropout": rate, "attention_output_dropout": rate, "feed_forward_dropout": rate}
    return dataclasses.replace(configuration, **rates)


def _find_prefix(files: TensorFiles, family: Family, weight_map: WeightMap) -> str:
    """What stands before every tensor's name: models with a head have the encoder under a name."""
    first = weight_map.tensors[0]
    return next((prefix for prefix in family.prefixes if prefix + first in files.shapes), "")


def _tokenizer(
    layout: CheckpointLayout, config: dict[str, Any], configuration: TransformerConfiguration, asked: int | None
) -> Tokenizer:
    tokenizer = _read_tokenizer(layout)
    if layout.sentence_config.get("do_lower_case"):
        tokenizer = tokenizer | {"normalizer": _lowercased(tokenizer.get("normalizer"))}
    limit = _longest(config, configuration)
    if asked is not None and limit is not None and asked > limit:
        raise SettingsError(
            f"{layout.folder} has {limit} positions. Expected max_length up to that. Received: max_length={asked}."
        )
    own = length_in(layout.sentence_config)
    if own is None:
        settings = read_object(layout.transformer / "tokenizer_config.json", optional=True)
        own = min(_number(settings.get("model_max_length")), _number(config.get("max_position_embeddings")))
    length = min(asked or own, limit or own)
    with _blaming_files(layout):
        made = Tokenizer(tokenizer, None if math.isinf(length) else int(length))
    if made.vocab_size > configuration.vocab_size:
        raise EncoderError(
            f"{layout.transformer} has {made.vocab_size} tokens and {configuration.vocab_size} embeddings. Expected an "
            "embedding for each token; download the checkpoint again."
        )
    return made


def _read_tokenizer(layout: CheckpointLayout) -> dict[str, Any]:
    with _blaming_files(layout):
        return read_tokenizer(layout.transformer)


@contextlib.contextmanager
def _blaming_files(layout: CheckpointLayout) -> Iterator[None]:
    """A damaged file can hold anything at any place."""
    try:
        yield
    except _OF_DAMAGED_FILES as error:
        raise EncoderError(
            f"{layout.transformer} has a tokenizer whose files make no sense ({type(error).__name__}: {error}). "
            "Expected the files of a whole checkpoint; download it again."
        ) from error


def _longest(config: dict[str, Any], configuration: TransformerConfiguration) -> int | None:
    """How many tokens a text can have, where positions are learned."""
    return configuration.num_positions - configuration.position_offset if configuration.num_positions else None


def _number(value: Any) -> float:
    return float(value) if isinstance(value, (int, float)) and value > 0 else float("inf")


def _lowercased(normalizer: dict[str, Any] | None) -> dict[str, Any]:
    """The normalizer with lower-casing first, as sentence-transformers does it for `do_lower_case`."""
    parts = [] if normalizer is None else normalizer.get("normalizers", [normalizer])
    if any(part.get("type") == "Lowercase" or part.get("lowercase") for part in parts):
        return normalizer or {}
    return {"type": "Sequence", "normalizers": [{"type": "Lowercase"}, *parts]}
