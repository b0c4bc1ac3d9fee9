"""A process of its own, as `tfsiamese serve` runs it: signals, and a version that is published under load."""

import http.client
import importlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from tfsiamese.errors import ServingError
from tfsiamese.serving import ServerSettings, running_server, server
from tfsiamese.serving.app import create_app
from tfsiamese.serving.batch_queue import Tensors
from tfsiamese.serving.served_version import ServedVersion

BODY = json.dumps({"instances": ["red apple", "blue"]})

LOADS_VERSION_2_FOR_EVER = """
import sys
from tfsiamese.cli.main import main
from tfsiamese.serving.served_version import ServedVersion

load = ServedVersion.load
def load_for_ever(number, folder):
    version = load(number, folder)
    while number == 2:
        load(number, folder)
    return version

ServedVersion.load = load_for_ever
sys.exit(main(sys.argv[1:]))
"""


class Served:
    """A server that printed its address."""

    def __init__(self, base: Path, *arguments: str, program: tuple[str, ...] = ("-m", "tfsiamese")):
        command = [sys.executable, *program, "serve", str(base), "--port", "0", *arguments]
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONUNBUFFERED": "1"},
        )
        assert self.process.stdout
        self.said = []
        for line in self.process.stdout:
            self.said.append(line)
            if line.startswith("Ctrl-C"):
                break
        found = re.match(r"http://127\.0\.0\.1:(\d+)/v1/models/(\S+)", "".join(self.said))
        assert found, (self.said, self.process.stderr and self.process.stderr.read())
        self.port, self.model = int(found[1]), found[2]

    def connect(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def end(self, number: int) -> tuple[int, str]:
        self.process.send_signal(number)
        _, error = self.process.communicate(timeout=60)
        return self.process.returncode, error


@pytest.fixture
def base(tmp_path: Path, two_versions: Path) -> Path:
    shutil.copytree(two_versions / "1", tmp_path / "jobs" / "1")
    return tmp_path / "jobs"


@pytest.fixture
def served(base: Path) -> Iterator[Served]:
    served = Served(base, "--poll-seconds", "0.05")
    yield served
    served.process.kill()
    served.process.communicate(timeout=60)


def wait_until(condition: Callable[[], bool]) -> None:
    """Waits for what has to come; the limit only keeps a broken server from holding up the tests for ever."""
    limit = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < limit
        time.sleep(0.01)


def predict(connection: http.client.HTTPConnection, model: str = "jobs") -> int:
    connection.request("POST", f"/v1/models/{model}:predict", BODY)
    answer = connection.getresponse()
    answer.read()
    return answer.status


def newest(connection: http.client.HTTPConnection) -> tuple[str, str]:
    connection.request("GET", "/v1/models/jobs")
    status = json.load(connection.getresponse())["model_version_status"][0]
    return status["version"], status["state"]


def test_a_version_published_under_load_takes_over_without_a_failed_request_and_sigterm_ends_with_0(
    served: Served, base: Path
):
    stop, codes = threading.Event(), []

    def ask() -> None:
        connection = served.connect()
        while not stop.is_set():
            codes.append(predict(connection))

    clients = [threading.Thread(target=ask) for _ in range(8)]
    for client in clients:
        client.start()
    shutil.copytree(base / "1", base / ".2")
    (base / ".2").rename(base / "2")
    connection = served.connect()
    wait_until(lambda: newest(connection) == ("2", "AVAILABLE"))
    after = len(codes)
    wait_until(lambda: len(codes) > after + 50)
    stop.set()
    for client in clients:
        client.join()
    assert set(codes) == {200}
    text = "".join(served.said)
    assert "versions 1; labels none" in text
    assert "Production is TensorFlow Serving" in text
    code, error = served.end(signal.SIGTERM)
    assert (code, "Traceback" in error) == (0, False), error


def test_sigint_ends_with_0_and_leaves_no_traceback(served: Served):
    assert predict(served.connect()) == 200
    code, error = served.end(signal.SIGINT)
    assert (code, "Traceback" in error) == (0, False), error


def test_sigterm_does_not_wait_for_a_version_that_is_being_loaded(base: Path):
    served = Served(base, "--poll-seconds", "0.05", program=("-c", LOADS_VERSION_2_FOR_EVER))
    try:
        shutil.copytree(base / "1", base / ".2")
        (base / ".2").rename(base / "2")
        connection = served.connect()
        wait_until(lambda: newest(connection) == ("2", "LOADING"))
        code, error = served.end(signal.SIGTERM)
        assert (code, "Traceback" in error) == (0, False), error
    finally:
        served.process.kill()
        served.process.communicate(timeout=60)


def test_a_port_that_shows_only_when_it_is_listened_at_that_it_is_taken_is_an_error(
    base: Path, monkeypatch: pytest.MonkeyPatch
):
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", 0))
        port = other.getsockname()[1]

        def listen_first(*arguments: Any) -> Any:
            other.listen()
            return create_app(*arguments)

        monkeypatch.setattr(server, "create_app", listen_first)
        with (
            pytest.raises(ServingError, match=f"cannot listen at 127.0.0.1:{port}.*Choose another port"),
            running_server(base, ServerSettings(port=port)),
        ):
            pass


@pytest.mark.parametrize("protocol", ["httptools_impl.HttpToolsProtocol", "h11_impl.H11Protocol"])
def test_a_head_that_is_not_finished_ends_its_connection_alone(
    base: Path, monkeypatch: pytest.MonkeyPatch, protocol: str
):
    module, name = protocol.split(".")
    kind = getattr(importlib.import_module(f"uvicorn.protocols.http.{module}"), name)
    monkeypatch.setattr(server, "head_limited_protocol", partial(server.head_limited_protocol, protocol=kind))
    whole = b"GET /v1/models/jobs HTTP/1.1\r\nHost: x\r\n\r\n"
    with running_server(base, ServerSettings(port=0, timeout=0.3)) as running:
        host, port = running.url.removeprefix("http://").split(":")
        kept = http.client.HTTPConnection(host, int(port), timeout=60)
        assert newest(kept) == ("1", "AVAILABLE")
        for before, half in [(b"", b""), (b"", whole[:-2]), (whole, whole[:-2])]:
            with socket.create_connection((host, int(port)), timeout=60) as connection:
                connection.sendall(before)
                answer = b"" if not before else connection.recv(65536)
                assert answer.startswith(b"HTTP/1.1 200" if before else b"")
                connection.sendall(half)
                assert connection.recv(65536) == b""
        assert newest(kept) == ("1", "AVAILABLE")


def test_a_server_in_a_thread_answers_at_a_port_of_its_own_and_ends_with_the_block(base: Path):
    with running_server(base, ServerSettings(port=0, name="mine")) as server:
        assert (server.model, server.versions, dict(server.labels)) == ("mine", (1,), {})
        host, port = server.url.removeprefix("http://").split(":")
        connection = http.client.HTTPConnection(host, int(port), timeout=60)
        assert predict(connection, "mine") == 200
        assert predict(connection) == 404
    connection.close()
    with pytest.raises(ConnectionError):
        predict(http.client.HTTPConnection(host, int(port), timeout=60))


def test_malformed_http_is_answered_or_closed_and_the_server_goes_on(base: Path):
    with running_server(base) as server:
        host, port = server.url.removeprefix("http://").split(":")
        heads = [
            b"BREW /v1/models/jobs HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /v1/models/jobs:predict HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
            b"POST /v1/models/jobs:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999999\r\n\r\n",
            b"POST /v1/models/jobs\x00:predict HTTP/1.1\r\nHost: x\r\n\r\n",
            b"POST /v1/models/\xc3\xa9:predict HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            b"GET /v1/models/%00%ff HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
            b"POST /v1/models/jobs:predict HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            b"GET /v1/models/jobs HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"
            b"\r\n" + b"\x00" * 100,
            b"\x16\x03\x01\x02\x00\x01\x00",
        ]
        for head in heads:
            with socket.create_connection((host, int(port)), timeout=60) as connection:
                connection.sendall(head)
                answer = connection.recv(65536)
            assert re.match(rb"HTTP/1\.1 (200|4\d\d) ", answer), (head, answer)
        assert predict(http.client.HTTPConnection(host, int(port), timeout=60)) == 200


def test_a_request_that_is_running_is_answered_before_the_end(base: Path, monkeypatch: pytest.MonkeyPatch):
    started, go, run = threading.Event(), threading.Event(), ServedVersion.run

    def run_later(version: ServedVersion, name: str, inputs: Tensors) -> Tensors:
        started.set()
        assert go.wait(120)
        return run(version, name, inputs)

    def refuses(port: int) -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=60).close()
        except ConnectionRefusedError:
            return True
        return False

    def let_go_when_nobody_is_accepted(port: int) -> None:
        wait_until(lambda: refuses(port))
        go.set()

    monkeypatch.setattr(ServedVersion, "run", run_later)
    codes: list[int] = []
    with running_server(base) as server:
        port = int(server.url.rsplit(":", 1)[1])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        threads = [
            threading.Thread(target=lambda: codes.append(predict(connection))),
            threading.Thread(target=let_go_when_nobody_is_accepted, args=[port]),
        ]
        threads[0].start()
        assert started.wait(120)
        threads[1].start()
    for thread in threads:
        thread.join()
    assert codes == [200]
