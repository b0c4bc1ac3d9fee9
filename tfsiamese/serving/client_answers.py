"""What TensorFlow Serving's REST API answers, read and checked."""

import importlib.util
import json
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from tfsiamese.errors import ServingError
from tfsiamese.serving.client_transport import Answer

__all__ = [
    "NO_SERVER",
    "RefusalError",
    "VersionStatus",
    "float_array",
    "read_answer",
    "read_signatures",
    "read_versions",
    "text_array",
    "vector_dimension",
]

_SHOWN_CHARACTERS = 200
NO_SERVER = "Expected the REST API of TensorFlow Serving, on port 8501 by default; check host, port and path."


class VersionStatus(NamedTuple):
    """The status of one version of a model.

    Attributes:
        version: its number.
        state: "START", "LOADING", "AVAILABLE", "UNLOADING" or "END".
        error: why it could not be loaded; empty where nothing went wrong.
    """

    version: int
    state: str
    error: str


class RefusalError(ServingError):
    """A server answered with an error.

    Attributes:
        status: the HTTP status.
        reason: the server's own message; empty where it has not the form of TensorFlow Serving's.
    """

    def __init__(self, message: str, status: int, reason: str):
        super().__init__(message)
        self.status = status
        self.reason = reason


def read_answer(answer: Answer) -> dict[str, Any]:
    """The JSON object of an answer with status 200.

    Raises:
        RefusalError: the server refused the request; the message ends without a full stop.
        ServingError: what answered is no TensorFlow Serving.
    """
    if 300 <= answer.status < 400:
        target = answer.headers.get("Location", "elsewhere")
        raise ServingError(
            f"{answer.url} answered {answer.status}, a redirect to {target}. Give the address of the model server "
            "itself; redirects are not followed."
        )
    content = _parse(answer.body)
    if answer.status != 200:
        raise _refusal(answer, content)
    if not isinstance(content, dict):
        raise ServingError(f"{answer.url} answered with {_described(answer)} instead of a JSON object. {NO_SERVER}")
    return content


def float_array(value: Any, answered_by: str, what: str) -> np.ndarray:
    """Nested lists of numbers as float32.

    Raises:
        ServingError: `value` holds something else, or its lists are of different lengths.
    """
    try:
        array = np.asarray(value)
    except ValueError as error:
        raise ServingError(f"{answered_by} answered with {what} of different lengths. {NO_SERVER}") from error
    if array.dtype.kind not in "fiu" and array.size:
        raise ServingError(f"{answered_by} answered with {what} that are not all numbers. {NO_SERVER}")
    with np.errstate(over="ignore"):
        return array.astype(np.float32)


def text_array(value: Any, answered_by: str, what: str) -> np.ndarray:
    """Lists of lists of texts as an array of objects [n, k].

    Raises:
        ServingError: `value` holds something else, or its lists are of different lengths.
    """
    rows = value if isinstance(value, list) and all(isinstance(row, list) for row in value) else None
    if rows is None or any(len(row) != len(rows[0]) for row in rows):
        raise ServingError(f"{answered_by} answered with {what} that are not lists of the same length. {NO_SERVER}")
    if not all(isinstance(text, str) for row in rows for text in row):
        raise ServingError(f"{answered_by} answered with {what} that are not all texts. {NO_SERVER}")
    array = np.empty((len(rows), len(rows[0]) if rows else 0), object)
    array[:] = rows
    return array


def read_versions(content: dict[str, Any], url: str) -> list[VersionStatus]:
    """The versions that a status answer lists, newest first.

    Raises:
        ServingError: it lists them in no form of TensorFlow Serving.
    """
    try:
        versions = [
            VersionStatus(int(entry["version"]), str(entry["state"]), str(_error_in(entry.get("status", {}))))
            for entry in content["model_version_status"]
        ]
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ServingError(f"{url} answered with no status of a model. {NO_SERVER}") from error
    return sorted(versions, reverse=True)


def read_signatures(content: dict[str, Any], url: str) -> dict[str, Any]:
    """The signatures of a metadata answer by name.

    Raises:
        ServingError: it has them in no form of TensorFlow Serving.
    """
    try:
        signatures = content["metadata"]["signature_def"]["signature_def"]
        return {name: signatures[name] for name in sorted(signatures) if name != "__saved_model_init_op"}
    except (KeyError, TypeError) as error:
        raise ServingError(f"{url} answered with no metadata of a model. {NO_SERVER}") from error


def vector_dimension(signature: dict[str, Any]) -> int | None:
    """The length of the vectors that a signature gives; None where its metadata leave it open."""
    try:
        outputs = signature["outputs"]
        (output,) = outputs.values() if len(outputs) == 1 else [outputs["embeddings"]]
        dimension = int(output["tensor_shape"]["dim"][1]["size"])
    except (AttributeError, IndexError, KeyError, TypeError, ValueError):
        return None
    return dimension if dimension > 0 else None


def _refusal(answer: Answer, content: Any) -> RefusalError:
    if isinstance(content, dict) and isinstance(content.get("error"), str):
        reason = content["error"].strip()
        return RefusalError(f"{answer.url} answered {answer.status}: {_cut(reason)}", answer.status, reason)
    return RefusalError(f"{answer.url} answered {answer.status} with {_described(answer)}", answer.status, "")


def _error_in(status: dict[str, Any]) -> str:
    code = status.get("error_code", "OK")
    return "" if code in ("OK", 0) else f"{code}: {status.get('error_message', '')}".removesuffix(": ")


def _parse(body: bytes) -> Any:
    """JSON, with the NaN and Infinity that TensorFlow Serving writes; None where it is none."""
    try:
        return _FAST_PARSER(body)
    except ValueError:
        pass
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _fast_parser() -> Callable[[bytes], Any]:
    if importlib.util.find_spec("orjson") is None:
        return json.loads
    import orjson

    return orjson.loads


_FAST_PARSER = _fast_parser()


def _described(answer: Answer) -> str:
    start = answer.body[: 4 * _SHOWN_CHARACTERS].decode("utf-8", "replace").strip()
    if answer.media_type == "text/html" or start[:9].lower().startswith(("<!doctype", "<html")):
        return "an HTML page"
    return f"{_cut(start)!r}" if start else "an empty body"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else line[:_SHOWN_CHARACTERS] + "…"
