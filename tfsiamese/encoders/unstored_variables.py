"""Variables of a SavedModel whose values are made when it is loaded, and so are not stored.

TensorFlow has no public way to leave a variable's value out of a checkpoint. It asks each variable what is to be
stored of it, and in a SavedModel a copy of the variable as well; both answer "nothing" here.
"""

from typing import Any

import tensorflow as tf

__all__ = ["leave_unstored"]


def leave_unstored(variable: tf.Variable) -> None:
    """Keeps the value of a variable out of every checkpoint from now on; whoever loads one has to assign it."""
    _answer_nothing(variable)
    export = type(variable)._export_to_saved_model_graph

    def export_unstored(object_map: dict[Any, Any], tensor_map: Any, options: Any, **more: Any) -> list[tf.Tensor]:
        handles = export(variable, object_map=object_map, tensor_map=tensor_map, options=options, **more)
        _answer_nothing(object_map[variable])
        return handles

    variable._export_to_saved_model_graph = export_unstored


def _answer_nothing(variable: tf.Variable) -> None:
    variable._serialize_to_tensors = dict
    variable._gather_saveables_for_checkpoint = dict
