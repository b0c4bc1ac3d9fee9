"""The body of a `:predict` request: the signature's name and the input tensors, in row or in columnar form.

The rules, their order and the wording of the errors are those of TensorFlow Serving's `util/json_tensor.cc`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfsiamese.servables.saved_model_file import Signature, TensorInfo
from tfsiamese.serving.json_tensors import dense_tensor
from tfsiamese.serving.json_values import is_base64_object, quote
from tfsiamese.serving.rest_errors import RestError, invalid_argument

__all__ = ["DEFAULT_SIGNATURE", "PredictRequest", "read_inputs", "signature_name"]

DEFAULT_SIGNATURE = "serving_default"


@dataclass(frozen=True)
class PredictRequest:
    """What one request gives the model.

    Attributes:
        inputs: the tensors by name.
        by_row: whether the request is in row form ("instances"), and the answer then too ("predictions").
    """

    inputs: Mapping[str, np.ndarray]
    by_row: bool


def signature_name(document: Mapping[str, Any]) -> str:
    """The name of the signature that a request asks for.

    Raises:
        RestError: it is not a string.
    """
    name = document.get("signature_name", "")
    if not isinstance(name, str):
        raise invalid_argument(
            f"JSON Value: {quote(document)} not formatted correctly. 'signature_name' key must be a string value."
        )
    return name or DEFAULT_SIGNATURE


def read_inputs(document: Mapping[str, Any], signature: Signature) -> PredictRequest:
    """The tensors that a request gives to a signature.

    Raises:
        RestError: the request does not give exactly the inputs that the signature takes, each of its type and shape.
    """
    has_rows, has_columns = "instances" in document, "inputs" in document
    if has_rows and has_columns:
        raise invalid_argument(
            f"JSON Value: {quote(document)} Not formatted correctly expecting only one of 'inputs' or 'instances' "
            "keys to exist "
        )
    if has_rows:
        inputs = _from_instances(document, signature.inputs)
    elif has_columns:
        inputs = _from_inputs(document["inputs"], signature.inputs)
    else:
        raise invalid_argument("Missing 'inputs' or 'instances' key")
    for name, tensor in inputs.items():
        _check_shape(name, tensor.shape, signature.inputs[name].shape)
    return PredictRequest(inputs, by_row=has_rows)


def _from_instances(document: Mapping[str, Any], infos: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    instances = document["instances"]
    if not isinstance(instances, list):
        raise invalid_argument(f"JSON Value: {quote(document)} Excepting 'instances' to be an list/array")
    if not instances:
        raise invalid_argument(f"JSON Value: {quote(document)} No values in 'instances' array")
    if len(infos) > 1 and not isinstance(instances[0], dict):
        raise invalid_argument(
            "instances is a plain list, but expecting list of objects as multiple input tensors required as per "
            "tensorinfo_map"
        )
    if _is_named(instances[0]):
        return _from_objects(instances, infos)
    if len(infos) > 1:
        raise invalid_argument(f"JSON Value: {quote(instances[0])} must have the keys: {','.join(infos)}")
    (name,) = infos
    for number, instance in enumerate(instances):
        if _is_named(instance):
            raise invalid_argument(f"Expecting value/list but got object at item {number} of input list")
    if infos[name].dtype == "string" and all(type(instance) is str for instance in instances):
        return {name: dense_tensor(instances, "string")}
    rows = _Rows(infos[name].dtype)
    for number, instance in enumerate(instances):
        rows.add(instance, f"Failed to process element: {number} of 'instances' list")
    return {name: rows.stacked()}


def _from_objects(instances: list[Any], infos: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    rows = {name: _Rows(info.dtype) for name, info in infos.items()}
    for number, instance in enumerate(instances):
        if not _is_named(instance):
            raise invalid_argument(f"Expecting object but got list at item {number} of input list")
        for name, value in instance.items():
            place = f"Failed to process element: {number} key: {name} of 'instances' list"
            if name not in rows:
                raise invalid_argument(
                    f"{place}. Error: INVALID_ARGUMENT: JSON object: does not have named input: {name}"
                )
            rows[name].add(value, place)
        if len(instance) != len(infos):
            raise invalid_argument(
                f"Failed to process element: {number} of 'instances' list. JSON object: {quote(instance)} keys must be "
                f"equal to: {','.join(infos)}"
            )
    return {name: one.stacked() for name, one in rows.items()}


def _from_inputs(value: Any, infos: Mapping[str, TensorInfo]) -> dict[str, np.ndarray]:
    if not _is_named(value):
        if len(infos) > 1:
            raise invalid_argument(
                "inputs is a plain value/list, but expecting an object as multiple input tensors required as per "
                "tensorinfo_map"
            )
        return {name: dense_tensor(value, info.dtype) for name, info in infos.items()}
    for name in infos:
        if name not in value:
            raise invalid_argument(f"Missing named input: {name} in 'inputs' object.")
    return {name: dense_tensor(value[name], info.dtype) for name, info in infos.items()}


class _Rows:
    """Tensors of one shape, one an instance."""

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype
        self._tensors: list[np.ndarray] = []

    def add(self, value: Any, place: str) -> None:
        try:
            tensor = dense_tensor(value, self._dtype)
        except RestError as error:
            raise RestError(error.code, f"{place}. Error: {error.code}: {error.message}") from error
        first = self._tensors[0] if self._tensors else tensor
        problem = ""
        if tensor.size != first.size:
            problem = f"Expecting tensor size: {first.size} but got: {tensor.size}"
        elif tensor.shape != first.shape:
            problem = f"Expecting shape {_shown(first.shape)} but got: {_shown(tensor.shape)}"
        if problem:
            raise invalid_argument(f"{place}. Error: INVALID_ARGUMENT: {problem}")
        self._tensors.append(tensor)

    def stacked(self) -> np.ndarray:
        return np.stack(self._tensors)


def _is_named(value: Any) -> bool:
    return isinstance(value, dict) and not is_base64_object(value)


def _check_shape(name: str, shape: tuple[int, ...], expected: tuple[int | None, ...] | None) -> None:
    if expected is None:
        return
    if len(shape) != len(expected) or any(want not in (None, size) for size, want in zip(shape, expected, strict=True)):
        wanted = _shown(tuple(-1 if size is None else size for size in expected))
        raise invalid_argument(f"Input {name} has the shape {_shown(shape)}. Expected: {wanted}, -1 for any size")


def _shown(shape: tuple[int, ...]) -> str:
    return f"[{','.join(map(str, shape))}]"
