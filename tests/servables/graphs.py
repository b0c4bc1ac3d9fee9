"""SavedModels with ops of all kinds, for tests of what a server can run."""

from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

__all__ = ["rename_operation", "write_function"]


def write_function(folder: Path, compute: Callable[[tf.Tensor], tf.Tensor], jit_compile: bool | None = None) -> Path:
    """Writes a SavedModel whose only signature runs `compute` on strings [batch], one function deeper."""
    root = tf.Module()
    texts = tf.TensorSpec([None], tf.string, name="texts")
    root.compute = tf.function(compute, input_signature=[texts], jit_compile=jit_compile)
    signature = tf.function(lambda texts: {"output": root.compute(texts)}, input_signature=[texts])
    tf.saved_model.save(root, str(folder), signatures=signature)
    return folder


def rename_operation(folder: Path, before: str, after: str) -> Path:
    """Makes the nodes of one op nodes of another, which may be one that no library here has."""
    path = folder / "saved_model.pb"
    content = saved_model_pb2.SavedModel.FromString(path.read_bytes())
    graph = content.meta_graphs[0].graph_def
    nodes = [*graph.node, *(node for function in graph.library.function for node in function.node_def)]
    renamed = [node for node in nodes if node.op == before]
    assert renamed, f"no node runs {before}"
    for node in renamed:
        node.op = after
    path.write_bytes(content.SerializeToString())
    return folder
