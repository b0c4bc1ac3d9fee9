"""TensorFlow Serving's REST API as an ASGI application.

See https://www.tensorflow.org/tfx/serving/api_rest.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import orjson

from tfsiamese.servables.monitoring import METRICS_PATH
from tfsiamese.serving.batch_queue import Tensors, batch_rows
from tfsiamese.serving.json_values import parse_json
from tfsiamese.serving.metrics import Metrics
from tfsiamese.serving.predict_requests import PredictRequest, read_inputs, signature_name
from tfsiamese.serving.predict_responses import predict_response
from tfsiamese.serving.request_body import ClientGoneError, read_body
from tfsiamese.serving.rest_errors import RestError, error_body, invalid_argument
from tfsiamese.serving.rest_paths import ModelPath, parse_path
from tfsiamese.serving.served_model import ServedModel
from tfsiamese.serving.settings import ServerSettings

__all__ = ["RestApp"]

_LOGGER = logging.getLogger(__name__)

_Message = MutableMapping[str, Any]
_Receive = Callable[[], Awaitable[_Message]]
_Send = Callable[[_Message], Awaitable[None]]

_LARGE_BODY = 2**16  # bytes; from there on JSON is read and written beside the event loop
_LARGE_ANSWER = 2**14  # numbers
_JSON, _TEXT = b"application/json", b"text/plain; version=0.0.4; charset=utf-8"
_CLIENT_CLOSED_REQUEST = 499


class RestApp:
    """Answers the requests for one model.

    Args:
        model: the model.
        settings: the limits of a request.
        metrics: counts the answers, and is itself given under TensorFlow Serving's path.
    """

    def __init__(self, model: ServedModel, settings: ServerSettings, metrics: Metrics):
        self._model, self._settings, self._metrics = model, settings, metrics

    async def __call__(self, scope: _Message, receive: _Receive, send: _Send) -> None:
        """Answers one request."""
        if scope["type"] != "http":
            return
        raw_path = (scope.get("raw_path") or scope["path"].encode()).split(b"?")[0]
        if raw_path == METRICS_PATH.encode():
            await _send(send, 200, self._metrics.page(), _TEXT)
            return
        exchange = _Exchange(scope, receive)
        try:
            status, body = 200, await self._answer(exchange, scope["method"], raw_path)
        except RestError as error:
            status, body = error.http_status, error_body(error.message)
        except ClientGoneError:
            status, body = _CLIENT_CLOSED_REQUEST, b""
        except Exception as error:
            _LOGGER.exception("A request could not be answered.")
            status, body = 500, error_body(f"Internal error: {error}")
        self._metrics.count_request(exchange.model, exchange.signature, status, time.monotonic() - exchange.start)
        if status != _CLIENT_CLOSED_REQUEST:
            await _send(send, status, body, _JSON)

    async def _answer(self, exchange: "_Exchange", method: str, raw_path: bytes) -> bytes:
        path = parse_path(method, raw_path)
        if path.model == self._model.name:
            exchange.model = path.model
        if path.action == "status":
            return orjson.dumps(self._model.status(path))
        if path.action == "metadata":
            return self._metadata(path)
        body = await self._body(exchange)
        document = await _beside(parse_json, body) if len(body) > _LARGE_BODY else parse_json(body)
        if path.action != "predict":
            raise self._no_examples(path, document)
        return await self._predict(exchange, path, document, len(body) > _LARGE_BODY)

    async def _body(self, exchange: "_Exchange") -> bytes:
        reading = read_body(exchange.receive, exchange.headers, self._settings.max_request_bytes)
        try:
            return await asyncio.wait_for(reading, exchange.seconds_left(self._settings.timeout))
        except asyncio.TimeoutError:
            raise RestError("DEADLINE_EXCEEDED", "The body did not arrive in time", http_status=408) from None

    async def _predict(self, exchange: "_Exchange", path: ModelPath, document: dict[str, Any], is_large: bool) -> bytes:
        name = signature_name(document)
        with self._model.lease(path) as entry:
            signature = entry.version.signatures.get(name) if entry.version else None
            if signature is None:
                raise invalid_argument(f'Serving signature name: "{name}" not found in signature def')
            if not signature.inputs:
                raise invalid_argument(f"Failed to get input map for signature: {name}")
            exchange.signature = name
            request: PredictRequest = (
                await _beside(read_inputs, document, signature) if is_large else read_inputs(document, signature)
            )
            queue = self._model.queue(entry, name)
            answer = queue.submit(request.inputs, batch_rows(request.inputs) if queue.joins else 1)
            outputs = await exchange.wait(answer, self._settings.timeout)
        if sum(output.size for output in outputs.values()) > _LARGE_ANSWER:
            return await _beside(predict_response, outputs, request.by_row)
        return predict_response(outputs, request.by_row)

    def _metadata(self, path: ModelPath) -> bytes:
        with self._model.lease(path) as entry:
            assert entry.version is not None
            spec = {"name": self._model.name, "signature_name": "", "version": str(entry.number)}
            return orjson.dumps({"model_spec": spec, "metadata": {"signature_def": entry.version.metadata()}})

    def _no_examples(self, path: ModelPath, document: dict[str, Any]) -> RestError:
        """Why `:classify` and `:regress` cannot be answered: encoders have no signature for them."""
        name = signature_name(document)
        kind = {"classify": "classification", "regress": "regression"}[path.action]
        with self._model.lease(path) as entry:
            signature = entry.version.signatures.get(name) if entry.version else None
        if signature is None:
            return invalid_argument(f"No signature was found with the name: {name}")
        method = f"tensorflow/serving/{path.action}"
        if signature.method_name != method:
            return invalid_argument(
                f"Expected {kind} signature method_name to be {method}. Was: {signature.method_name}"
            )
        return RestError("UNIMPLEMENTED", f"The development server does not offer :{path.action}. Use :predict.")


class _Exchange:
    """One request on its way to its answer.

    Attributes:
        headers: of the request.
        model: its model and signature, where the server has them.
        start: when it came.
    """

    def __init__(self, scope: _Message, receive: _Receive):
        self.headers: list[tuple[bytes, bytes]] = scope["headers"]
        self.receive = receive
        self.model = self.signature = ""
        self.start = time.monotonic()

    def seconds_left(self, timeout: float) -> float:
        return max(timeout - (time.monotonic() - self.start), 0)

    async def wait(self, answer: "asyncio.Future[Tensors]", timeout: float) -> Tensors:
        """The outputs; the request leaves the queue when its time is up or its client goes away."""
        gone = asyncio.ensure_future(self.receive())
        try:
            either: set[asyncio.Future[Any]] = {answer, gone}
            await asyncio.wait(either, timeout=self.seconds_left(timeout), return_when=asyncio.FIRST_COMPLETED)
            if answer.done():
                return answer.result()
            if gone.done():
                raise ClientGoneError
            raise RestError("DEADLINE_EXCEEDED", f"The answer took longer than {timeout:g} s")
        finally:
            gone.cancel()
            answer.cancel()


async def _beside(function: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(None, function, *arguments)


async def _send(send: _Send, status: int, body: bytes, content_type: bytes) -> None:
    headers = [(b"content-type", content_type), (b"content-length", str(len(body)).encode())]
    if status in (408, 413):
        headers.append((b"connection", b"close"))  # the rest of the body may still be on its way
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
