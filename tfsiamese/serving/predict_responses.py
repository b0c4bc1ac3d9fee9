"""The body of the answer to a `:predict` request, in the form that the request had.

Decimal numbers are written with the fewest digits that give the same float32 again; NaN and infinities as the tokens
`NaN`, `Infinity` and `-Infinity`, as TensorFlow Serving does.
"""

import base64
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import orjson

from tfsiamese.serving.rest_errors import invalid_argument

__all__ = ["predict_response"]

_BINARY_SUFFIX = "_bytes"
_SERIALIZED = {"b", "i", "u", "f"}


def predict_response(outputs: Mapping[str, np.ndarray], by_row: bool) -> bytes:
    """The body, in JSON.

    Args:
        outputs: the tensors by name; a single one is given without its name.
        by_row: "predictions", one an instance; else "outputs", one a name.

    Raises:
        RestError: the tensors are of a type that JSON cannot hold or, by row, differ in their first dimension.
    """
    if not outputs:
        raise invalid_argument("Cannot convert empty tensor map to JSON")
    if by_row:
        _check_rows(outputs)
    values = {name: _values(name, outputs[name]) for name in sorted(outputs)}
    if len(values) == 1:
        (content,) = values.values()
    elif by_row:
        content = [dict(zip(values, row, strict=True)) for row in zip(*values.values(), strict=True)]
    else:
        content = values
    document = {"predictions" if by_row else "outputs": content}
    if all(array.dtype.kind != "f" or np.isfinite(array).all() for array in outputs.values()):
        return orjson.dumps(document, option=orjson.OPT_SERIALIZE_NUMPY)
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), default=_plain).encode()


def _check_rows(outputs: Mapping[str, np.ndarray]) -> None:
    sizes: dict[str, int] = {}
    for name, array in outputs.items():
        if not array.shape:
            raise invalid_argument(f"Tensor name: {name} has no shape information ")
        sizes[name] = len(array)
        expected = next(iter(sizes.values()))
        if len(array) != expected:
            raise invalid_argument(
                f"Tensor name: {name} has inconsistent batch size: {len(array)} expecting: {expected}"
            )


def _values(name: str, array: np.ndarray) -> Any:
    if array.dtype.kind in {"O", "S"}:
        return _texts(array.tolist(), is_binary=name.endswith(_BINARY_SUFFIX))
    if array.dtype.kind not in _SERIALIZED:
        raise invalid_argument(f"Failed to write JSON value for tensor type: {array.dtype.name}")
    # orjson takes arrays in the order of C, of at least one dimension.
    return np.ascontiguousarray(array) if array.shape else array[()]


def _texts(value: Any, is_binary: bool) -> Any:
    if isinstance(value, list):
        return [_texts(item, is_binary) for item in value]
    if not is_binary:
        try:
            return value.decode()
        except UnicodeDecodeError:
            pass
    return {"b64": base64.b64encode(value).decode("ascii")}


def _plain(value: Any) -> Any:
    """An array of numpy as lists; a float32 as the double with the same digits."""
    if isinstance(value, np.ndarray):
        return [_plain(item) for item in value]
    return float(str(value)) if value.dtype.kind == "f" else value.item()
