"""The settings of a transformer in sentence-transformers: sentence_bert_config.json and its like."""

from pathlib import Path
from typing import Any

from tfsiamese.encoders.json_files import read_object
from tfsiamese.errors import EncoderError

__all__ = ["SENTENCE_CONFIGS", "length_in", "read_sentence_config", "with_length"]

# In the order in which sentence-transformers looks for them.
SENTENCE_CONFIGS = tuple(
    f"sentence_{family}_config.json"
    for family in ("bert", "roberta", "distilbert", "camembert", "albert", "xlm-roberta", "xlnet")
)

# What others than these names hold can change the vectors.
_KNOWN = (
    "max_seq_length",
    "do_lower_case",
    "transformer_task",
    "modality_config",
    "module_output_name",
    "unpad_inputs",
)
_TOKENIZER_ARGUMENTS = ("processor_kwargs", "tokenizer_args")
_LENGTH = "model_max_length"
_HARMLESS_ARGUMENTS = ("attn_implementation", "dtype", "torch_dtype", "trust_remote_code", "use_fast")


def read_sentence_config(transformer: Path) -> dict[str, Any]:
    """The settings of the transformer in a folder; empty where there is no such file.

    Raises:
        EncoderError: a setting is wrong, or changes the vectors in a way that is not known here.
    """
    path = next((transformer / name for name in SENTENCE_CONFIGS if (transformer / name).is_file()), None)
    if path is None:
        return {}
    config = read_object(path)
    expected = {"transformer_task": "feature-extraction", "module_output_name": "token_embeddings"}
    for key, value in expected.items():
        if config.get(key, value) != value:
            raise EncoderError(f"{path} has the {key} {config[key]!r}. Expected {value!r}.")
    for key, value in config.items():
        if key not in _KNOWN and not _is_harmless(key, value):
            raise EncoderError(
                f"{path} has {key} = {value!r:.80}, which is not supported. Expected none, or leave it out."
            )
    length = length_in(config)
    if length is not None and (not isinstance(length, int) or isinstance(length, bool) or length < 1):
        raise EncoderError(f"{path} has max_seq_length = {length!r}. Expected a positive whole number.")
    return config


def length_in(config: dict[str, Any]) -> Any:
    """The length at which texts are cut: that among the tokenizer's arguments before `max_seq_length`."""
    for key in _TOKENIZER_ARGUMENTS:
        if isinstance(config.get(key), dict) and _LENGTH in config[key]:
            return config[key][_LENGTH]
    return config.get("max_seq_length")


def with_length(config: dict[str, Any], length: int | None) -> dict[str, Any]:
    """The settings with another length and none that would come before it."""
    changed = dict(config)
    for key in _TOKENIZER_ARGUMENTS:
        if isinstance(changed.get(key), dict):
            changed[key] = {name: value for name, value in changed[key].items() if name != _LENGTH}
    return changed | {"max_seq_length": length}


def _is_harmless(key: str, value: Any) -> bool:
    if not value:
        return True
    if not isinstance(value, dict):
        return False
    known = (*_HARMLESS_ARGUMENTS, _LENGTH) if key in _TOKENIZER_ARGUMENTS else _HARMLESS_ARGUMENTS
    return key.endswith(("_args", "_kwargs")) and all(name in known for name in value)
