"""One device, two devices and two workers train alike. Each has processes of its own: see `distributed_program`."""

import json
import os
import socket
import subprocess
import sys

import numpy as np
import pytest

from tests.training.distributed_program import OF_DEVICES, OF_WORKERS, SCENARIOS

_LONGEST = 400


def free_ports(number):
    sockets = [socket.socket() for _ in range(number)]
    for one in sockets:
        one.bind(("localhost", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def start(folder, out, strategies, repository, **environment):
    command = [sys.executable, "-m", "tests.training.distributed_program", str(folder), str(out), *strategies]
    log = (out / f"{strategies[-1]}-{len(list(out.glob('*.log')))}.log").open("w")
    variables = {**os.environ, "TF_NUM_INTRAOP_THREADS": "1", **environment}
    return subprocess.Popen(command, cwd=repository, env=variables, stdout=log, stderr=log)


@pytest.fixture(scope="module")
def results(tiny_folder, tmp_path_factory, repository):
    out = tmp_path_factory.mktemp("distribution")
    workers = [f"localhost:{port}" for port in free_ports(2)]
    processes = [start(tiny_folder, out, ["one", "mirrored"], repository)]
    for index in range(2):
        cluster = json.dumps({"cluster": {"worker": workers}, "task": {"type": "worker", "index": index}})
        processes.append(start(tiny_folder, out, ["multiworker"], repository, TF_CONFIG=cluster))
    try:
        codes = [process.wait(_LONGEST) for process in processes]
    finally:
        for process in processes:
            process.kill()
    logs = "\n".join(path.read_text(errors="replace")[-2000:] for path in sorted(out.glob("*.log")))
    assert codes == [0, 0, 0], logs
    return {path.stem: json.loads(path.read_text()) for path in out.glob("*.json")}


CASES = [("mirrored", name) for name in OF_DEVICES]
CASES += [(worker, name) for worker in ("multiworker-0", "multiworker-1") for name in OF_WORKERS]


@pytest.mark.parametrize(("strategy", "scenario"), CASES)
def test_losses_and_weights_are_those_of_one_device(results, strategy, scenario):
    expected, found = results["one"][scenario], results[strategy][scenario]
    assert len(expected["losses"]) > 3
    np.testing.assert_allclose(found["losses"], expected["losses"], rtol=1e-5, atol=1e-5)
    assert found["history"].keys() == expected["history"].keys()
    for name, values in expected["history"].items():
        np.testing.assert_allclose(found["history"][name], values, rtol=1e-5, atol=1e-5, err_msg=name)
    for one, other in zip(found["weights"], expected["weights"], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-4)


@pytest.mark.parametrize("scenario", SCENARIOS)
def test_the_scenarios_change_the_weights_by_more_than_the_tolerance(results, scenario):
    losses = results["one"][scenario]["losses"]
    assert max(losses) - min(losses) > 1e-3


def test_gradients_of_several_batches_together_are_those_of_one_large_batch(results):
    one, accumulated = (results["one"][name] for name in ("one_large_batch", "accumulated_mean_squared_error"))
    for weights, others in zip(one["weights"], accumulated["weights"], strict=True):
        np.testing.assert_allclose(weights, others, atol=1e-5)
