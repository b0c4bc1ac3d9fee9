"""A small server that speaks TensorFlow Serving's REST API, and misbehaves on demand.

The vector of a text is [its number of characters, its first code point, 1, 0]: exact in float32, and worked out by
hand in the tests.
"""

import http.server
import json
import re
import socket
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.loopback_server import LoopbackServer

PREDICT = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?:predict")
STATUS = re.compile(r"/v1/models/([^/:]+)(?:/versions/(\d+)|/labels/([^/:]+))?(/metadata)?")


def vector_of(text: str) -> list[float]:
    return [float(len(text)), float(ord(text[0])) if text else 0.0, 1.0, 0.0]


@dataclass
class Fault:
    """What a request gets in place of its answer.

    `status`, `body` and `headers` are sent as they are; `cut` hangs up without an answer, or in the midst of the body;
    `hang` waits until the test is over; `raw` is sent in place of HTTP.
    """

    status: int = 200
    body: str | bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False
    hang: bool = False
    raw: bytes = b""
    trickle: bool = False


@dataclass
class Request:
    method: str
    path: str
    headers: dict[str, str]
    body: Any
    port: int


class FaultyServer(LoopbackServer):
    """Answers on a free port of the loopback interface; `faults` are used up by the first requests, in turn."""

    def __init__(self):
        self.faults: deque[Fault | None] = deque()
        self.requests: list[Request] = []
        self.connections = 0
        self.closes_connections = False
        self.outputs_of: Callable[[str, Any], Any] = outputs_of
        self.before_answer: Callable[[], None] = lambda: None
        super().__init__(_Handler)

    @property
    def predictions(self) -> list[Any]:
        return [request.body for request in self.requests if request.path.endswith(":predict")]


def outputs_of(signature: str, inputs: Any) -> Any:
    """What the columnar form of a tfsiamese model answers."""
    if signature in ("serving_default", "embed", "query"):
        return [vector_of(("query: " if signature == "query" else "") + text) for text in inputs]
    if signature == "similarity":
        same = [float(left == right) for left, right in zip(inputs["left"], inputs["right"], strict=True)]
        lengths = [len(left) / 100 for left in inputs["left"]]
        return {"score": same, "cosine": lengths, "angular": [0.5] * len(same)}
    if signature == "top_k":
        return {
            "ids": [[f"{query}-1", f"{query}-2"] for query in inputs],
            "texts": [[query.upper(), query.lower()] for query in inputs],
            "scores": [[0.5, len(query) / 100] for query in inputs],
        }
    return None


def _tensor(dtype: str, *sizes: int) -> dict:
    dim = [{"size": str(size), "name": ""} for size in sizes]
    return {"dtype": dtype, "tensor_shape": {"dim": dim, "unknown_rank": False}, "name": "tensor:0"}


def signature_definitions() -> dict:
    text, vectors = _tensor("DT_STRING", -1), _tensor("DT_FLOAT", -1, 4)
    embed = {"inputs": {"texts": text}, "outputs": {"embeddings": vectors}, "method_name": "tensorflow/serving/predict"}
    numbers = {name: _tensor("DT_FLOAT", -1) for name in ("score", "cosine", "angular")}
    similarity = {"inputs": {"left": text, "right": text}, "outputs": numbers, "method_name": ""}
    return {"serving_default": embed, "query": embed, "similarity": similarity}


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FaultyServer

    def setup(self):
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._handle("GET")

    def do_POST(self):
        self._handle("POST")

    def _handle(self, method: str) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = json.loads(content) if content else None
        request = Request(method, self.path, dict(self.headers), body, self.client_address[1])
        with self.server.lock:
            self.server.requests.append(request)
            fault = self.server.faults.popleft() if self.server.faults else None
        self.server.before_answer()
        if fault is None:
            self._send(*self._answer(request))
        else:
            self._misbehave(fault)

    def _misbehave(self, fault: Fault) -> None:
        if fault.hang:
            self.server.over.wait(30)
            self.close_connection = True
        elif fault.raw:
            self.wfile.write(fault.raw)
            self.close_connection = True
        elif fault.trickle:
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            while not self.server.over.is_set():
                self.wfile.write(b" ")
                self.wfile.flush()
                time.sleep(0.01)
        elif fault.cut and not fault.body:
            self.connection.shutdown(socket.SHUT_RDWR)
            self.close_connection = True
        else:
            body = fault.body.encode() if isinstance(fault.body, str) else fault.body
            self._send(fault.status, body, fault.headers, announced=len(body) + (100 if fault.cut else 0))
            if fault.cut:
                self.close_connection = True

    def _answer(self, request: Request) -> tuple[int, Any]:
        found = (PREDICT if request.method == "POST" else STATUS).fullmatch(request.path)
        if not found:
            return 404, {"error": f"Malformed request: {request.method} {request.path}"}
        model, version, label = found[1], found[2], found[3]
        if model != "jobs" or version not in (None, "1", "2") or label not in (None, "stable"):
            return 404, {"error": f"Servable not found for request: Specific({model}, {version})"}
        if request.method == "GET":
            return 200, _metadata() if found[4] else _status(version)
        return self._predict(request.body)

    def _predict(self, body: dict) -> tuple[int, Any]:
        signature = body.get("signature_name", "serving_default")
        outputs = self.server.outputs_of(signature, body["inputs"])
        if outputs is None:
            return 400, {"error": f'Serving signature name: "{signature}" not found in signature def'}
        return 200, {"outputs": outputs}

    def _send(self, status: int, content: Any, headers: dict | None = None, announced: int | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content, indent=4).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(body)
        if self.server.closes_connections:
            # As a server does whose keep-alive time is over: without a word.
            self.close_connection = True


def _status(version: str | None) -> dict:
    status = {"error_code": "OK", "error_message": ""}
    versions = [{"version": number, "state": "AVAILABLE", "status": status} for number in ("1", "2")]
    return {"model_version_status": [entry for entry in versions if version in (None, entry["version"])]}


def _metadata() -> dict:
    spec = {"name": "jobs", "signature_name": "", "version": "2"}
    return {"model_spec": spec, "metadata": {"signature_def": {"signature_def": signature_definitions()}}}
