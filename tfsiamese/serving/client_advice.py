"""What to do about a server's refusal, with what the server itself can say about it."""

import json
from collections.abc import Callable
from typing import TypeVar

from tfsiamese.errors import ServingError
from tfsiamese.serving.client_address import ModelAddress
from tfsiamese.serving.client_answers import NO_SERVER, RefusalError, read_answer, read_signatures, read_versions
from tfsiamese.serving.client_transport import Patience, Transport

__all__ = ["advised"]

Answered = TypeVar("Answered")

_QUICK = Patience(timeout=5.0, retries=0, deadline=5.0)
_BUSY = (408, 429, 502, 503, 504)


def advised(error: RefusalError, address: ModelAddress, transport: Transport) -> ServingError:
    """The same error with what to do; the server is asked for what it has where that helps."""
    return ServingError(f"{str(error).rstrip('.')}. {_advice(error, address, transport)}")


def _advice(error: RefusalError, address: ModelAddress, transport: Transport) -> str:
    reason = error.reason.lower()
    if error.status in (401, 403):
        return "The server wants credentials; give them in headers=."
    if error.status == 413:
        return "The request is larger than the server takes; lower batch_size=, or leave out the longest texts."
    if error.status in _BUSY:
        return "The server is busy, late or not ready; try again later, or raise retries= and deadline=."
    if not error.reason and error.status < 500:
        return NO_SERVER
    if error.status == 404 or "version label" in reason:
        return _versions_there(address, transport)
    if "signature" in reason or "named input" in reason or "input tensors" in reason:
        return _signatures_there(address, transport)
    if "batch size" in reason:
        return "Lower batch_size= to what the server takes in one request."
    if error.status >= 500:
        return "The server's log says more."
    return "The request is at odds with the model; compare it with Client.metadata()."


def _versions_there(address: ModelAddress, transport: Transport) -> str:
    url = address.newest_url
    versions = _asked(lambda: read_versions(read_answer(transport.get(url, _QUICK)), url))
    if versions is None:
        return (
            f"Check that the server has a model of the name {json.dumps(address.model, ensure_ascii=False)}: the "
            "--model_name or models.config it was started with, and its log."
        )
    listed = ", ".join(f"{status.version} ({status.state})" for status in versions) or "none"
    return f"The model {address.model!r} is there; its versions: {listed}. Ask for one of them, or for the newest."


def _signatures_there(address: ModelAddress, transport: Transport) -> str:
    url = address.metadata_url
    signatures = _asked(lambda: read_signatures(read_answer(transport.get(url, _QUICK)), url))
    if not signatures:
        return "Compare the request with the model's signatures, which Client.metadata() lists."
    listed = ", ".join(
        f"{name} ({', '.join(signature.get('inputs', {}))} -> {', '.join(signature.get('outputs', {}))})"
        for name, signature in signatures.items()
    )
    return f"The model's signatures: {listed}."


def _asked(ask: Callable[[], Answered]) -> Answered | None:
    try:
        return ask()
    except ServingError:
        return None
