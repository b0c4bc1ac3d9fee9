"""Time, queue and clients that go away; the model is held back by the tests, so that nothing depends on the clock."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tfsiamese.serving import ServerSettings, create_app
from tfsiamese.serving.batch_queue import Tensors
from tfsiamese.serving.served_version import ServedVersion

BODY = b'{"instances": ["red"]}'


class Held:
    """A model that begins to run, and goes on when it is let."""

    def __init__(self) -> None:
        self.started, self.go = threading.Event(), threading.Event()


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[Held]:
    held, run = Held(), ServedVersion.run

    def run_later(version: ServedVersion, name: str, inputs: Tensors) -> Tensors:
        held.started.set()
        assert held.go.wait(60)
        return run(version, name, inputs)

    monkeypatch.setattr(ServedVersion, "run", run_later)
    yield held
    held.go.set()


class Call:
    """One request to an ASGI application, whose client stays or goes."""

    def __init__(self, app: Any, body: bytes = BODY, more: bool = False):
        self._app, self._messages = app, [{"type": "http.request", "body": body, "more_body": more}]
        self.gone = asyncio.Event()
        self.status, self.body = 0, b""

    async def run(self) -> "Call":
        path = "/v1/models/jobs:predict"
        scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "headers": []}
        await asyncio.wait_for(self._app(scope, self._receive, self._send), 60)
        return self

    async def _receive(self) -> dict[str, Any]:
        if self._messages:
            return self._messages.pop()
        await self.gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        self.status = message.get("status", self.status)
        self.body += message.get("body", b"")

    @property
    def error(self) -> str:
        return json.loads(self.body)["error"]


def with_app(folder: Path, settings: ServerSettings, test: Callable[[Any], Awaitable[None]]) -> None:
    app = create_app(folder, settings)

    async def main() -> None:
        await test(app)

    asyncio.run(main())


def test_an_answer_that_takes_too_long_is_a_gateway_timeout(two_versions: Path, held: Held):
    async def test(app: Any) -> None:
        call = await Call(app).run()
        assert (call.status, call.error) == (504, "The answer took longer than 0.05 s")

    with_app(two_versions, ServerSettings(timeout=0.05), test)


def test_a_body_that_does_not_arrive_is_a_request_timeout(two_versions: Path):
    async def test(app: Any) -> None:
        call = await Call(app, more=True).run()
        assert (call.status, call.error) == (408, "The body did not arrive in time")

    with_app(two_versions, ServerSettings(timeout=0.05), test)


def test_a_full_queue_answers_503_and_the_others_get_their_answers(two_versions: Path, held: Held):
    async def test(app: Any) -> None:
        running = asyncio.ensure_future(Call(app).run())
        await asyncio.get_running_loop().run_in_executor(None, held.started.wait)
        waiting = asyncio.ensure_future(Call(app).run())
        await asyncio.sleep(0)  # the first step of the task enqueues it, as nothing before that waits
        refused = Call(app)
        while not refused.status:
            waiting_now = app.state.model.entries[2].queues["serving_default"].rows_waiting
            if waiting_now:
                await refused.run()
            await asyncio.sleep(0)
        assert refused.status == 503
        assert refused.error.startswith("The batch scheduling queue to which this task was submitted is full")
        held.go.set()
        assert [call.status for call in await asyncio.gather(running, waiting)] == [200, 200]

    with_app(two_versions, ServerSettings(max_batch_size=1, max_queue=1, threads=1), test)


def test_a_client_that_goes_away_is_not_answered_and_leaves_no_lease(two_versions: Path, held: Held):
    async def test(app: Any) -> None:
        call = Call(app)
        answering = asyncio.ensure_future(call.run())
        await asyncio.get_running_loop().run_in_executor(None, held.started.wait)
        assert app.state.model.entries[2].leases == 1
        call.gone.set()
        await answering
        assert (call.status, call.body) == (0, b"")
        assert app.state.model.entries[2].leases == 0

    with_app(two_versions, ServerSettings(), test)


def test_a_client_that_goes_away_within_its_body_is_not_answered(two_versions: Path):
    async def test(app: Any) -> None:
        call = Call(app, more=True)
        call.gone.set()
        assert (await call.run()).status == 0

    with_app(two_versions, ServerSettings(), test)


def test_an_error_of_the_model_has_tensorflows_code(two_versions: Path, monkeypatch: pytest.MonkeyPatch):
    import tensorflow as tf

    async def test(app: Any) -> None:
        def fail(**_: Any) -> None:
            raise tf.errors.ResourceExhaustedError(None, None, "no memory left")

        version = app.state.model.entries[2].version
        monkeypatch.setattr(version, "_functions", {"serving_default": fail})
        call = await Call(app).run()
        assert (call.status, call.error) == (429, "no memory left")

    with_app(two_versions, ServerSettings(), test)


def test_the_limits_of_batching_parameters_hold_and_the_settings_are_over_them(two_versions: Path, tmp_path: Path):
    base = tmp_path / "jobs"
    base.mkdir()
    (base / "1").symlink_to(two_versions / "1", target_is_directory=True)
    (base / "batching_parameters.txt").write_text("max_batch_size { value: 2 }\n", encoding="utf-8")
    three = b'{"instances": ["a", "b", "c"]}'

    async def refused(app: Any) -> None:
        call = await Call(app, three).run()
        assert (call.status, call.error) == (400, "Task size 3 is larger than maximum input batch size 2")

    async def taken(app: Any) -> None:
        assert (await Call(app, three).run()).status == 200

    with_app(base, ServerSettings(), refused)
    with_app(base, ServerSettings(max_batch_size=3), taken)
