"""Writes an encoder back as a checkpoint that sentence-transformers loads."""

import errno
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import save_file

from tfsiamese.encoders.checkpoint.encoder import CheckpointEncoder
from tfsiamese.encoders.checkpoint.sentence_config import SENTENCE_CONFIGS, with_length

__all__ = ["write_checkpoint"]

_WEIGHTS = "model.safetensors"


def write_checkpoint(folder: Path, encoder: CheckpointEncoder) -> None:
    """Writes `encoder` into `folder` in the layout of sentence-transformers, with adapters merged into the weights.

    Tokenizer and configuration are those that the checkpoint was loaded with; the weights are float32.

    Raises:
        OSError: the folder cannot be written.
    """
    files = _with_sentence_transformers_files(encoder)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    network = encoder.network
    tensors = encoder.weight_map.write(network.transformer.merged_arrays()) | encoder.extra_tensors
    _save(tensors, folder / encoder.layout.transformer.relative_to(encoder.layout.folder) / _WEIGHTS)
    for module in network.modules:
        if module.weight_map is not None and module.folder_name is not None:
            weights = {name: variable.numpy() for name, variable in module.weights.items()}
            (folder / module.folder_name).mkdir(parents=True, exist_ok=True)
            _save(module.weight_map.write(weights), folder / module.folder_name / _WEIGHTS)


def _save(tensors: Mapping[str, np.ndarray], path: Path) -> None:
    try:
        save_file(dict(tensors), path, metadata={"format": "pt"})
    except SafetensorError as error:  # such as a full disk
        raise OSError(errno.EIO, str(error), str(path)) from error


def _with_sentence_transformers_files(encoder: CheckpointEncoder) -> dict[str, bytes]:
    """The kept files, changed where they would contradict what is written, and those that the layout asks for."""
    files = dict(encoder.kept_files)
    transformer = encoder.layout.transformer.relative_to(encoder.layout.folder)
    config = (transformer / "config.json").as_posix()
    content = json.loads(files[config])
    types = {name: "float32" for name in ("dtype", "torch_dtype") if name in content}
    files[config] = _json(content | types)
    if "modules.json" not in files:
        files |= _plain_modules(encoder)
    places = [(transformer / name).as_posix() for name in SENTENCE_CONFIGS]
    name = next((place for place in places if place in files), places[0])
    files[name] = _json(with_length(json.loads(files.get(name, b"{}")), encoder.max_length))
    return files


def _plain_modules(encoder: CheckpointEncoder) -> dict[str, bytes]:
    """What sentence-transformers makes of a plain checkpoint: the transformer and a pooling over its tokens."""
    kinds = {"": "Transformer", "1_Pooling": "Pooling"}
    modules = [
        {"idx": index, "name": str(index), "path": path, "type": f"sentence_transformers.models.{kind}"}
        for index, (path, kind) in enumerate(kinds.items())
    ]
    width = encoder.network.transformer.configuration.width
    [mode] = encoder.network.pooling.modes
    flags = {"mean": "pooling_mode_mean_tokens", "lasttoken": "pooling_mode_lasttoken"}
    pooling = {"word_embedding_dimension": width} | {flag: name == mode for name, flag in flags.items()}
    return {
        "modules.json": _json(modules),
        "1_Pooling/config.json": _json(pooling),
        SENTENCE_CONFIGS[0]: _json({"do_lower_case": False}),
    }


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=2, ensure_ascii=False) + "\n").encode()
