"""The paths of TensorFlow Serving's REST API.

The grammar is the one of its source, `model_servers/http_rest_api_util.cc`: letters may be of either case, except those
of the action (`predict`, `classify`, `regress`, `metadata`).
"""

import re
from dataclasses import dataclass
from urllib.parse import unquote_to_bytes

from tfsiamese.serving.rest_errors import RestError, invalid_argument

__all__ = ["ModelPath", "parse_path"]

_VERSION = r"(?:/versions/(?P<version>[0-9]+)|/labels/(?P<label>[^/:]+))?"
_PATHS = {
    "POST": re.compile(rf"/v1/models/(?P<model>[^/:]+){_VERSION}:(?P<action>classify|regress|predict)", re.IGNORECASE),
    "GET": re.compile(rf"/v1/models(?:/(?P<model>[^/:]+))?{_VERSION}(?:/(?P<action>metadata))?", re.IGNORECASE),
}
_API = re.compile(r"/v1/.*", re.IGNORECASE | re.DOTALL)
_ACTIONS = {"predict", "classify", "regress"}
_LARGEST_VERSION = 2**63 - 1


@dataclass(frozen=True)
class ModelPath:
    """What a request asks for.

    Attributes:
        model: the name of the model.
        version: its number; None for the newest, or where there is a label.
        label: the label of the version.
        action: "predict", "classify", "regress", "metadata" or "status".
    """

    model: str
    version: int | None
    label: str | None
    action: str


def parse_path(method: str, raw_path: bytes) -> ModelPath:
    """What a method and a path, as it was sent, without the query, ask for.

    Raises:
        RestError: NOT_FOUND outside of `/v1/`; INVALID_ARGUMENT where method and path do not fit the API.
    """
    path = raw_path.decode("utf-8", "backslashreplace")
    if not _API.fullmatch(path):
        raise RestError("NOT_FOUND", f"Nothing is served at {path}. The API is under /v1/models/.")
    pattern = _PATHS.get(method)
    found = pattern.fullmatch(path) if pattern else None
    if not found:
        raise invalid_argument(f"Malformed request: {method} {path}")
    action = found["action"] or "status"
    if method == "GET" and action != "metadata":
        action = "status"
    elif method == "POST" and action not in _ACTIONS:
        raise invalid_argument(f"Malformed request: {method} {path}")
    if not found["model"]:
        raise invalid_argument("Missing model name in request.")
    return ModelPath(_decoded(found["model"]), _number(found["version"]), _decoded(found["label"]) or None, action)


def _decoded(part: str | None) -> str:
    return unquote_to_bytes(part).decode("utf-8", "backslashreplace") if part else ""


def _number(digits: str | None) -> int | None:
    if not digits:
        return None
    significant = digits.lstrip("0") or "0"
    if len(significant) > len(str(_LARGEST_VERSION)) or int(significant) > _LARGEST_VERSION:
        raise invalid_argument(f"Failed to convert version: {digits} to numeric.")
    return int(significant)
