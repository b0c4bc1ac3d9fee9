"""Reads single values of a config.json, and refuses those that change what is computed in a way not known here."""

from collections.abc import Sequence
from typing import Any

from tfsiamese.errors import EncoderError

__all__ = ["refuse", "rotary_base", "size_of_heads"]


def refuse(config: dict[str, Any], name: str, known: Sequence[Any]) -> None:
    """Raises an EncoderError where a value is none of those that are known."""
    if config.get(name) not in known:
        values = " or ".join(repr(value) for value in known if value is not None)
        raise EncoderError(
            f"config.json has {name} = {config.get(name)!r}, which is not supported for the model_type "
            f"{config.get('model_type')!r}. Expected {values}."
        )


def size_of_heads(width: int, num_heads: int) -> int:
    """The width that each of the heads has, where all of them together have a given one.

    Raises:
        ValueError: the heads do not divide it.
    """
    if width % num_heads:
        raise ValueError(f"{num_heads} heads do not divide a width of {width}")
    return width // num_heads


def rotary_base(config: dict[str, Any], default: float, layer_type: str | None = None) -> float:
    """The base of rotary positions, which stands in `rope_parameters` since version 5 of transformers.

    Raises:
        EncoderError: the positions are scaled in some way.
    """
    # As transformers does, the older key goes first where there are both.
    parameters = dict(config.get("rope_scaling") or config.get("rope_parameters") or {})
    if layer_type is not None and isinstance(parameters.get(layer_type), dict):
        parameters = parameters[layer_type]
    kind = parameters.get("rope_type") or parameters.get("type") or "default"
    if kind != "default":
        raise EncoderError(
            f"config.json scales rotary positions by {kind!r}, which is not supported. Expected 'default'."
        )
    if "partial_rotary_factor" in parameters and parameters["partial_rotary_factor"] != 1.0:
        raise EncoderError(
            "config.json has a partial_rotary_factor, which is not supported. Expected rotary positions on whole heads."
        )
    return float(parameters.get("rope_theta", default))
