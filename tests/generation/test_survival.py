"""A thousand chunks, a service that fails at every fifth request, and a process that is killed twice."""

import csv
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.generation.fault_server import FaultServer
from tfsiamese.generation.chunks import ChunkSettings, chunk_document
from tfsiamese.generation.documents import read_documents
from tfsiamese.generation.runs import request_key
from tfsiamese.generation.tasks import answer_schema, get_task, read_prompt
from tfsiamese.generation.writers import Request, writer_name

pytest.importorskip("openai")
pytest.importorskip("google.genai")
pytest.importorskip("py3langid")

KEY = "sk-survivor-7c1e0f5b9a"
CONCURRENCY = 24
NUM_FILES, CHUNKS_A_FILE = 50, 20
WORDS = """
    anchor basin canal delta estuary fjord glacier harbour island jetty kelp lagoon marsh narrows ocean peninsula quay
    reef shoal tide upland valley wharf yacht zephyr beacon cliff dune ebb ford gorge haven inlet knoll ledge
""".split()  # noqa: SIM905


def passage(number: int) -> str:
    """A paragraph of its own, long enough for a chunk and too long for two."""
    words = [WORDS[(number * 7 + place * (number % 11 + 1)) % len(WORDS)] for place in range(18)]
    marker = {13: " REFUSE-ALWAYS", 777: " FAIL-ALWAYS"}.get(number, "")
    place = f"Station {number} lies between the {' and the '.join(words[:3])}."
    return f"{place} It is known for its {' '.join(words[3:])}{marker}."


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "documents"
    folder.mkdir()
    for file in range(NUM_FILES):
        paragraphs = [passage(file * CHUNKS_A_FILE + place) for place in range(CHUNKS_A_FILE)]
        (folder / f"{file:02}.txt").write_text("\n\n".join(paragraphs), encoding="utf-8")
    return folder


def url_of(api: str, server: FaultServer) -> str:
    return server.openai_url if api == "openai" else server.gemini_url


def start(api: str, server: FaultServer, documents: Path, out: Path) -> subprocess.Popen[str]:
    options = [
        "--writer",
        f"{api}:model",
        "--base-url",
        url_of(api, server),
        "--key-variable",
        "SURVIVOR_KEY",
        "--timeout",
        "1",
    ]
    options += ["--concurrency", str(CONCURRENCY), "--chunk-size", "220", "--num-pairs", "1", "--max-attempts", "5"]
    options += ["--keep-near-duplicates", "--no-language-check", "--max-copied", "1"]
    command = [sys.executable, "-m", "tfsiamese", "generate", str(documents), "--out", str(out), *options]
    variables = {**os.environ, "SURVIVOR_KEY": KEY}
    return subprocess.Popen(command, env=variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def passages_by_key(name: str, documents: Path) -> dict[str, str]:
    """Which passage the store means by a key."""
    task, keys = get_task("qa"), {}
    for document in read_documents([documents]):
        for chunk in chunk_document(document, ChunkSettings(220)).chunks:
            request = Request(*read_prompt(task).filled_in(chunk, 1, None), answer_schema(task))
            keys[request_key(name, request)] = chunk.text
    return keys


def stored_keys(store: Path) -> list[str]:
    """What was answered, as it is on the disk."""
    with sqlite3.connect(store) as connection:
        keys = [key for (key,) in connection.execute("SELECT key FROM answers")]
    connection.close()
    return keys


def kill_at(num_answers: int, process: subprocess.Popen[str], server: FaultServer) -> None:
    deadline = time.monotonic() + 240
    while sum(entry["delivered"] for entry in server.entries) < num_answers:
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()


@pytest.mark.parametrize("api", ["openai", "gemini"])
def test_every_chunk_ends_once_and_nothing_is_paid_twice(api, documents, tmp_path):
    out = tmp_path / "pairs.csv"
    store = tmp_path / "pairs.answers.sqlite"
    with FaultServer(key=KEY, faults=0.2, seed=4, slow_seconds=3, log=tmp_path / "server.log") as server:
        known_when_killed = []
        for num_answers in (300, 650):
            kill_at(num_answers, start(api, server, documents, out), server)
            assert not out.exists()
            known_when_killed.append((len(server.requests), stored_keys(store)))
        process = start(api, server, documents, out)
        printed, log = process.communicate(timeout=400)
        requests, entries = list(server.requests), list(server.entries)
    assert process.returncode == 0, log

    faults = Counter(entry["outcome"] for entry in entries)
    assert sum(faults.values()) - faults["answered"] > 0.15 * len(entries)
    assert len(faults) > 10
    assert 2 < max(entry["concurrent"] for entry in entries) <= CONCURRENCY

    # Every chunk is a pair or stands in the report, and none is both or twice.
    with out.open(encoding="utf-8", newline="") as file:
        pairs = [(row["source"], int(row["offset"])) for row in csv.DictReader(file)]
    unused = [json.loads(line) for line in (tmp_path / "pairs.unused.jsonl").read_text(encoding="utf-8").splitlines()]
    ends = Counter(pairs) + Counter((entry["source"], entry["offset"]) for entry in unused)
    assert len(ends) == NUM_FILES * CHUNKS_A_FILE
    assert set(ends.values()) == {1}
    reasons = {entry["texts"][0].split()[1]: entry["reason"] for entry in unused if entry["kind"] == "chunk"}
    assert reasons.pop("13") == "refused"
    assert reasons.pop("777") == "failed"
    assert set(reasons.values()) <= {"refused", "failed"}
    assert list(reasons.values()).count("failed") <= 5
    assert f"{out}: {len(pairs)}" in printed.replace(",", "")

    # Whatever was on the disk when a process was killed was not asked for again.
    passages = passages_by_key(writer_name(f"{api}:model", url_of(api, server)), documents)
    for num_requests, keys in known_when_killed:
        known = {passages[key] for key in keys}
        assert len(known) > 250
        assert known.isdisjoint(request.passage for request in requests[num_requests:])
    # An answer that was delivered twice was on its way when a process was killed, and no other was.
    delivered = Counter(entry["passage"] for entry in entries if entry["delivered"])
    assert sum(count - 1 for count in delivered.values()) <= 2 * CONCURRENCY
    assert max(delivered.values()) <= 2

    # The key is in no file and on no screen.
    for path in tmp_path.rglob("*"):
        assert not path.is_file() or KEY.encode() not in path.read_bytes(), path
    assert KEY not in printed + log
