import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.cli.conftest import Command
from tests.workers.scripts import wait_until
from tfsiamese.workers import LaunchSettings

SLURM = {
    "SLURM_PROCID": "1",
    "SLURM_STEP_NUM_TASKS": "2",
    "SLURM_STEP_NODELIST": "node[1-2]",
    "SLURM_STEP_TASKS_PER_NODE": "1(x2)",
}
TRAIN = ["train", "pairs.csv", "--out", "run"]


class Become(Exception):  # noqa: N818  stands for a process that is replaced
    def __init__(self, program: list[str], environment: dict[str, str]):
        self.arguments = program[1:]
        self.config = json.loads(environment["TF_CONFIG"])


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch):
    """No cluster, and no process is replaced."""
    for name in [*SLURM, "JOB_COMPLETION_INDEX", "TF_CONFIG"]:
        monkeypatch.delenv(name, raising=False)

    def execve(path: str, program: list[str], environment: dict[str, str]):
        raise Become(program, environment)

    monkeypatch.setattr(os, "execve", execve)


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch) -> list[tuple[list[str], LaunchSettings]]:
    """What is started on this machine, instead of starting it."""
    calls: list[tuple[list[str], LaunchSettings]] = []
    monkeypatch.setattr("tfsiamese.workers.run_workers", lambda program, settings: calls.append((program, settings)))
    return calls


def become(command: Command, *arguments: object) -> Become:
    with pytest.raises(Become) as caught:
        command(*arguments)
    return caught.value


def test_training_gets_the_strategy_of_several_workers(command: Command, started: list[Any]):
    assert command("launch", "--workers", 2, "--", *TRAIN).status == 0
    program, settings = started[0]
    assert program == [sys.executable, "-m", "tfsiamese", *TRAIN, "--strategy", "multiworker"]
    assert settings == LaunchSettings(2)


def test_the_command_may_follow_without_dashes(command: Command, started: list[Any]):
    options = ["--workers", 3, "--port", 4000, "--gpus-per-worker", 1]
    assert command("launch", *options, *TRAIN, "--epochs", 1).status == 0
    program, settings = started[0]
    assert program[3:] == [*TRAIN, "--epochs", "1", "--strategy", "multiworker"]
    assert settings == LaunchSettings(3, 4000, 1)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--workers", "2", *TRAIN, "--strategy", "auto"],
        ["--workers", "2", "train", "--config", "run.toml"],
        ["--workers", "1", *TRAIN],
    ],
)
def test_the_command_stays_as_it_is_where_a_strategy_may_be_named_or_is_not_needed(
    command: Command, started: list[Any], arguments: list[str]
):
    assert command("launch", *arguments).status == 0
    assert started[0][0][3:] == arguments[2:]


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--workers", "2"], "name what the workers are to run"),
        (["--workers", "2", "--"], "name what the workers are to run"),
        (TRAIN, "--workers, before the command"),
        (["--workers", "two", *TRAIN], "--workers"),
        (["--workers", "2", "trian", "pairs.csv"], "Received: 'trian'"),
        (["--workers", "2", "launch", *TRAIN], "Received: 'launch'"),
        (["--workers", "2", "encode", "use-multilingual", "texts.txt", "--out", "vectors/"], "Received: 'encode'"),
        (["--workers", "2", *TRAIN, "--strategy", "mirrored"], "--strategy multiworker"),
        (["--workers", "2", *TRAIN, "--epochs", "two"], "--epochs"),
        (["--workers", "2", "--cluster", "mesos", *TRAIN], "'mesos'"),
    ],
)
def test_wrong_usage_is_found_before_anything_is_started(
    command: Command, started: list[Any], arguments: list[str], named: str
):
    result = command("launch", *arguments)
    assert result.status == 2
    assert named in result.err.splitlines()[-1]
    assert started == []


def test_a_number_of_workers_that_is_none_is_refused(command: Command, started: list[Any]):
    assert "Expected a positive number of --workers. Received: 0." in command("launch", "--workers", 0, *TRAIN).error


def test_a_task_of_slurm_becomes_its_worker(command: Command, monkeypatch: pytest.MonkeyPatch):
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    worker = become(command, "launch", "--port", 9000, "--", *TRAIN)
    assert worker.config["cluster"] == {"worker": ["node1:9000", "node2:9000"]}
    assert worker.config["task"] == {"type": "worker", "index": 1}
    assert worker.arguments == ["-m", "tfsiamese", *TRAIN, "--strategy", "multiworker"]


def test_a_machine_of_slurm_can_be_taken_for_itself(
    command: Command, started: list[Any], monkeypatch: pytest.MonkeyPatch
):
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    assert command("launch", "--cluster", "local", "--workers", 2, *TRAIN).status == 0
    assert started[0][1].num_workers == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--workers", 3], "Slurm has started 2 tasks. Expected as many --workers"),
        (["--gpus-per-worker", 1], "srun --gpus-per-task"),
    ],
)
def test_options_that_do_not_go_with_slurm_are_refused(
    command: Command, monkeypatch: pytest.MonkeyPatch, options: list[object], message: str
):
    for name, value in SLURM.items():
        monkeypatch.setenv(name, value)
    assert message in command("launch", *options, *TRAIN).error


def test_slurm_is_named_where_there_is_none(command: Command):
    assert (
        "There is no SLURM_PROCID. Start the workers with srun" in command("launch", "--cluster", "slurm", *TRAIN).error
    )


def test_a_pod_becomes_its_worker(command: Command, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("JOB_COMPLETION_INDEX", "0")
    monkeypatch.setenv("HOSTNAME", "jobs-0")
    worker = become(command, "launch", "--workers", 2, "--service", "net", *TRAIN)
    assert worker.config["cluster"] == {"worker": ["jobs-0.net:2222", "jobs-1.net:2222"]}
    assert worker.config["task"]["index"] == 0


def test_the_manifest_in_the_readme_gives_each_pod_its_place(
    command: Command, monkeypatch: pytest.MonkeyPatch, repository: Path
):
    readme = (repository / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```yaml\n(.*?)```", readme, re.DOTALL)
    service, job = next(list(yaml.safe_load_all(block)) for block in blocks if "kind: Job" in block)
    name, spec = job["metadata"]["name"], job["spec"]
    assert spec["completionMode"] == "Indexed"
    assert service["spec"]["clusterIP"] == "None"
    assert service["spec"]["selector"] == {"job-name": name}
    pod = spec["template"]["spec"]
    assert pod["subdomain"] == service["metadata"]["name"]
    container = pod["containers"][0]
    for index in range(spec["completions"]):
        monkeypatch.setenv("JOB_COMPLETION_INDEX", str(index))
        monkeypatch.setenv("HOSTNAME", f"{name}-{index}")
        worker = become(command, *container["args"])
        port = container["ports"][0]["containerPort"]
        hosts = [f"{name}-{number}.{pod['subdomain']}:{port}" for number in range(spec["parallelism"])]
        assert worker.config == {"cluster": {"worker": hosts}, "task": {"type": "worker", "index": index}}
    assert container["command"] == ["tfsiamese"]


def test_real_workers_that_fail_end_with_one_error_that_holds_theirs(tmp_path: Path):
    absent = str(tmp_path / "absent.toml")
    command = [sys.executable, "-m", "tfsiamese", "launch", "--workers", "2", "--", "train", "--config", absent]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert finished.returncode == 1
    message = finished.stderr.splitlines()[-1]
    assert message.startswith("tfsiamese: error: Worker ")
    assert "ended with the exit status 1, and said last: " in message
    assert absent in message


def test_ctrl_c_is_status_130_and_one_line(tmp_path: Path):
    # A pipe that nobody writes to keeps the workers reading.
    os.mkfifo(tmp_path / "pairs.csv")
    command = [sys.executable, "-m", "tfsiamese", "launch", "--workers", "2", "--"]
    command += ["train", str(tmp_path / "pairs.csv"), "--out", str(tmp_path / "run")]
    code = "import os, sys\nopen(os.environ['READY'], 'a').write('x')\n"
    (tmp_path / "sitecustomize.py").write_text(code, encoding="utf-8")
    environment = os.environ | {"PYTHONPATH": str(tmp_path), "READY": str(tmp_path / "ready")}
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
    try:
        # The launcher itself, then both workers, whose interpreter then knows what Ctrl-C is.
        wait_until(lambda: (tmp_path / "ready").exists() and len((tmp_path / "ready").read_text()) == 3)
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert err.splitlines()[-1] == "tfsiamese: stopped"
