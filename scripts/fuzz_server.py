"""Sends `tfsiamese serve` requests that it must refuse, and sees that it does, and goes on as before.

    python scripts/fuzz_server.py models/jobs --requests 10000 --seed 0

The requests are drawn by hypothesis, of the kinds in malformed_requests.py, and sent over raw sockets. Each must be
answered with a 4xx; one that is half sent may go without an answer. After every hundred a valid request must give the
same vector as at first. In the end the process must be alive, its memory must be what it was after the warm-up, and
SIGTERM must end it with 0. The exit status is 1 where anything was otherwise.
"""

import argparse
import collections
import hashlib
import json
import socket
import struct
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import seed as seeded
from malformed_requests import Attempt, kinds
from serving_process import ServerProcess, server_on_copy

from tfsiamese.serving.client import Client

PROBE = "the same text, every hundred requests"
PROBE_EVERY = 100
ANSWER_SECONDS = 20.0
LIMIT_BYTES = 2**20
TOLERANCE = 1e-5
SHOWN_VIOLATIONS = 20
NONE = "none"


@dataclass
class Findings:
    """What was sent, how it was answered, and what should not have been."""

    answers: dict[str, collections.Counter] = field(default_factory=dict)
    without_json: collections.Counter = field(default_factory=collections.Counter)
    violations: list[str] = field(default_factory=list)
    megabytes: list[tuple[str, int, float]] = field(default_factory=list)

    @property
    def sent(self) -> int:
        """Requests so far."""
        return sum(sum(counter.values()) for counter in self.answers.values())

    def note(self, kind: str, attempt: Attempt, answer: bytes) -> None:
        """Notes an answer, and whether it may be."""
        head, _, body = answer.partition(b"\r\n\r\n")
        words = head.split(b" ", 2)
        is_http = len(words) > 1 and words[0].startswith(b"HTTP/1.") and words[1].isdigit()
        code = words[1].decode() if is_http else ("no HTTP" if answer else NONE)
        self.answers.setdefault(kind, collections.Counter())[code] += 1
        allowed = code.startswith("4") or (code == NONE and (attempt.hangs_up or attempt.may_lose_answer))
        if not allowed or b"HTTP/1.1 5" in body:
            self.violations.append(f"{kind}: {code} to {_shown(attempt.data)}; it answered {_shown(answer)}")
        if is_http and not _is_error(body) and not attempt.data.startswith(b"HEAD "):
            self.without_json[kind] += 1


def main() -> None:
    options = parse()
    limit = ["--max-request-bytes", str(LIMIT_BYTES)]
    with (
        server_on_copy(Path(options.folder), *limit) as (server, base),
        Client(server.model_url, retries=0) as client,
    ):
        strategies = strategies_for(client, base, options)
        findings = fuzz(server, client, strategies, options)
        if server.is_alive:
            server.stop()
            if server.exit_code != 0:
                findings.violations.append(f"SIGTERM ended it with {server.exit_code} instead of 0")
        report(findings, list(server.lines))
    if options.json:
        content = {"plan": vars(options), "answers": findings.answers, "megabytes": findings.megabytes}
        content |= {"sent": findings.sent, "violations": findings.violations}
        Path(options.json).write_text(json.dumps(content, indent=2), encoding="utf-8")
    sys.exit(1 if findings.violations else 0)


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", help="a model's folder, which holds 1/, 2/, …")
    parser.add_argument("--requests", type=int, default=10_000, help="malformed ones, of all kinds (10000)")
    parser.add_argument("--seed", type=int, default=0, help="of the requests (0)")
    parser.add_argument("--kinds", nargs="+", metavar="KIND", help="these alone, such as half-sent")
    parser.add_argument("--growth", type=float, default=0.1, help="of the memory that is let pass, of the whole (0.1)")
    parser.add_argument("--json", metavar="FILE", help="write all figures to this file")
    return parser.parse_args()


def strategies_for(client: Client, base: Path, options: argparse.Namespace) -> dict:
    signatures = client.metadata()["metadata"]["signature_def"]["signature_def"]
    versions = [status.version for status in client.status()]
    strategies = kinds(base.name, list(signatures), versions, limit=LIMIT_BYTES)
    wanted = [name.replace("-", " ") for name in options.kinds or strategies]
    unknown = [name for name in wanted if name not in strategies]
    if unknown:
        sys.exit(f"There is no kind {unknown[0]!r}. Expected some of: {', '.join(strategies)}.")
    return {name: strategies[name] for name in wanted}


def fuzz(server: ServerProcess, client: Client, strategies: dict, options: argparse.Namespace) -> Findings:
    """Sends the requests, in turns of all kinds, so that the memory is seen under each of them all along."""
    findings = Findings()
    first = client.encode([PROBE])
    rounds = max(3, options.requests // (len(strategies) * PROBE_EVERY))
    share = -(-options.requests // (rounds * len(strategies)))
    for number in range(rounds):
        for kind, strategy in strategies.items():
            for attempts in chunks(
                strategy, min(share, options.requests - findings.sent), (options.seed, number, kind)
            ):
                for attempt in attempts:
                    findings.note(kind, attempt, exchange(server, attempt))
                probe(server, client, first, kind, findings)
                if not server.is_alive:
                    return findings
        if number in (0, rounds // 2, rounds - 1):
            findings.megabytes.append((f"round {number + 1}", findings.sent, server.rss_megabytes()))
    check_memory(findings, options.growth)
    return findings


def chunks(strategy, count: int, seed: tuple) -> Iterator[list[Attempt]]:
    """So many requests of a kind, at most PROBE_EVERY at a time; hypothesis gives fewer where there are no others."""
    attempts: list[Attempt] = []
    turn = 0
    while len(attempts) < count:
        attempts += drawn(strategy, count - len(attempts), hash_of((*seed, turn)))
        turn += 1
    for start in range(0, count, PROBE_EVERY):
        yield attempts[start : start + PROBE_EVERY]


def drawn(strategy, count: int, seed: int) -> list[Attempt]:
    attempts: list[Attempt] = []

    @seeded(seed)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def draw(attempt: Attempt) -> None:
        attempts.append(attempt)

    draw()
    return attempts[:count]


def hash_of(parts: tuple) -> int:
    """A number that is the same at every run, which hash() of a text is not."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "big")


def exchange(server: ServerProcess, attempt: Attempt) -> bytes:
    """Sends a request over a connection of its own; the answer, or nothing."""
    parts = urlsplit(server.url)
    with socket.create_connection((parts.hostname, parts.port), ANSWER_SECONDS) as connection:
        try:
            connection.sendall(attempt.data)
        except OSError:
            # The server may refuse before it has read everything; its answer is there all the same.
            return receive(connection)
        if attempt.resets:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        has_body = not attempt.data.startswith(b"HEAD ")
        return b"" if attempt.hangs_up else receive(connection, has_body)


def receive(connection: socket.socket, has_body: bool = True) -> bytes:
    """A whole answer, and what has come after it."""
    answer = b""
    try:
        while not (is_whole(answer) if has_body else b"\r\n\r\n" in answer):
            block = connection.recv(65536)
            if not block:
                return answer
            answer += block
        connection.setblocking(False)
        answer += connection.recv(65536)
    except OSError:
        pass
    return answer


def is_whole(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    lines = head.lower().split(b"\r\n")
    lengths = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
    return bool(lengths) and len(body) >= lengths[0]


def probe(server: ServerProcess, client: Client, first: np.ndarray, kind: str, findings: Findings) -> None:
    """A valid request, whose vector must be the same as at first."""
    if not server.is_alive:
        findings.violations.append(f"{kind}: the server ended with {server.exit_code}")
        return
    try:
        vectors = client.encode([PROBE])
    except Exception as error:
        findings.violations.append(f"{kind}: a valid request failed thereafter: {error}")
        return
    if vectors.shape != first.shape or not np.allclose(vectors, first, atol=TOLERANCE):
        findings.violations.append(f"{kind}: the vector of a valid request was another one thereafter")


def check_memory(findings: Findings, growth: float) -> None:
    sizes = [size for _, _, size in findings.megabytes]
    if sizes and sizes[-1] > sizes[0] * (1 + growth):
        findings.violations.append(f"the memory grew from {sizes[0]:.0f} MB to {sizes[-1]:.0f} MB")


def report(findings: Findings, lines: list[str]) -> None:
    codes = sorted({code for counter in findings.answers.values() for code in counter})
    print(f"{'kind':<20}{'sent':>8}" + "".join(f"{code:>9}" for code in codes) + f"{'no JSON':>9}")
    for kind, counter in findings.answers.items():
        cells = "".join(f"{counter[code] or '':>9}" for code in codes)
        print(f"{kind:<20}{sum(counter.values()):>8}{cells}{findings.without_json[kind] or '':>9}")
    totals = "".join(f"{sum(counter[code] for counter in findings.answers.values()):>9}" for code in codes)
    print(f"{'all':<20}{findings.sent:>8}{totals}{sum(findings.without_json.values()):>9}")
    for name, sent, size in findings.megabytes:
        print(f"memory after {name} ({sent:,} requests): {size:.1f} MB")
    for violation in findings.violations[:SHOWN_VIOLATIONS]:
        print(f"VIOLATION {violation}")
    tracebacks = sum("Traceback" in line for line in lines)
    if tracebacks:
        print(f"{tracebacks} tracebacks among the server's last {len(lines)} lines; the last of them:")
        print("\n".join(lines[-30:]))
    print(f"{len(findings.violations)} violations in {findings.sent:,} requests")


def _is_error(body: bytes) -> bool:
    try:
        content = json.loads(body)
    except ValueError:
        return False
    return isinstance(content, dict) and isinstance(content.get("error"), str)


def _shown(data: bytes) -> str:
    return repr(data) if len(data) <= 300 else f"{data[:200]!r}…{data[-60:]!r} ({len(data):,} bytes)"


if __name__ == "__main__":
    main()
