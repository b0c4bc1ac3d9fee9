"""JSON of requests: parsed as TensorFlow Serving parses it, and quoted in its error messages."""

import json
import math
from typing import Any

import orjson

from tfsiamese.serving.rest_errors import RestError, invalid_argument

__all__ = ["is_base64_object", "parse_json", "quote", "type_error"]

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
_MOST_CHARACTERS = 500
_MOST_ITEMS = 20
_MOST_LEVELS = 8
_MOST_DIGITS = 20  # of what can be an integer of 64 bits

_TYPE_NAMES = {type(None): "Null", dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}


def parse_json(body: bytes) -> dict[str, Any]:
    """The object that is the body of a request; the numbers NaN, Infinity and -Infinity are allowed in it.

    Raises:
        RestError: the body is empty, is not JSON in UTF-8, is nested too deeply, or is something else than an object.
    """
    body = body.removeprefix(_BYTE_ORDER_MARK)
    if not body.strip(b" \t\r\n"):
        raise invalid_argument("JSON Parse error: The document is empty")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        if b"NaN" not in body and b"Infinity" not in body:
            raise _parse_error(error.msg, error.pos) from None
        document = _parse_with_special_numbers(body)
    if not isinstance(document, dict):
        raise invalid_argument(f"JSON Value: {quote(document)} Is not object")
    return document


def is_base64_object(value: Any) -> bool:
    """Whether a value is `{"b64": "…"}`."""
    return type(value) is dict and len(value) == 1 and type(value.get("b64")) is str


def type_error(value: Any, dtype_name: str) -> RestError:
    """The error of a value that cannot be one of a tensor's."""
    kind = str(value) if isinstance(value, bool) else _TYPE_NAMES[type(value)]
    return invalid_argument(f"JSON Value: {quote(value)} Type: {kind} is not of expected type: {dtype_name}")


def quote(value: Any) -> str:
    """A value as JSON for an error message; what is long is cut."""
    text = json.dumps(_outline(value, _MOST_LEVELS), indent=4, ensure_ascii=False)
    return text if len(text) <= _MOST_CHARACTERS else f"{text[:_MOST_CHARACTERS]}…"


def _outline(value: Any, levels: int) -> Any:
    if isinstance(value, str):
        return value[: _MOST_CHARACTERS + 1]
    if isinstance(value, list):
        return [_outline(item, levels - 1) for item in value[:_MOST_ITEMS]] if levels else "…"
    if isinstance(value, dict):
        items = list(value.items())[:_MOST_ITEMS]
        return {key[:_MOST_CHARACTERS]: _outline(item, levels - 1) for key, item in items} if levels else "…"
    return value


def _parse_with_special_numbers(body: bytes) -> Any:
    try:
        document = json.loads(body, parse_int=_integer, parse_float=_float)
        orjson.dumps(document)  # refuses lone surrogates
    except json.JSONDecodeError as error:
        raise _parse_error(error.msg, error.pos) from None
    except UnicodeDecodeError as error:
        raise _parse_error("not UTF-8", error.start) from None
    except (RecursionError, orjson.JSONEncodeError):
        raise _parse_error("nested too deeply, or a surrogate without its other half", 0) from None
    return document


def _integer(digits: str) -> int | float:
    return int(digits) if len(digits) <= _MOST_DIGITS and -(2**63) <= int(digits) < 2**64 else _float(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise invalid_argument("JSON Parse error: Number too big to be stored in double.")
    return value


def _parse_error(reason: str, offset: int) -> RestError:
    return invalid_argument(f"JSON Parse error: Invalid value. ({reason}) at offset: {offset}")
