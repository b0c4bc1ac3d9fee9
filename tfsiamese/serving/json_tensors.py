"""One JSON value, a scalar or nested lists, as one dense tensor.

The rules and the wording of the errors are those of TensorFlow Serving's `util/json_tensor.cc`.
"""

import base64
import binascii
import math
from typing import Any

import numpy as np

from tfsiamese.serving.json_values import is_base64_object, quote, type_error
from tfsiamese.serving.rest_errors import RestError, invalid_argument

__all__ = ["dense_tensor", "dtype_name"]

_MOST_DIMENSIONS = 31  # numpy 1.x has 32, and stacking rows adds one
_NAMES = {"float32": "float", "float64": "double", "float16": "half"}
_FLOATS: dict[str, Any] = {"float32": np.float32, "float64": np.float64}
_INTEGERS: dict[str, Any] = {
    "int8": np.int8,
    "int16": np.int16,
    "int32": np.int32,
    "int64": np.int64,
    "uint8": np.uint8,
    "uint32": np.uint32,
    "uint64": np.uint64,
}


def dense_tensor(value: Any, dtype: str) -> np.ndarray:
    """The tensor that a JSON value says.

    Args:
        value: a scalar, or lists that are nested equally deep with equally many items at each level.
        dtype: its type as TensorFlow names it; strings become an array of `bytes` objects.

    Raises:
        RestError: the lists are ragged, or a value cannot be one of this type.
    """
    shape = _shape(value)
    leaves = [value]
    for level, size in enumerate(shape):
        leaves = _items(leaves, level, size, len(shape))
    for leaf in leaves:
        if type(leaf) is list:
            raise invalid_argument(f"Encountered list at unexpected level: {len(shape)} expected < {len(shape)}")
    return _converted(leaves, dtype).reshape(shape)


def dtype_name(dtype: str) -> str:
    """The type as TensorFlow's C++ names it in messages."""
    return _NAMES.get(dtype, dtype)


def _shape(value: Any) -> tuple[int, ...]:
    shape = []
    while type(value) is list:
        shape.append(len(value))
        if len(shape) > _MOST_DIMENSIONS:
            raise invalid_argument(f"Expected lists to be nested at most {_MOST_DIMENSIONS} deep")
        if not value:
            break
        value = value[0]
    return tuple(shape)


def _items(lists: list[Any], level: int, size: int, rank: int) -> list[Any]:
    """The items of all lists of one level, one after another."""
    items: list[Any] = []
    for one in lists:
        if type(one) is not list:
            raise invalid_argument(
                f"JSON Value: {quote(one)} found at incorrect level: {level + 1} in the JSON DOM. "
                f"Expected at level: {rank}"
            )
        if len(one) != size:
            raise invalid_argument(
                f"Encountered list at unexpected size: {len(one)} at level: {level} expected size: {size}"
            )
        items.extend(one)
    return items


def _converted(values: list[Any], dtype: str) -> np.ndarray:
    if dtype == "string":
        return _strings(values)
    for value in values:
        if type(value) is dict:
            raise type_error(value, dtype_name(dtype))
    if dtype in _FLOATS:
        return _decimals(values, dtype)
    if dtype in _INTEGERS:
        return _whole_numbers(values, dtype)
    if dtype == "bool":
        _check_types(values, {bool}, dtype)
        return np.array(values, dtype=np.bool_)
    raise RestError(
        "UNIMPLEMENTED", f"Conversion of JSON Value: {quote(values[:1])} to type: {dtype_name(dtype)} is not offered"
    )


def _strings(values: list[Any]) -> np.ndarray:
    array = np.empty(len(values), dtype=object)
    array[:] = [value.encode() if type(value) is str else _binary(value) for value in values]
    return array


def _binary(value: Any) -> bytes:
    if type(value) is not dict:
        raise type_error(value, "string")
    if not is_base64_object(value):
        raise invalid_argument(f"JSON Value: {quote(value)} not formatted correctly for base64 data")
    encoded = "".join(value["b64"].split()).rstrip("=")
    try:
        return base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise invalid_argument("Unable to base64 decode") from None


def _decimals(values: list[Any], dtype: str) -> np.ndarray:
    _check_types(values, {int, float}, dtype)
    information = np.finfo(_FLOATS[dtype])
    largest, largest_integer = float(information.max), 2 ** (information.nmant + 1) - 1
    for value in values:
        if abs(value) > (largest_integer if type(value) is int else largest) and math.isfinite(value):
            raise invalid_argument(
                f"Cannot convert JSON value: {quote(value)} to {dtype_name(dtype)} without loss of precision."
            )
    return np.array(values, dtype=_FLOATS[dtype])


def _whole_numbers(values: list[Any], dtype: str) -> np.ndarray:
    _check_types(values, {int}, dtype)
    information = np.iinfo(_INTEGERS[dtype])
    for value in values:
        if not information.min <= value <= information.max:
            raise type_error(value, dtype)
    return np.array(values, dtype=_INTEGERS[dtype])


def _check_types(values: list[Any], allowed: set[type], dtype: str) -> None:
    for value in values:
        if type(value) not in allowed:
            raise type_error(value, dtype_name(dtype))
