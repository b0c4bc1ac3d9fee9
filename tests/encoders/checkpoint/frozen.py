"""The tiny checkpoints, and what sentence-transformers makes of them."""

import functools
import json
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file, save_file

from tfsiamese.encoders import CheckpointEncoder, load_encoder

__all__ = [
    "CHECKPOINTS",
    "NAMES",
    "change_json",
    "change_tensors",
    "copy_checkpoint",
    "expected",
    "expected_vectors",
    "load",
    "shared",
]

CHECKPOINTS = Path(__file__).parent.parent / "checkpoints"
NAMES = sorted(path.name for path in CHECKPOINTS.iterdir() if path.is_dir())


@functools.cache
def expected(name: str) -> dict[str, Any]:
    """What was frozen of a checkpoint. Not to be changed."""
    return json.loads((CHECKPOINTS / f"{name}.json").read_text(encoding="utf-8"))


def expected_vectors(name: str) -> np.ndarray:
    """The vectors of all texts with the default prompt."""
    return np.array(expected(name)["cases"][0]["vectors"])


def load(name: str, **options: Any) -> CheckpointEncoder:
    """An encoder of its own."""
    encoder = load_encoder(CHECKPOINTS / name, **options)
    assert isinstance(encoder, CheckpointEncoder)
    return encoder


@functools.cache
def shared(name: str) -> CheckpointEncoder:
    """An encoder for all tests. Not to be changed."""
    return load(name)


def copy_checkpoint(name: str, folder: Path) -> Path:
    """A copy to be changed."""
    return Path(shutil.copytree(CHECKPOINTS / name, folder / name))


def change_json(path: Path, **changes: Any) -> None:
    """Sets keys of a JSON object; those that are `...` are removed."""
    content = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    content = {key: value for key, value in (content | changes).items() if value is not ...}
    path.write_text(json.dumps(content), encoding="utf-8")


def change_tensors(
    folder: Path, change: Callable[[dict[str, np.ndarray]], Mapping[str, np.ndarray]], name: str = "model.safetensors"
) -> None:
    """Rewrites the tensors of a folder."""
    tensors = dict(change(load_file(folder / name)))
    save_file(tensors, folder / name, metadata={"format": "pt"})
