"""Where a network's weights lie in a checkpoint, for reading and for writing it back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tfsiamese.errors import EncoderError

__all__ = ["Place", "WeightMap", "dense_places", "norm_places"]


@dataclass(frozen=True)
class Place:
    """The tensors of a checkpoint that one weight is made of.

    Attributes:
        weight: the weight's name in the network.
        tensors: names of tensors, which stand side by side along the weight's last axis.
        sizes: how much of the last axis each takes; not needed for a single tensor.
        transposed: whether the checkpoint stores [outputs, inputs] for our [inputs, outputs].
    """

    weight: str
    tensors: tuple[str, ...]
    sizes: tuple[int, ...] = ()
    transposed: bool = False


class WeightMap:
    """The places of all weights of a network.

    Args:
        places: one for each weight.
    """

    def __init__(self, places: Iterable[Place]):
        self.places = tuple(places)

    @property
    def tensors(self) -> list[str]:
        """The names of all tensors that are read."""
        return [tensor for place in self.places for tensor in place.tensors]

    def read(self, tensor: Callable[[str], np.ndarray]) -> dict[str, np.ndarray]:
        """The weights by name, from a function that gives a tensor by name."""
        weights = {}
        for place in self.places:
            parts = [tensor(name) for name in place.tensors]
            if place.transposed:
                parts = [part.T for part in parts]
            weights[place.weight] = np.ascontiguousarray(parts[0] if len(parts) == 1 else np.concatenate(parts, -1))
        return weights

    def write(self, weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """The tensors by name that `read` makes these weights of."""
        tensors = {}
        for place in self.places:
            array = weights[place.weight]
            parts = [array] if len(place.tensors) == 1 else np.split(array, np.cumsum(place.sizes)[:-1], axis=-1)
            for name, part in zip(place.tensors, parts, strict=True):
                tensors[name] = np.ascontiguousarray(part.T if place.transposed else part)
        return tensors

    def check(self, shapes: Mapping[str, tuple[int, ...]], source: str) -> None:
        """Raises an EncoderError where a tensor is absent."""
        missing = [tensor for tensor in self.tensors if tensor not in shapes]
        if missing:
            more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
            raise EncoderError(
                f"{source} lacks the tensors {', '.join(missing[:3])}{more} that its config.json asks for. "
                "Expected a whole checkpoint of the model; download it again."
            )


def dense_places(weight: str, tensors: tuple[str, ...], sizes: tuple[int, ...] = (), bias: bool = True) -> list[Place]:
    """The places of a dense layer's kernel and bias, from the names of `torch.nn.Linear` layers."""
    places = [Place(f"{weight}/kernel", tuple(f"{tensor}.weight" for tensor in tensors), sizes, transposed=True)]
    if bias:
        places.append(Place(f"{weight}/bias", tuple(f"{tensor}.bias" for tensor in tensors), sizes))
    return places


def norm_places(weight: str, tensor: str, bias: bool = True) -> list[Place]:
    """The places of a norm's gain and bias."""
    places = [Place(f"{weight}/gain", (f"{tensor}.weight",))]
    return [*places, Place(f"{weight}/bias", (f"{tensor}.bias",))] if bias else places
