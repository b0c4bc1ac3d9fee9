"""What a checkpoint folder says about itself: its transformer, its modules, its prompts."""

import logging
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tfsiamese.encoders.checkpoint.sentence_config import read_sentence_config
from tfsiamese.encoders.json_files import read_json, read_object
from tfsiamese.errors import EncoderError

__all__ = ["CheckpointLayout", "ModuleEntry", "is_checkpoint", "read_layout"]

_logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ModuleEntry:
    """One module behind the transformer.

    Attributes:
        kind: the name of its class in sentence-transformers, such as "Pooling".
        folder: where its configuration and weights are.
        config: its configuration.
        path: the folder's path in the checkpoint.
    """

    kind: str
    folder: Path
    config: dict[str, Any]
    path: str = ""


@dataclass(frozen=True)
class CheckpointLayout:
    """A checkpoint in the layout of sentence-transformers, or in that of Hugging Face.

    Attributes:
        folder: the checkpoint.
        transformer: the folder of the transformer and its tokenizer.
        config: the transformer's config.json.
        sentence_config: sentence-transformers' settings of the transformer, such as `max_seq_length`.
        modules: what comes after the transformer.
        prompts: texts that stand before a text, by name.
        default_prompt_name: the prompt where none is named.
        truncated_dimension: how many numbers of each vector are kept; None for all.
    """

    folder: Path
    transformer: Path
    config: dict[str, Any]
    sentence_config: dict[str, Any]
    modules: tuple[ModuleEntry, ...]
    prompts: dict[str, str] = field(default_factory=dict)
    default_prompt_name: str | None = None
    truncated_dimension: int | None = None


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder is laid out as a checkpoint of sentence-transformers or Hugging Face."""
    if (folder / "modules.json").is_file():
        return True
    path = folder / "config.json"
    return path.is_file() and "model_type" in read_object(path)


def read_layout(folder: Path) -> CheckpointLayout:
    """Reads and checks a checkpoint's configuration files.

    Raises:
        EncoderError: a file is absent or damaged, or asks for a module that is not known.
    """
    if not (folder / "modules.json").is_file():
        return _plain_layout(folder)
    transformer, modules = _read_modules(folder)
    settings = read_object(folder / "config_sentence_transformers.json", optional=True)
    if settings.get("model_type", "SentenceTransformer") != "SentenceTransformer":
        raise EncoderError(
            f"{folder / 'config_sentence_transformers.json'} has the model_type {settings['model_type']!r}. "
            "Expected 'SentenceTransformer', an encoder with one vector for each text."
        )
    prompts = settings.get("prompts") or {}
    if not isinstance(prompts, dict) or not all(isinstance(prompt or "", str) for prompt in prompts.values()):
        raise EncoderError(f"{folder / 'config_sentence_transformers.json'} has a prompt that is no text.")
    prompts = {name: prompt or "" for name, prompt in prompts.items()}
    default = settings.get("default_prompt_name")
    if default is not None and (not isinstance(default, str) or default not in prompts):
        raise EncoderError(
            f"{folder / 'config_sentence_transformers.json'} has the default_prompt_name {default!r}, which is none of "
            f"its prompts: {', '.join(prompts) or 'none'}."
        )
    truncated = settings.get("truncate_dim")
    if truncated is not None and (not isinstance(truncated, int) or truncated < 1):
        raise EncoderError(
            f"{folder / 'config_sentence_transformers.json'} has truncate_dim = {truncated!r}. Expected a positive "
            "whole number."
        )
    config = _read_config(transformer)
    sentence_config = read_sentence_config(transformer)
    return CheckpointLayout(folder, transformer, config, sentence_config, modules, prompts, default, truncated)


def _plain_layout(folder: Path) -> CheckpointLayout:
    """Hugging Face's layout, pooled as sentence-transformers does it: language models by their last token."""
    config = _read_config(folder)
    architecture = next(iter(config.get("architectures") or [""]))
    is_language_model = str(architecture).endswith("ForCausalLM") and config.get("is_causal") is not False
    mode = "lasttoken" if is_language_model else "mean"
    pooling = ModuleEntry("Pooling", folder / "1_Pooling", {"pooling_mode": mode})
    return CheckpointLayout(folder, folder, config, {}, (pooling,))


def _read_config(transformer: Path) -> dict[str, Any]:
    """The transformer's config.json, without what would make other weights of it."""
    config = read_object(transformer / "config.json")
    if config.get("quantization_config"):
        raise EncoderError(
            f"{transformer / 'config.json'} has a quantization_config. Expected weights as floats; take the model that "
            "was quantized."
        )
    if (transformer / "adapter_config.json").is_file():
        raise EncoderError(
            f"{transformer} holds an adapter (adapter_config.json), which is not supported. Merge it into the weights "
            "with PEFT's merge_and_unload, and save the model."
        )
    if config.get("auto_map"):
        _logger.warning(
            "%s comes with code of its own (auto_map), which is not run: it is computed as %s",
            transformer,
            config.get("model_type"),
        )
    return config


def _read_modules(folder: Path) -> tuple[Path, tuple[ModuleEntry, ...]]:
    path = folder / "modules.json"
    content = read_json(path)
    if not isinstance(content, list) or not all(
        isinstance(entry, dict) and isinstance(entry.get("type"), str) and isinstance(entry.get("path", ""), str)
        for entry in content
    ):
        raise EncoderError(f"{path} is no list of modules with a type and a path. Download the checkpoint again.")
    foreign = [entry["type"] for entry in content if not entry["type"].startswith("sentence_transformers.")]
    if foreign:
        raise EncoderError(f"{path} has the module {foreign[0]!r}. Expected modules of sentence_transformers alone.")
    kinds = [entry["type"].rpartition(".")[2] for entry in content]
    if not kinds or kinds[0] != "Transformer":
        raise EncoderError(f"{path} begins with {kinds[0] if kinds else 'nothing'!r}. Expected a Transformer.")
    paths = [entry.get("path", "") for entry in content]
    for place in paths:
        is_inside = (folder / place).resolve().is_relative_to(folder.resolve())
        if Path(place).is_absolute() or ".." in Path(place).parts or not is_inside:
            raise EncoderError(f"{path} names the folder {place!r}. Expected one inside the checkpoint.")
    entries = []
    for kind, place in zip(kinds[1:], paths[1:], strict=True):
        config = read_object(folder / place / "config.json", optional=kind == "Normalize")
        entries.append(ModuleEntry(kind, folder / place, config, place))
    return folder / paths[0], tuple(entries)
