"""A server that speaks OpenAI's and Gemini's API, checks what they check, and fails on purpose.

It answers POST /v1/chat/completions and POST /v1beta/models/MODEL:generateContent on a free port of the loopback
interface. The answer fits the schema of the request and is made from what stands in its message between <passage>
and </passage>. Which requests fail, and how, is a function of the seed, the passage and how often that passage was
asked before, so the order of requests changes nothing. A passage that holds REFUSE-ALWAYS is always refused, one that
holds FAIL-ALWAYS always gets a 500.

In a test:

    with FaultServer(key="sk-secret", faults=0.2, seed=1) as server:
        make_writer("openai:any", base_url=server.openai_url, key_variable="MY_KEY")

As a process: python -m tests.generation.fault_server --port-file F --log F --faults 0.2 --seed 1; the port file
appears whole once the server listens, and the environment variable FAULT_SERVER_KEY holds the key to ask for, if any.
"""

import argparse
import http.server
import json
import os
import random
import socket
import urllib.parse
from collections import Counter, deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.generation.fault_answers import passage_hash, passage_of
from tests.generation.fault_checks import GENERATE, Received, rejection
from tests.generation.fault_responses import faulty_answer, good_answer
from tests.loopback_server import LoopbackServer

# What the seeded plan draws from. Refused passages are final; all others are worth another try.
PLANNED = (
    "rate-limit",
    "error-500",
    "unavailable",
    "cut",
    "cut-body",
    "slow",
    "invalid-json",
    "truncated",
    "empty",
    "refusal",
    "content-filter",
)
# Only by name, in `next_faults`.
OTHERS = (
    "quota",
    "bad-request",
    "too-large",
    "forbidden",
    "redirect",
    "html",
    "not-http",
    "trickle",
    "trickle-headers",
    "flood",
    "echo-key",
    "fenced",
    "half-pair",
    "odd-counts",
    "odd-charset",
    "odd-details",
    "not-implemented",
)


class FaultServer(LoopbackServer):
    """The server; a context manager that listens from the first line on.

    Args:
        key: the key to ask for; None takes any, or none.
        models: those that exist; None for all.
        faults: the share of requests that fail, 0 to 1.
        seed: of the plan.
        kinds: the faults that the plan draws from.
        slow_seconds: after which a slow answer is given up; longer than the client's timeout.
        delay: seconds that each good answer takes.
        supports_schema: False for a server that answers response_format json_schema with a 400.
        log: a file that gets a JSON line for each request once it was answered: passage (see `passage_hash`), attempt,
            api, outcome ("answered", the name of the fault, or "rejected"), delivered (a whole good answer was sent),
            key ("right", "wrong" or "none"), concurrent and most_concurrent.

    Attributes:
        next_faults: what the next requests get, in turn, before the plan: names of faults, None for a good answer.
        charset: what an odd one is.
        retry_after: what a 429 says in Retry-After; for Gemini it becomes a retryDelay too.
        requests: all that came.
        entries: the lines of the log.
        most_concurrent: how many requests were under way at a time, at most.
    """

    request_queue_size = 256

    def __init__(
        self,
        *,
        key: str | None = None,
        models: Sequence[str] | None = None,
        faults: float = 0.0,
        seed: int = 0,
        kinds: Sequence[str] = PLANNED,
        slow_seconds: float = 30.0,
        delay: float = 0.0,
        supports_schema: bool = True,
        log: Path | None = None,
        port: int = 0,
    ):
        self.key, self.models, self.faults, self.seed, self.kinds = key, models, faults, seed, tuple(kinds)
        self.slow_seconds, self.delay, self.supports_schema, self.log = slow_seconds, delay, supports_schema, log
        self.next_faults: deque[str | None] = deque()
        self.charset = "rot13"
        self.retry_after = "0"
        self.requests: list[Received] = []
        self.entries: list[dict[str, Any]] = []
        self.concurrent = self.most_concurrent = 0
        self._attempts: Counter[str] = Counter()
        super().__init__(_Handler, port)
        self.openai_url = f"{self.url}/v1"
        self.gemini_url = self.url

    def next_attempt(self, passage: str) -> int:
        """How often this passage was asked before."""
        with self.lock:
            self._attempts[passage] += 1
            return self._attempts[passage] - 1

    def fault_of(self, passage: str, attempt: int) -> str | None:
        """What happens to this request; None for a good answer."""
        with self.lock:
            if self.next_faults:
                return self.next_faults.popleft()
        if "REFUSE-ALWAYS" in passage:
            return "refusal"
        if "FAIL-ALWAYS" in passage:
            return "error-500"
        drawn = random.Random(f"{self.seed}/{passage_hash(passage)}/{attempt}")
        return drawn.choice(self.kinds) if drawn.random() < self.faults else None

    def enter(self, received: Received) -> None:
        with self.lock:
            self.requests.append(received)
            self.concurrent += 1
            self.most_concurrent = max(self.most_concurrent, self.concurrent)

    def leave(self, received: Received, outcome: str, delivered: bool) -> None:
        key = "none" if received.key is None else "right" if received.key == self.key or not self.key else "wrong"
        with self.lock:
            entry = {
                "passage": passage_hash(received.passage),
                "attempt": received.attempt,
                "api": received.api,
                "outcome": outcome,
                "delivered": delivered,
                "key": key,
                "concurrent": self.concurrent,
                "most_concurrent": self.most_concurrent,
            }
            self.concurrent -= 1
            if self.log:
                with self.log.open("a", encoding="utf-8") as file:
                    file.write(json.dumps(entry) + "\n")
            # Whoever waits for the entry may read the log then.
            self.entries.append(entry)


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: FaultServer

    def log_message(self, *_):
        pass

    def do_GET(self):
        self._send(405, {"error": {"message": "Only POST is known here."}})

    def do_POST(self):
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        try:
            body = json.loads(content)
        except ValueError:
            body = None
        received = self._received(body)
        self.server.enter(received)
        outcome, delivered = "rejected", False
        try:
            refused = rejection(received, self.server)
            if refused:
                self._send(*refused)
            else:
                fault = self.server.fault_of(received.passage, received.attempt)
                outcome = fault or "answered"
                if fault is None or fault in ("echo-key", "fenced", "half-pair", "odd-counts"):
                    self.server.over.wait(self.server.delay)
                    self._send(200, good_answer(received, fault))
                    delivered = True
                else:
                    self._misbehave(received, fault)
        except OSError:
            self.close_connection = True
        finally:
            self.server.leave(received, outcome, delivered)

    def _received(self, body: Any) -> Received:
        url = urllib.parse.urlsplit(self.path)
        is_gemini = bool(GENERATE.fullmatch(url.path))
        if is_gemini:
            key = self.headers.get("x-goog-api-key") or urllib.parse.parse_qs(url.query).get("key", [None])[0]
        else:
            key = (self.headers.get("Authorization") or "").removeprefix("Bearer ") or None
        passage = passage_of(_message(body, is_gemini))
        attempt = self.server.next_attempt(passage)
        api = "gemini" if is_gemini else "openai"
        return Received(api, url.path, dict(self.headers), body, passage, attempt, key)

    def _misbehave(self, received: Received, fault: str) -> None:
        if fault == "slow":
            self.server.over.wait(self.server.slow_seconds)
            self._hang_up()
        elif fault == "cut":
            self._hang_up()
        elif fault == "cut-body":
            body = json.dumps(good_answer(received, None)).encode()
            self._send(200, body[: len(body) // 2], announced=len(body))
            self._hang_up()
        elif fault == "not-http":
            self.wfile.write(b"\x00\x01SSH-2.0-nothing to see here\r\n\r\n")
            self._hang_up()
        elif fault in ("trickle", "trickle-headers"):
            self._trickle(fault == "trickle")
        elif fault == "flood":
            self._flood()
        else:
            self._send(*faulty_answer(received, fault, self.server))

    def _trickle(self, ends_headers: bool) -> None:
        """A byte now and then, so that no single read takes long."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", "1000000")
        self.flush_headers()
        self.wfile.write(b"\r\n" if ends_headers else b"X-Slow: ")
        while not self.server.over.wait(0.02):
            self.wfile.write(b"a" if not ends_headers else b" ")
        self.close_connection = True

    def _flood(self) -> None:
        """A body without end."""
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        while not self.server.over.is_set():
            self.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        self.close_connection = True

    def _hang_up(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, content: Any, headers: dict | None = None, announced: int | None = None) -> None:
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", **(headers or {})}.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body) if announced is None else announced))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()


def _message(body: Any, is_gemini: bool) -> str:
    """The text of the user's message, "" where there is none."""
    try:
        if is_gemini:
            return "".join(part["text"] for part in body["contents"][-1]["parts"])
        return body["messages"][-1]["content"]
    except (KeyError, IndexError, TypeError):
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--log", type=Path)
    parser.add_argument("--faults", type=float, default=0.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--slow-seconds", type=float, default=30.0)
    parser.add_argument("--delay", type=float, default=0.0)
    arguments = parser.parse_args()
    key = os.environ.get("FAULT_SERVER_KEY")
    server = FaultServer(
        key=key,
        faults=arguments.faults,
        seed=arguments.seed,
        slow_seconds=arguments.slow_seconds,
        delay=arguments.delay,
        log=arguments.log,
    )
    temporary = arguments.port_file.with_suffix(".part")
    temporary.write_text(str(server.server_port))
    temporary.replace(arguments.port_file)
    server.serve_forever(0.05)


if __name__ == "__main__":
    main()
