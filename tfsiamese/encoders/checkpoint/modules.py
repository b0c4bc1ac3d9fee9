"""The modules that sentence-transformers puts behind the pooling: dense layers and normalization."""

from collections.abc import Callable, Sequence

import tensorflow as tf

from tfsiamese.encoders.checkpoint.layout import ModuleEntry
from tfsiamese.encoders.checkpoint.tensors import TensorFiles
from tfsiamese.encoders.transformer.layers import Dense, Weights
from tfsiamese.encoders.transformer.weight_map import WeightMap, dense_places
from tfsiamese.errors import EncoderError

__all__ = ["DenseModule", "Normalize", "VectorModule", "read_modules"]

_ACTIVATIONS: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
    "Identity": tf.identity,
    "Tanh": tf.tanh,
    "ReLU": tf.nn.relu,
    "GELU": lambda inputs: tf.nn.gelu(inputs, approximate=False),
    "Sigmoid": tf.sigmoid,
    "SiLU": tf.nn.silu,
}


class VectorModule(tf.Module):
    """Changes the vectors of texts.

    Attributes:
        weights: its variables by name.
        folder_name: the path of its weights in a checkpoint; None where it has none.
        weight_map: where they lie in the file.
    """

    weights: dict[str, tf.Variable]
    folder_name: str | None = None
    weight_map: WeightMap | None = None

    def __call__(self, vectors: tf.Tensor) -> tf.Tensor:
        """Float32 [batch, n] -> float32 [batch, m]."""
        raise NotImplementedError


class Normalize(VectorModule):
    """Divides each vector by its length."""

    def __init__(self) -> None:
        super().__init__()
        self.weights = {}

    def __call__(self, vectors: tf.Tensor) -> tf.Tensor:
        """Float32 [batch, n] -> the same, of length 1; a vector of zeros stays one."""
        # The floor under the square is that of sentence-transformers under the length, 1e-12.
        return tf.nn.l2_normalize(vectors, axis=-1, epsilon=1e-24)


class DenseModule(VectorModule):
    """A dense layer with an activation, and perhaps a residual sum."""

    def __init__(self, entry: ModuleEntry, name: str):
        super().__init__()
        self.folder_name = entry.path
        config = entry.config
        package, _, activation = str(config.get("activation_function", "torch.nn.Tanh")).rpartition(".")
        if not package.startswith("torch") or activation not in _ACTIVATIONS:
            raise EncoderError(
                f"{entry.folder} has the activation {activation!r}, which is not supported. Expected one of "
                f"{', '.join(_ACTIVATIONS)}."
            )
        self._activation = _ACTIVATIONS[activation]
        self._has_residual = bool(config.get("use_residual"))
        files = TensorFiles(entry.folder)
        places = dense_places(f"{name}/linear", ("linear",), bias="linear.bias" in files.shapes)
        if "residual.weight" in files.shapes:
            places += dense_places(f"{name}/residual", ("residual",), bias=False)
        self.weight_map = WeightMap(places)
        self.weight_map.check(files.shapes, str(entry.folder))
        weights = Weights(self.weight_map.read(files.read))
        self.linear = Dense(weights, f"{name}/linear")
        self.residual = Dense(weights, f"{name}/residual") if "residual.weight" in files.shapes else None
        self.weights = weights.variables

    def __call__(self, vectors: tf.Tensor) -> tf.Tensor:
        """Float32 [batch, n] -> float32 [batch, m]."""
        outputs = self._activation(self.linear(vectors))
        if not self._has_residual:
            return outputs
        return outputs + (vectors if self.residual is None else self.residual(vectors))


def read_modules(entries: Sequence[ModuleEntry]) -> list[VectorModule]:
    """The modules behind the pooling.

    Raises:
        EncoderError: one is of a kind that is not known, or its files are damaged.
    """
    modules: list[VectorModule] = []
    for index, entry in enumerate(entries):
        for key in ("module_input_name", "module_output_name"):
            if entry.config.get(key) not in (None, "sentence_embedding"):
                raise EncoderError(
                    f"{entry.folder} has the {key} {entry.config[key]!r}. Expected a module on 'sentence_embedding'."
                )
        if entry.kind == "Dense":
            modules.append(DenseModule(entry, f"dense/{index}"))
        elif entry.kind == "Normalize":
            modules.append(Normalize())
        else:
            raise EncoderError(
                f"{entry.folder} is a module of the kind {entry.kind!r}, which is not supported. Expected Dense or "
                "Normalize after the pooling."
            )
    return modules
