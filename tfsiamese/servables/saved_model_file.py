"""What a SavedModel says of itself in its `saved_model.pb`, read without loading the model."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from tfsiamese.errors import ExportError

__all__ = ["GRAPH_FILE", "SavedModelFile", "Signature", "TensorInfo"]

GRAPH_FILE = "saved_model.pb"

_SERVING_TAG = "serve"
_NOT_FOR_CALLERS = "__saved_model_init_op"
_MUST_COMPILE = "_XlaMustCompile"


@dataclass(frozen=True)
class TensorInfo:
    """One input or output of a signature.

    Attributes:
        name: the tensor's name in the graph, such as `serving_default_texts:0`.
        dtype: its type as TensorFlow names it, such as `string` and `float32`.
        shape: its dimensions, None for one of any size; None for a tensor of unknown rank.
    """

    name: str
    dtype: str
    shape: tuple[int | None, ...] | None


@dataclass(frozen=True)
class Signature:
    """One signature.

    Attributes:
        inputs: by the name under which a caller gives it.
        outputs: by the name under which a caller finds it.
        method_name: such as `tensorflow/serving/predict`.
    """

    inputs: dict[str, TensorInfo]
    outputs: dict[str, TensorInfo]
    method_name: str

    @property
    def takes_texts(self) -> bool:
        """Whether every input is string [batch], or string of unknown rank, which takes [batch] too."""
        infos = self.inputs.values()
        return bool(self.inputs) and all(info.dtype == "string" and info.shape in (None, (None,)) for info in infos)


class SavedModelFile:
    """The graph for serving of a SavedModel.

    Attributes:
        folder: the folder of the SavedModel.
        tensorflow_version: the version of TensorFlow that wrote it, such as `2.21.0`; "" where it is not recorded.
        signatures: what callers can run, by name.
        operations: the names of all ops in the graph and in the functions of its library.
        must_compile_functions: the functions, and the nodes outside of functions, that XLA has to compile, such as
            those of `tf.function(jit_compile=True)`.
    """

    def __init__(self, folder: Path, meta_graph: Any):
        self.folder = folder
        self._graph = meta_graph
        self.tensorflow_version = str(meta_graph.meta_info_def.tensorflow_version)
        self.signatures = {
            name: _signature(definition)
            for name, definition in sorted(meta_graph.signature_def.items())
            if name != _NOT_FOR_CALLERS
        }
        own = {function.signature.name for function in meta_graph.graph_def.library.function}
        self.operations = {node.op for _, node in self._nodes()} - own
        self.must_compile_functions = sorted(set(self._compiled()))

    @classmethod
    def read(cls, folder: Path) -> "SavedModelFile":
        """Reads `folder/saved_model.pb`.

        Raises:
            ExportError: there is no such file, it is damaged, or has no graph for serving.
        """
        from tensorflow.core.protobuf import saved_model_pb2

        path = folder / GRAPH_FILE
        try:
            content = saved_model_pb2.SavedModel.FromString(path.read_bytes())
        except OSError as error:
            raise ExportError(
                f"{path} cannot be read: {error.strerror or error}. Expected the folder of a SavedModel."
            ) from error
        except DecodeError as error:
            raise ExportError(f"{path} is no SavedModel, or damaged. Export the model again.") from error
        for meta_graph in content.meta_graphs:
            if _SERVING_TAG in meta_graph.meta_info_def.tags:
                return cls(folder, meta_graph)
        raise ExportError(
            f'{path} has no graph with the tag "{_SERVING_TAG}". Expected a SavedModel that tf.saved_model.save wrote.'
        )

    def signature_def(self, name: str) -> Any:
        """A copy of the `SignatureDef` protocol buffer of a signature.

        Raises:
            KeyError: there is no such signature.
        """
        if name not in self.signatures:
            raise KeyError(name)
        definition = self._graph.signature_def[name]
        return type(definition).FromString(definition.SerializeToString())

    def places_of(self, operations: Iterable[str]) -> dict[str, list[str]]:
        """For each of some ops the nodes that run it, such as `Lookup` and `__inference_encode_12/Lookup`."""
        places: dict[str, list[str]] = {operation: [] for operation in operations}
        for function, node in self._nodes():
            if node.op in places:
                places[node.op].append(f"{function}/{node.name}" if function else node.name)
        return places

    def _nodes(self) -> Iterator[tuple[str, Any]]:
        """Every node with the name of the function that it is in; "" for the graph itself."""
        graph = self._graph.graph_def
        for node in graph.node:
            yield "", node
        for function in graph.library.function:
            for node in function.node_def:
                yield function.signature.name, node

    def _compiled(self) -> Iterator[str]:
        for function in self._graph.graph_def.library.function:
            if _MUST_COMPILE in function.attr and function.attr[_MUST_COMPILE].b:
                yield function.signature.name
        for _, node in self._nodes():
            if _MUST_COMPILE in node.attr and node.attr[_MUST_COMPILE].b:
                called = node.attr["f"].func.name if "f" in node.attr else ""
                yield called or node.name


def _signature(definition: Any) -> Signature:
    inputs, outputs = (
        {name: _tensor_info(info) for name, info in sorted(side.items())}
        for side in (definition.inputs, definition.outputs)
    )
    return Signature(inputs, outputs, definition.method_name)


def _tensor_info(info: Any) -> TensorInfo:
    from tensorflow.core.framework import types_pb2

    dtype = types_pb2.DataType.Name(info.dtype).removeprefix("DT_").lower()
    names = {"float": "float32", "double": "float64", "half": "float16"}
    shape = None
    if not info.tensor_shape.unknown_rank:
        shape = tuple(None if dimension.size < 0 else dimension.size for dimension in info.tensor_shape.dim)
    return TensorInfo(info.name, names.get(dtype, dtype), shape)
