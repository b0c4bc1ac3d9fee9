import http.server
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.evaluation.ngram_encoder import NgramEncoder
from tfsiamese.evaluation import verified_download

Answer = Callable[[http.server.BaseHTTPRequestHandler], None]


class FileServer:
    """An HTTP server on this machine; each path has the answers it gives, one a request, the last one for ever."""

    def __init__(self) -> None:
        self.answers: dict[str, list[Answer]] = {}
        self.requested: list[str] = []
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                owner.requested.append(self.path)
                answers = owner.answers.get(self.path, [status(404)])
                (answers.pop(0) if len(answers) > 1 else answers[0])(self)

            def log_message(self, *arguments: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"


def body(content: bytes, announced: int | None = None) -> Answer:
    """The content, announced as `announced` bytes."""

    def answer(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", str(len(content) if announced is None else announced))
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def status(code: int) -> Answer:
    """An error of the server."""
    return lambda handler: handler.send_error(code)


@pytest.fixture
def file_server(monkeypatch: pytest.MonkeyPatch) -> Iterator[FileServer]:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(verified_download, "_WAITS_SECONDS", (0.0, 0.0))
    server = FileServer()
    thread = threading.Thread(target=server.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield server
    server.server.shutdown()
    server.server.server_close()
    thread.join()


@pytest.fixture
def encoder() -> NgramEncoder:
    return NgramEncoder()


@pytest.fixture
def stsb() -> Path:
    """The folder of STS-B."""
    root = os.environ.get("TFSIAMESE_DATA")
    if not root:
        pytest.skip("TFSIAMESE_DATA is not set, and STS-B is not part of the project")
    return Path(root) / "stsb"
