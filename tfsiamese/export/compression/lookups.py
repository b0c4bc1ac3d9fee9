"""Rewrites a graph so that rows looked up in a table are decoded."""

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from tfsiamese.export.compression.variable_uses import CALLS, PASSES, base_name, called_function

__all__ = ["LOOKUP", "GraphRewriter"]

LOOKUP = "ResourceGather"

# Gradients are not taken of what is exported, and the names of their functions are only known to this process.
_OF_GRADIENTS = ("_gradient_op_type", "forward_function_name", "backward_function_name")
_OF_HANDLES = ("_handle_dtypes", "_handle_shapes", "_output_shapes")


class GraphRewriter:
    """Rewrites one graph and the functions it calls, all of them under new names.

    Args:
        graph: a `GraphDef`, which is changed.
        decoder: the function from stored rows to rows; nodes call it by its name.
        stored_type: of the tables.
        suffix: makes the functions' new names.
    """

    def __init__(self, graph: Any, decoder: Any, stored_type: tf.DType, suffix: str):
        self._graph = graph
        self._functions = {function.signature.name: function for function in graph.library.function}
        self._decoder = decoder.function_def
        self._stored_type = stored_type
        self._suffix = suffix
        self._made: dict[tuple[str, frozenset[int]], Any] = {}

    def rewrite(self, tables: Iterable[str]) -> None:
        """Turns the lookups of the tables, given by their handles' names, into lookups of stored rows."""
        self._rewrite_nodes(self._graph.node, set(tables))
        del self._graph.library.gradient[:]
        del self._graph.library.function[:]
        self._graph.library.function.extend(self._made.values())
        decoder = self._graph.library.function.add()
        decoder.CopyFrom(self._decoder)
        decoder.signature.name = self._decoder_name

    @property
    def _decoder_name(self) -> str:
        return f"decode_rows_{self._suffix}"

    def _rewrite_nodes(self, nodes: Any, tables: set[str]) -> None:
        """Rewrites the nodes of the graph or of one function, in which `tables` are the handles' names."""
        tables = _with_passed_on(nodes, tables)
        for node in list(nodes):
            for attribute in _OF_GRADIENTS:
                node.attr.pop(attribute, None)
            if node.op == LOOKUP and base_name(node.input[0]) in tables:
                self._decode(nodes, node)
            else:
                self._rename_functions(node, tables)

    def _decode(self, nodes: Any, node: Any) -> None:
        """Puts the decoder behind a lookup, under the lookup's name."""
        name = node.name
        lookup = nodes.add()
        lookup.CopyFrom(node)
        lookup.name = f"{name}/stored"
        lookup.attr["dtype"].type = self._stored_type.as_datatype_enum
        lookup.attr.pop("_output_shapes", None)
        reference = f"{name}/stored:output:0" if nodes is not self._graph.node else f"{name}/stored"
        node.Clear()
        node.name, node.op = name, "PartitionedCall"
        node.input.append(reference)
        node.attr["f"].func.name = self._decoder_name
        node.attr["Tin"].list.type.append(self._stored_type.as_datatype_enum)
        node.attr["Tout"].list.type.append(tf.float32.as_datatype_enum)

    def _rename_functions(self, node: Any, tables: set[str]) -> None:
        if node.op in CALLS:
            given = frozenset(i for i, tensor in enumerate(node.input) if base_name(tensor) in tables)
            node.attr["f"].func.name = self._function(called_function(node), given)
            return
        for attribute in node.attr.values():
            for function in (attribute.func, *attribute.list.func):
                if function.name in self._functions:
                    function.name = self._function(function.name, frozenset())

    def _function(self, name: str, given: frozenset[int]) -> str:
        """The new name of a function whose arguments of these numbers are tables."""
        new_name = "_".join([name, self._suffix, *map(str, sorted(given))])
        if (name, given) not in self._made:
            function = type(self._decoder)()
            function.CopyFrom(self._functions[name])
            self._made[name, given] = function
            function.signature.name = new_name
            for attribute in _OF_GRADIENTS:
                function.attr.pop(attribute, None)
            for index in given:
                for attribute in _OF_HANDLES:
                    function.arg_attr[index].attr.pop(attribute, None)
            arguments = {function.signature.input_arg[index].name for index in given}
            self._rewrite_nodes(function.node_def, arguments)
        return new_name


def _with_passed_on(nodes: Iterable[Any], tables: set[str]) -> set[str]:
    """The names of all nodes that are the handle of a table."""
    known = set(tables)
    while True:
        more = {node.name for node in nodes if node.op in PASSES and base_name(node.input[0]) in known}
        if more <= known:
            return known
        known |= more
