"""Whether TensorFlow Serving has every op of a SavedModel.

Its server is linked with TensorFlow's own ops and with those of tensorflow_text, and runs no Python. It compiles with
XLA only where it is told to, so that a function that must be compiled fails in it.
"""

import functools
import importlib
import inspect
import re
from collections.abc import Sequence
from pathlib import Path

from tfsiamese.errors import ExportError
from tfsiamese.servables.saved_model_file import SavedModelFile

__all__ = ["check_servable"]

# TensorFlow's ops that call back into the Python process that made them: tf.py_function, tf.numpy_function.
_PYTHON_OPERATIONS = frozenset({"EagerPyFunc", "PyFunc", "PyFuncStateless"})
_MOST_NAMED = 5


def check_servable(folder: Path) -> None:
    """Refuses a SavedModel that TensorFlow Serving cannot run.

    Every op of the graph and of its functions is looked at, also where no signature reaches it.

    Raises:
        ExportError: an op calls Python, is neither TensorFlow's nor tensorflow_text's, or a function must be compiled
            by XLA; the message names them all. Or `folder` holds no SavedModel.
    """
    model = SavedModelFile.read(folder)
    complaints = [
        *_about_python(model, sorted(model.operations & _PYTHON_OPERATIONS)),
        *_about_foreign(model, _foreign(model.operations)),
        *_about_compiled(model.must_compile_functions),
    ]
    if complaints:
        raise ExportError(f"TensorFlow Serving cannot run {folder}. {' '.join(complaints)}")


def _about_python(model: SavedModelFile, operations: Sequence[str]) -> list[str]:
    if not operations:
        return []
    return [
        f"{_with_places(model, operations)} would call back into Python (tf.py_function, tf.numpy_function or a "
        "tf.data generator), and there is none. Write what they do in TensorFlow's ops."
    ]


def _about_foreign(model: SavedModelFile, operations: Sequence[str]) -> list[str]:
    if not operations:
        return []
    return [
        f"{_with_places(model, operations)} is neither an op of TensorFlow nor one of tensorflow_text, and the server "
        "has no others. Replace it by theirs, or build a server with the library that defines it."
    ]


def _about_compiled(functions: Sequence[str]) -> list[str]:
    if not functions:
        return []
    names = _some([_readable(name) for name in functions])
    return [
        f"{names} must be compiled by XLA, which the server does not do by default. Write jit_compile=False where the "
        "function or the model is made, or start the server with --xla_cpu_compilation_enabled."
    ]


def _with_places(model: SavedModelFile, operations: Sequence[str]) -> str:
    places = model.places_of(operations)
    return _some([f"{operation} (node {places[operation][0]})" for operation in operations])


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _readable(function: str) -> str:
    """`__inference_encode_12` is what a SavedModel calls the function `encode`."""
    named = re.fullmatch(r"__(?:inference|forward|backward)_(.+?)_\d+", function)
    return f"{named[1]} (function {function})" if named else f"function {function}"


def _foreign(operations: set[str]) -> list[str]:
    import tensorflow as tf

    own = {name for name in dir(tf.raw_ops) if not name.startswith("_")}
    unknown = sorted(operations - own)
    return [operation for operation in unknown if operation.replace(">", "_") not in _operations_of_text()]


@functools.cache
def _operations_of_text() -> frozenset[str]:
    """The ops of tensorflow_text; that of a namespace such as `TFText>RoundRobinTrim` with "_" in the place of ">".

    Loading a library that is loaded already gives the Python functions of its ops once more.
    """
    import tensorflow as tf

    package = importlib.import_module("tensorflow_text")
    libraries = sorted(Path(str(package.__file__)).parent.rglob("_*.so"))
    modules = [tf.load_op_library(str(library)) for library in libraries]
    functions = [name for module in modules for name, _ in inspect.getmembers(module, inspect.isfunction)]
    return frozenset(name for name in functions if name[0].isupper())
