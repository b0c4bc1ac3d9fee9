"""Looks into what `tf.saved_model.load` gave."""

import functools
import hashlib
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import tensorflow as tf

__all__ = [
    "call_signature",
    "fingerprint_of",
    "name_of",
    "string_input",
    "takes_training",
    "trainable_variables_of",
    "variables_of",
]


def takes_training(function: Callable[..., Any]) -> bool:
    """Whether a restored function has a `training` argument, as Reusable SavedModels with dropout do."""
    call = getattr(function, "__call__", None)  # noqa: B004  the restored function is the attribute
    try:
        specification = inspect.getfullargspec(call)
    except TypeError:
        return False
    return "training" in specification.args or "training" in specification.kwonlyargs


def string_input(function: Any) -> str | None:
    """The name of a signature's only input, if that is a batch of strings."""
    _, inputs = function.structured_input_signature
    if len(inputs) != 1:
        return None
    (name, spec), *_ = inputs.items()
    return name if spec.dtype == tf.string and spec.shape.rank in (None, 1) else None


def call_signature(function: Any, input_name: str, texts: tf.Tensor) -> Any:
    """The outputs of a signature by name, for strings [batch] under its input's name."""
    return function(**{input_name: tf.convert_to_tensor(texts)})


def variables_of(loaded: Any, function: Any) -> list[tf.Variable]:
    """All variables that the SavedModel names, or that its signature has; `function` is what is called of it."""
    signature = function.args[0] if isinstance(function, functools.partial) else None
    return list(getattr(loaded, "variables", None) or getattr(signature, "variables", None) or [])


def trainable_variables_of(loaded: Any, function: Any) -> list[tf.Variable]:
    """Those of them that training may change."""
    named = getattr(loaded, "trainable_variables", None)
    if named is not None:
        return list(named)
    return [variable for variable in variables_of(loaded, function) if variable.trainable]


def name_of(variable: tf.Variable) -> str:
    """The name of a variable without the number of its output."""
    return variable.name.split(":")[0]


def fingerprint_of(folder: Path) -> str:
    """A digest over the graph and over the index of the variables, which holds a checksum of each tensor."""
    digest = hashlib.sha256()
    for name in ("saved_model.pb", "variables/variables.index"):
        path = folder / name
        if path.is_file():
            digest.update(path.read_bytes())
    return digest.hexdigest()
