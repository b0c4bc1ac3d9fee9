import json

import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.workers import Worker, is_chief, num_workers, read_worker, worker_index


def config(cluster: object, task: object) -> dict[str, str]:
    return {"TF_CONFIG": json.dumps({"cluster": cluster, "task": task})}


TWO = {"worker": ["a:1000", "b:1000"]}


def test_a_worker_knows_all_addresses_and_its_own_place():
    worker = read_worker(config(TWO, {"type": "worker", "index": 1}))
    assert worker == Worker(("a:1000", "b:1000"), 1)
    assert not worker.is_chief


def test_a_chief_of_a_job_of_its_own_goes_before_the_workers():
    cluster = {"worker": ["b:1", "c:1"], "chief": ["a:1"]}
    places = [{"type": "chief", "index": 0}, {"type": "worker", "index": 0}, {"type": "worker", "index": 1}]
    workers = [read_worker(config(cluster, place)) for place in places]
    assert [worker.index for worker in workers] == [0, 1, 2]
    assert {worker.addresses for worker in workers} == {("a:1", "b:1", "c:1")}
    assert [worker.is_chief for worker in workers] == [True, False, False]


def test_an_index_may_be_text_as_tensorflow_takes_it():
    assert read_worker(config(TWO, {"type": "worker", "index": "1"})).index == 1


@pytest.mark.parametrize("environment", [{}, {"TF_CONFIG": ""}, {"TF_CONFIG": " {} "}, config({}, {})])
def test_without_a_cluster_there_is_no_worker(environment: dict[str, str]):
    assert read_worker(environment) is None


def test_what_is_written_is_what_is_read():
    worker = Worker(("[::1]:2000", "node-2.local:65535"), 1)
    assert read_worker({"TF_CONFIG": worker.tf_config()}) == worker


def test_a_process_on_its_own_is_the_chief(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    assert (is_chief(), worker_index(), num_workers()) == (True, 0, 1)


def test_a_process_of_several_knows_its_number(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TF_CONFIG", Worker(("a:1", "b:1", "c:1"), 2).tf_config())
    assert (is_chief(), worker_index(), num_workers()) == (False, 2, 3)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", r"TF_CONFIG is no JSON \(.*\)\. Expected .*cluster"),
        ("[]", r"TF_CONFIG is \[\]\. Expected"),
        ('{"cluster": ["a:1"]}', r"TF_CONFIG has the cluster \['a:1'\]"),
        ('{"cluster": {"worker": "a:1"}}', "TF_CONFIG has worker = 'a:1'. Expected a list"),
        ('{"cluster": {"worker": [1]}}', r"TF_CONFIG has worker = \[1\]. Expected a list"),
        ('{"cluster": {"worker": ["a:1"], "ps": ["b:1"]}}', "the job 'ps' in its cluster"),
        ('{"cluster": {"worker": ["a:1"], "chief": ["b:1", "c:1"]}}', "has 2 chiefs"),
        ('{"cluster": {"worker": ["a:1"]}}', "has the task None"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "chief", "index": 0}}', "the task type 'chief'"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": 1}}', "index 1 and 1 addresses"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": -1}}', "index -1 and"),
        ('{"cluster": {"worker": ["a:1"]}, "task": {"type": "worker", "index": true}}', "index True and"),
        ('{"cluster": {"worker": ["a:1", "a:1"]}, "task": {"type": "worker", "index": 0}}', "have the address a:1"),
        (
            '{"cluster": {"worker": ["a"]}, "task": {"type": "worker", "index": 0}}',
            "TF_CONFIG is wrong: The address 'a'",
        ),
    ],
)
def test_an_error_says_what_is_wrong_in_it(text: str, message: str):
    with pytest.raises(SettingsError, match=message):
        read_worker({"TF_CONFIG": text})


@pytest.mark.parametrize("address", ["host", ":1", "host:", "host:0", "host:65536", "host:x", "host:-1"])
def test_addresses_have_a_host_and_a_port(address: str):
    with pytest.raises(SettingsError, match="Expected host:port"):
        Worker((address,), 0)


@pytest.mark.parametrize("index", [-1, 2])
def test_an_index_is_that_of_a_worker(index: int):
    with pytest.raises(SettingsError, match=f"There are 2 workers. Expected an index from 0 to 1. Received: {index}"):
        Worker(("a:1", "b:1"), index)
