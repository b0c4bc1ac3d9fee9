"""Where a network's weights lie in a checkpoint, for reading and for writing it back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from tfsiamese.encoders.transformer.configuration import TransformerConfiguration
from tfsiamese.errors import EncoderError

__all__ = ["LayerTensors", "Place", "WeightMap", "dense_places", "norm_places"]


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


@dataclass(frozen=True)
class LayerTensors:
    """The names of a BERT-like layer's tensors, without what stands before the layer's number.

    Attributes:
        projections: of queries, keys and values.
        attention_output: the dense layer behind attention.
        attention_norm: the norm behind it.
        inner: the first dense layer of the feed-forward part.
        outer: its second one.
        feed_forward_norm: the norm behind it.
    """

    projections: tuple[str, str, str]
    attention_output: str
    attention_norm: str
    inner: str
    outer: str
    feed_forward_norm: str

    def places(self, configuration: TransformerConfiguration, prefix: str) -> list[Place]:
        """The places of all layers, whose tensors begin with `prefix` and the layer's number."""
        places = []
        for index in range(len(configuration.layers)):
            ours, theirs = f"layers/{index}", f"{prefix}.{index}"
            projections = tuple(f"{theirs}.{name}" for name in self.projections)
            places += dense_places(f"{ours}/attention/projection", projections, (configuration.width,) * 3)
            places += dense_places(f"{ours}/attention/output", (f"{theirs}.{self.attention_output}",))
            places += norm_places(f"{ours}/attention_norm", f"{theirs}.{self.attention_norm}")
            places += dense_places(f"{ours}/feed_forward/inner", (f"{theirs}.{self.inner}",))
            places += dense_places(f"{ours}/feed_forward/outer", (f"{theirs}.{self.outer}",))
            places += norm_places(f"{ours}/feed_forward_norm", f"{theirs}.{self.feed_forward_norm}")
        return places


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
