"""Follows a variable through a graph and the functions that it calls, to where it is used."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

__all__ = ["CALLS", "PASSES", "base_name", "called_function", "uses"]

# Ops that hand a variable on to a function, and ops that hand it on as it is.
CALLS = ("PartitionedCall", "StatefulPartitionedCall")
PASSES = ("Identity",)


def uses(nodes: Iterable[Any], functions: Mapping[str, Any], name: str) -> set[str]:
    """The ops that a variable ends in.

    Args:
        nodes: the `NodeDef`s of a graph or of a function.
        functions: the `FunctionDef`s that nodes may call, by name.
        name: the node or the argument that is the variable's handle.
    """
    nodes = list(nodes)
    found: set[str] = set()
    for node, index in _consumers(nodes, name):
        if node.op in PASSES:
            found |= uses(nodes, functions, node.name)
        elif node.op in CALLS:
            function = functions[called_function(node)]
            found |= uses(function.node_def, functions, function.signature.input_arg[index].name)
        else:
            found.add(node.op)
    return found


def called_function(node: Any) -> str:
    """The name of the function that a node of `CALLS` calls."""
    return node.attr["f"].func.name


def base_name(tensor: str) -> str:
    """The node or argument that a tensor comes from: "node" of "node:0", "node:output:0" or "node"."""
    return tensor.split(":")[0]


def _consumers(nodes: Iterable[Any], name: str) -> Iterator[tuple[Any, int]]:
    for node in nodes:
        for index, tensor in enumerate(node.input):
            if not tensor.startswith("^") and base_name(tensor) == name:
                yield node, index
