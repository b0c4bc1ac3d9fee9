"""Many clients of a model server in one process: each sends one text, waits for its vector, and sends the next.

Started by benchmark_serving.py, which gives a plan as JSON: host, port, path, clients, seconds, texts. Prints what it
saw as JSON. Requests are ready-made and answers are looked at no more than needed, so that the clients cost little.
"""

import asyncio
import json
import resource
import sys
import time

import numpy as np
import uvloop

CHECKED_EVERY = 20
SHOWN_FAILURES = 5


class Load:
    """What all clients share: the requests, and what became of them."""

    def __init__(self, plan: dict):
        self.plan = plan
        self.requests = [_request(plan, text) for text in plan["texts"]]
        self.vectors: dict[int, np.ndarray] = {}
        self.latencies: list[float] = []
        self.finished_at: list[float] = []
        self.failures: list[str] = []
        self.num_failures = 0
        self.num_wrong = 0
        self.turn = 0
        self.end = 0.0

    def next_text(self) -> int:
        """The next text's number; they come in turn."""
        self.turn += 1
        return self.turn % len(self.requests)

    def succeed(self, text: int, sent: float, body: bytes) -> None:
        """Notes an answer, and looks at one of CHECKED_EVERY."""
        now = time.monotonic()
        self.latencies.append(now - sent)
        self.finished_at.append(now)
        if len(self.latencies) % CHECKED_EVERY == 0:
            vector = np.asarray(json.loads(body)["predictions"][0], np.float32)
            first = self.vectors.setdefault(text, vector)
            # A version that was published meanwhile may answer differently; that is for the plan to say.
            if not self.plan["changes"] and not np.allclose(vector, first, atol=1e-4):
                self.num_wrong += 1

    def fail(self, reason: str) -> None:
        """Notes a request without a vector."""
        self.num_failures += 1
        if len(self.failures) < SHOWN_FAILURES:
            self.failures.append(reason)


class OneClient(asyncio.Protocol):
    """A client with one connection and one request under way."""

    def __init__(self, load: Load, over: asyncio.Event):
        self.load, self.over = load, over
        self.transport: asyncio.Transport | None = None
        self.buffer = b""
        self.text, self.sent, self.is_waiting = 0, 0.0, False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Sends the first request."""
        self.transport = transport
        self._send()

    def _send(self) -> None:
        self.sent = time.monotonic()
        if self.sent >= self.load.end:
            self.transport.close()
            return
        self.text, self.is_waiting = self.load.next_text(), True
        self.transport.write(self.load.requests[self.text])

    def data_received(self, data: bytes) -> None:
        """Sends the next request once the answer is whole."""
        self.buffer += data
        head, separator, body = self.buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        lines = head.lower().split(b"\r\n")
        length = next((int(line[15:]) for line in lines if line.startswith(b"content-length:")), 0)
        if len(body) < length:
            return
        self.buffer, self.is_waiting = b"", False
        if b" 200 " in lines[0] + b" ":
            self.load.succeed(self.text, self.sent, body)
        else:
            self.load.fail((lines[0] + b" " + body[:200]).decode("utf-8", "replace"))
        if b"connection: close" in lines:
            self.transport.close()
        else:
            self._send()

    def connection_lost(self, error: Exception | None) -> None:
        """A failure where an answer was due."""
        if self.is_waiting:
            self.load.fail(f"the connection broke: {error!r}")
        self.over.set()


async def client(load: Load) -> None:
    loop = asyncio.get_running_loop()
    while time.monotonic() < load.end:
        over = asyncio.Event()
        try:
            await loop.create_connection(lambda over=over: OneClient(load, over), load.plan["host"], load.plan["port"])
        except OSError as error:
            load.fail(f"no connection: {error!r}")
            await asyncio.sleep(0.05)
            continue
        await over.wait()


async def run(load: Load) -> dict:
    start, cpu = time.monotonic(), _cpu_seconds()
    load.end = start + load.plan["seconds"]
    await asyncio.gather(*(client(load) for _ in range(load.plan["clients"])))
    seconds = time.monotonic() - start
    return {
        "seconds": seconds,
        "cpu_share": (_cpu_seconds() - cpu) / seconds,
        "latencies": [round(latency, 6) for latency in load.latencies],
        "finished_at": [round(moment, 4) for moment in load.finished_at],
        "failures": load.num_failures,
        "first_failures": load.failures,
        "wrong": load.num_wrong,
    }


def _request(plan: dict, text: str) -> bytes:
    body = json.dumps({"instances": [text]}).encode()
    head = f"POST {plan['path']} HTTP/1.1\r\nHost: {plan['host']}\r\nContent-Type: application/json\r\n"
    return head.encode() + f"Content-Length: {len(body)}\r\n\r\n".encode() + body


def _cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def main() -> None:
    load = Load(json.load(sys.stdin))
    # uvloop comes with the extra "serve", which the server needs too.
    asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    print(json.dumps(asyncio.run(run(load))))


if __name__ == "__main__":
    main()
