import http.client
import json
import subprocess
import sys
import threading
import time
from collections import Counter

import pytest

from tests.generation.fault_answers import fitting_value, passage_hash, passage_of
from tests.generation.fault_server import PLANNED, FaultServer
from tests.generation.writers.samples import SCHEMA

KEY = "sk-of-the-fault-server"


def ask(port: int, passage: str, key: str | None = KEY, **changes) -> tuple[int, dict]:
    body = {
        "model": "any",
        "messages": [{"role": "user", "content": f"Of <passage>{passage}</passage>"}],
        "response_format": {"type": "json_schema", "json_schema": {"name": "a", "strict": True, "schema": SCHEMA}},
        **changes,
    }
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    connection.request("POST", "/v1/chat/completions", json.dumps(body), headers)
    response = connection.getresponse()
    content = json.loads(response.read())
    connection.close()
    return response.status, content


@pytest.fixture
def server():
    with FaultServer(key=KEY) as server:
        yield server


def test_the_passage_stands_between_its_markers():
    assert passage_of("A\n<passage>\nB <b>\n</passage> C") == "B <b>"
    assert passage_of("no markers ") == "no markers"


@pytest.mark.parametrize("passage", ["One day the fox ran home again.", "吾輩は猫である。名前はまだ無い。", "x", ""])
def test_values_fit_their_schema_and_are_the_same_again(passage):
    schema = {
        "type": "object",
        "properties": {
            "items": {
                "type": "array",
                "minItems": 2,
                "items": {
                    "type": "object",
                    "properties": {"query": {"type": "string"}, "score": {"type": "number"}, "is": {"enum": ["a"]}},
                },
            }
        },
    }
    value = fitting_value(schema, passage)
    assert value == fitting_value(schema, passage)
    assert len(value["items"]) == 2
    for item in value["items"]:
        assert item["query"].endswith("?")
        assert 0 <= item["score"] <= 1
        assert item["is"] == "a"


def test_different_passages_give_different_questions():
    words = [*"abcdefghijklmnop"]
    passages = [" ".join(words[place:] + words[:place] + [f"number{place}"]) for place in range(len(words))]
    questions = {fitting_value(SCHEMA, passage)["items"][0]["question"] for passage in passages}
    assert len(questions) == len(passages)


def test_the_plan_depends_on_passage_and_attempt_and_on_nothing_else():
    plans = []
    for _ in range(2):
        server = FaultServer(faults=0.2, seed=7)
        plans.append([server.fault_of(f"passage {number}", attempt) for number in range(500) for attempt in (0, 1)])
        server.server_close()
    assert plans[0] == plans[1]
    share = sum(fault is not None for fault in plans[0]) / 1000
    assert 0.15 < share < 0.25
    assert set(plans[0]) == {None, *PLANNED}


@pytest.mark.parametrize(("key", "status"), [(KEY, 200), ("sk-wrong", 401), (None, 401)])
def test_the_key_is_checked_and_never_logged(key, status, tmp_path):
    log = tmp_path / "log.jsonl"
    with FaultServer(key=KEY, log=log) as server:
        assert ask(server.server_port, "A passage.", key)[0] == status
        wait_for(lambda: server.entries)
    entry = json.loads(log.read_text())
    assert entry["key"] == {KEY: "right", None: "none"}.get(key, "wrong")
    assert entry["delivered"] == (status == 200)
    assert "sk-" not in log.read_text()


def wait_for(condition) -> None:
    """The log is written after the answer was sent, so a client may be quicker."""
    end = time.monotonic() + 20
    while not condition() and time.monotonic() < end:
        time.sleep(0.005)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"response_format": {"type": "text"}}, 400),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "a", "schema": SCHEMA}}}, 400),
        ({"messages": []}, 400),
        ({"model": "gpt-5", "max_tokens": 5}, 400),
        ({"model": "gpt-5", "max_completion_tokens": 5}, 200),
    ],
)
def test_requests_are_checked_as_the_real_service_does(server, changes, status):
    assert ask(server.server_port, "A passage.", **changes)[0] == status


def test_marked_passages_always_fail(server):
    for _ in range(2):
        assert ask(server.server_port, "This one: FAIL-ALWAYS.")[0] == 500
        assert ask(server.server_port, "This one: REFUSE-ALWAYS.")[1]["choices"][0]["message"]["refusal"]
    wait_for(lambda: len(server.entries) == 4)
    assert Counter(entry["outcome"] for entry in server.entries) == {"error-500": 2, "refusal": 2}
    assert [entry["attempt"] for entry in server.entries if entry["outcome"] == "refusal"] == [0, 1]


def test_requests_at_the_same_time_are_counted():
    gate = threading.Barrier(4, timeout=20)

    class Meeting(FaultServer):
        def fault_of(self, passage, attempt):
            gate.wait()
            return super().fault_of(passage, attempt)

    with Meeting(key=KEY) as server:
        threads = [threading.Thread(target=ask, args=(server.server_port, f"p{number}")) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert server.most_concurrent == 4


def test_it_runs_as_a_process(tmp_path, repository):
    port_file, log = tmp_path / "port", tmp_path / "log"
    command = [sys.executable, "-m", "tests.generation.fault_server", "--port-file", port_file, "--log", log]
    process = subprocess.Popen([*map(str, command), "--faults", "0", "--seed", "1"], cwd=repository)
    try:
        wait_for(port_file.exists)
        assert ask(int(port_file.read_text()), "A passage.", key=None)[0] == 200
        wait_for(lambda: log.exists() and log.read_text().endswith("\n"))
        assert json.loads(log.read_text())["passage"] == passage_hash("A passage.")
    finally:
        process.kill()
        process.wait()
