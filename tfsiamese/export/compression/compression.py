"""An encoder's parts with weights stored in fewer bits."""

import functools
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import tensorflow as tf

from tfsiamese.encoders import DECODED_ATTRIBUTE, EncodingFunction, ReusableParts
from tfsiamese.encoders.restored import name_of
from tfsiamese.errors import ExportError
from tfsiamese.export.compression.lookups import LOOKUP, GraphRewriter
from tfsiamese.export.compression.stored_weight import DecodedWeight
from tfsiamese.export.compression.variable_uses import base_name, uses
from tfsiamese.export.compression.weight_formats import WeightFormat, weight_format

__all__ = ["compress"]

# Weights smaller than this stay as they are: norms, biases and the like.
_LEAST_NUMBERS = 2048

_TEXTS = tf.TensorSpec([None], tf.string, name="texts")


def compress(parts: ReusableParts, precision: str) -> ReusableParts:
    """Stores the float32 weights of an encoder as float16 or int8.

    Tables that are only looked up in, such as embeddings, stay so in memory, and the rows of a batch are decoded; other
    weights of two dimensions or more are decoded when the model is loaded. Nothing can be trained afterwards.

    Args:
        parts: of any encoder, also of a SavedModel that comes from elsewhere.
        precision: "float16" or "int8".

    Raises:
        ExportError: the precision is unknown, no weight can be stored in it, or one has numbers out of range.
    """
    format_ = weight_format(precision)
    names = ["", *parts.prompted]
    graphs = [_TracedEncoder(encode) for encode in (parts.encode, *parts.prompted.values())]
    tables, kernels = _choose(parts.variables, graphs)
    if not tables and not kernels:
        raise ExportError(
            f"The encoder has no float32 weights of two dimensions and {_LEAST_NUMBERS:,} numbers that could be stored "
            f"as {precision}. Export it as float32; one that was exported as float16 or int8 is as small already."
        )
    store = _Store(format_, tables, kernels)
    encoders = dict(zip(names, (graph.rebuilt(store) for graph in graphs), strict=True))
    kept = [variable for variable in parts.variables if variable.ref() not in store.replaced]
    resources = _resources(parts.network, graphs)
    network = tf.train.Checkpoint(
        weights=[*store.stored, *kept],
        decoders=list(store.decoded.values()),
        **{DECODED_ATTRIBUTE: [decoded.variable for decoded in store.decoded.values()]},
        resources=resources,
    )
    return replace(
        parts,
        network=network,
        encode=encoders.pop(""),
        prompted=encoders,
        variables=[*store.stored, *kept],
        trainable_variables=[],
        regularization_losses=[],
        network_encodes=False,
        restored_call=None,
    )


class _Store:
    """The stored weights, each made once for all functions that use it."""

    def __init__(self, format_: WeightFormat, tables: Sequence[tf.Variable], kernels: Sequence[tf.Variable]):
        self.format = format_
        # One for all functions, so that what they share stays one function.
        self.suffix = uuid.uuid4().hex[:8]
        self.stored: list[tf.Variable] = []
        self.tables: dict[Any, tf.Variable] = {}
        self.decoded: dict[Any, DecodedWeight] = {}
        for table in tables:
            rows = format_.store_rows(table.numpy(), name_of(table))
            self.tables[table.ref()] = tf.Variable(rows, trainable=False, name=name_of(table))
        self.stored += self.tables.values()
        for kernel in kernels:
            decoded = DecodedWeight(kernel.numpy(), format_, name_of(kernel))
            self.stored += decoded.stored
            self.decoded[kernel.ref()] = decoded

    @functools.cached_property
    def decoder(self) -> Any:
        """The function from stored rows to rows."""
        decode = tf.function(self.format.decode_rows, autograph=False)
        return decode.get_concrete_function(tf.TensorSpec(None, self.format.stored_type))

    @property
    def replaced(self) -> set[Any]:
        return {*self.tables, *self.decoded}


@dataclass(frozen=True)
class _Capture:
    """A tensor from outside that a graph uses, and the name of the graph's node for it."""

    external: Any
    placeholder: str


class _TracedEncoder:
    """An encoding function as a graph."""

    def __init__(self, encode: EncodingFunction):
        function = tf.function(encode, autograph=False, input_signature=[_TEXTS]).get_concrete_function()
        graph = function.graph
        self.captures = [_Capture(external, inner.op.name) for external, inner in graph.captures]
        self._definition = graph.as_graph_def()
        self._functions = {one.signature.name: one for one in self._definition.library.function}
        self._input = graph.inputs[0].op.name
        self._output = graph.outputs[0].name
        self._shape = graph.outputs[0].shape

    def uses(self, variable: tf.Variable) -> set[str]:
        """The ops that the variable ends in."""
        found: set[str] = set()
        for capture in self.captures:
            if capture.external is variable.handle:
                found |= uses(self._definition.node, self._functions, capture.placeholder)
        return found

    def rebuilt(self, store: _Store) -> EncodingFunction:
        """The same function on stored weights."""
        handles = {id(variable.deref().handle): stored.handle for variable, stored in store.tables.items()}
        tables = [capture.placeholder for capture in self.captures if id(capture.external) in handles]
        handles |= {id(key.deref().handle): weight.variable.handle for key, weight in store.decoded.items()}
        definition = type(self._definition)()
        definition.CopyFrom(self._definition)
        GraphRewriter(definition, store.decoder, store.format.stored_type, store.suffix).rewrite(tables)
        inputs = {self._input, *(capture.placeholder for capture in self.captures)}
        for node in [node for node in definition.node if node.name in inputs]:
            definition.node.remove(node)

        @tf.function(autograph=False, input_signature=[_TEXTS])
        def encode(texts: tf.Tensor) -> tf.Tensor:
            graph = tf.compat.v1.get_default_graph()
            used = {base_name(name.lstrip("^")) for node in definition.node for name in node.input}
            given = {
                capture.placeholder: graph.capture(handles.get(id(capture.external), capture.external))
                for capture in self.captures
                if capture.placeholder in used
            }
            (vectors,) = tf.graph_util.import_graph_def(
                definition, {**given, self._input: texts}, return_elements=[self._output], name=""
            )
            return tf.ensure_shape(vectors, self._shape)

        return encode


def _choose(
    variables: Sequence[tf.Variable], graphs: Sequence[_TracedEncoder]
) -> tuple[list[tf.Variable], list[tf.Variable]]:
    """The tables that are only looked up in, and the other large weights."""
    large = [
        variable
        for variable in variables
        if variable.dtype == tf.float32 and variable.shape.rank >= 2 and variable.shape.num_elements() >= _LEAST_NUMBERS
    ]
    found = [(variable, set().union(*(graph.uses(variable) for graph in graphs))) for variable in large]
    tables = [variable for variable, ops in found if _is_table(variable, ops)]
    kernels = [variable for variable, ops in found if ops and not _is_table(variable, ops)]
    return tables, kernels


def _is_table(variable: tf.Variable, ops: set[str]) -> bool:
    return ops == {LOOKUP} and variable.shape.rank == 2


def _resources(network: object, graphs: Sequence[_TracedEncoder]) -> list[Any]:
    """Tokenizers, lookup tables and whatever else the graphs use that is no variable."""
    used = {id(capture.external) for graph in graphs for capture in graph.captures}
    owners = tf.train.TrackableView(network).descendants()
    return [
        owner
        for owner in owners
        if not isinstance(owner, tf.Variable) and id(getattr(owner, "resource_handle", None)) in used
    ]
