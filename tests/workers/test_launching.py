"""Launchers and workers as real processes, which are really killed."""

import json
import os
import signal
import socket
import sys
from pathlib import Path

import pytest

from tests.workers.scripts import is_running, launched, wait_until
from tfsiamese.errors import SettingsError
from tfsiamese.workers import LaunchSettings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks at processes in /proc")


def test_each_worker_gets_the_cluster_and_its_place_in_it(tmp_path: Path):
    code = "Path(os.environ['MEETING'], f'config-{index}').write_text(os.environ['TF_CONFIG'])"
    with launched(tmp_path, code, count=3) as launcher:
        assert launcher.finish().returncode == 0
    configs = [json.loads((tmp_path / "meeting" / f"config-{index}").read_text()) for index in range(3)]
    assert [config["task"] for config in configs] == [{"type": "worker", "index": index} for index in range(3)]
    addresses = configs[0]["cluster"]["worker"]
    assert all(config["cluster"] == {"worker": addresses} for config in configs)
    assert len(set(addresses)) == 3
    assert {address.split(":")[0] for address in addresses} == {"127.0.0.1"}


def test_the_addresses_are_free_to_listen_at(tmp_path: Path):
    code = """
        host, port = json.loads(os.environ["TF_CONFIG"])["cluster"]["worker"][index].split(":")
        import socket
        with socket.socket() as listening:
            listening.bind((host, int(port)))
    """
    with launched(tmp_path, code) as launcher:
        assert launcher.finish().returncode == 0


def test_the_chiefs_output_is_as_it_is_and_that_of_others_has_their_number(tmp_path: Path):
    code = """
        print(f"out of {index}")
        print(f"err of {index}", file=sys.stderr)
    """
    with launched(tmp_path, code, count=3) as launcher:
        finished = launcher.finish()
    assert finished.stdout == "out of 0\n"
    lines = finished.stderr.splitlines()
    assert "err of 0" in lines
    for index in (1, 2):
        own = [line for line in lines if line.startswith(f"[worker {index}] ")]
        assert own == [f"[worker {index}] out of {index}", f"[worker {index}] err of {index}"]
    assert len(lines) == 5


def test_the_lines_of_a_worker_keep_their_order_and_are_whole(tmp_path: Path):
    code = """
        meet(3)
        for number in range(300):
            print(f"{index}:{number}:" + "x" * 200, file=sys.stdout if number % 2 else sys.stderr, flush=True)
    """
    with launched(tmp_path, code, count=3) as launcher:
        finished = launcher.finish()
    for index in (1, 2):
        prefix = f"[worker {index}] "
        own = [line.removeprefix(prefix) for line in finished.stderr.splitlines() if line.startswith(prefix)]
        assert own == [f"{index}:{number}:" + "x" * 200 for number in range(300)]


def test_a_last_line_without_an_end_is_shown(tmp_path: Path):
    with launched(tmp_path, "sys.stdout.write('half a line' if index else '')") as launcher:
        assert launcher.finish().stderr == "[worker 1] half a line\n"


@pytest.mark.parametrize("killed", [0, 1])
def test_where_a_worker_is_killed_all_end_and_the_error_names_it(tmp_path: Path, killed: int):
    with launched(tmp_path, "stay()", count=3) as launcher:
        launcher.pids()
        os.kill(launcher.pid_of(killed), signal.SIGKILL)
        finished = launcher.finish()
        assert launcher.has_left_nobody()
    assert finished.returncode == 1
    message = finished.stderr.splitlines()[-1]
    name = "Worker 0 (the chief)" if killed == 0 else "Worker 1"
    assert message.startswith(f"{name} has been ended by SIGKILL.")
    assert "--resume" in message


def test_an_exit_status_is_named_with_the_last_line(tmp_path: Path):
    code = """
        meet(2)
        if index == 1:
            print("tfsiamese: error: The disk is full.", file=sys.stderr)
            print("something said while ending", file=sys.stderr)
            sys.exit(7)
        stay()
    """
    with launched(tmp_path, code) as launcher:
        finished = launcher.finish()
        assert launcher.has_left_nobody()
    assert finished.returncode == 1
    message = finished.stderr.splitlines()[-1]
    assert message.startswith("Worker 1 has ended with the exit status 7, and said last: The disk is full. All other")


def test_the_chiefs_last_line_is_known_too_where_no_terminal_shows_it(tmp_path: Path):
    code = """
        meet(2)
        if index == 0:
            raise ValueError("no such batch")
        stay()
    """
    with launched(tmp_path, code) as launcher:
        finished = launcher.finish()
    assert finished.returncode == 1
    assert "the exit status 1, and said last: ValueError: no such batch." in finished.stderr.splitlines()[-1]


def test_a_worker_that_ends_well_before_the_others_is_no_failure(tmp_path: Path):
    code = """
        other = Path(os.environ["MEETING"]) / "one has ended"
        if index == 1:
            other.touch()
            sys.exit(0)
        while not other.exists():
            time.sleep(0.01)
        print("the work goes on")
    """
    with launched(tmp_path, code) as launcher:
        finished = launcher.finish()
    assert (finished.returncode, finished.stdout) == (0, "the work goes on\n")


def test_a_worker_that_does_not_follow_sigterm_is_killed(tmp_path: Path):
    code = """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        ready = Path(os.environ["MEETING"]) / f"ready-{index}"
        ready.touch()
        if index == 1:
            while not ready.with_name("ready-0").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)
        stay()
    """
    with launched(tmp_path, code, grace=0.2) as launcher:
        finished = launcher.finish()
        assert launcher.has_left_nobody()
    assert finished.returncode == 1
    assert finished.stderr.splitlines()[-1].startswith("Worker 1 has been ended by SIGKILL.")


def test_no_worker_outlives_a_launcher_that_is_killed(tmp_path: Path):
    code = """
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        stay()
    """
    with launched(tmp_path, code, count=3) as launcher:
        launcher.pids()
        launcher.process.kill()
        launcher.process.wait()
        assert launcher.has_left_nobody()


def test_what_a_worker_has_started_ends_with_it(tmp_path: Path):
    code = """
        import subprocess
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        (Path(os.environ["MEETING"]) / f"child-{index}").write_text(str(child.pid))
        meet(2)
        sys.exit(index)
    """
    with launched(tmp_path, code) as launcher:
        assert launcher.finish().returncode == 1

    for index in (0, 1):
        child = int((tmp_path / "meeting" / f"child-{index}").read_text())
        wait_until(lambda child=child: not is_running(child))


def test_ctrl_c_reaches_each_worker_once(tmp_path: Path):
    code = """
        counted = []
        signal.signal(signal.SIGINT, lambda number, frame: counted.append(number))
        (Path(os.environ["MEETING"]) / f"ready-{index}").touch()
        while not counted:
            time.sleep(0.01)
        print(f"interrupted {len(counted)} time", file=sys.stderr)
    """
    with launched(tmp_path, code) as launcher:
        _wait_until_ready(tmp_path)
        launcher.process.send_signal(signal.SIGINT)
        finished = launcher.finish()
    assert finished.returncode == 130
    assert sorted(finished.stderr.splitlines()) == ["[worker 1] interrupted 1 time", "interrupted 1 time"]


def test_a_second_ctrl_c_does_not_wait(tmp_path: Path):
    code = """
        signal.signal(signal.SIGINT, lambda number, frame: Path(os.environ["MEETING"], f"told-{index}").touch())
        (Path(os.environ["MEETING"]) / f"ready-{index}").touch()
        stay()
    """
    with launched(tmp_path, code, grace=3600) as launcher:
        _wait_until_ready(tmp_path)
        launcher.process.send_signal(signal.SIGINT)
        _wait_until_ready(tmp_path, "told")
        launcher.process.send_signal(signal.SIGINT)
        assert launcher.finish().returncode == 130
        assert launcher.has_left_nobody()


def test_sigterm_is_passed_on_and_shows_in_the_status(tmp_path: Path):
    code = """
        def end(number, frame):
            print("asked to end", file=sys.stderr)
            sys.exit(0)
        signal.signal(signal.SIGTERM, end)
        (Path(os.environ["MEETING"]) / f"ready-{index}").touch()
        stay()
    """
    with launched(tmp_path, code) as launcher:
        _wait_until_ready(tmp_path)
        launcher.process.send_signal(signal.SIGTERM)
        finished = launcher.finish()
    assert finished.returncode == 143
    assert sorted(finished.stderr.splitlines()) == ["[worker 1] asked to end", "asked to end"]


def test_ports_that_are_chosen_follow_each_other(tmp_path: Path):
    from tfsiamese.workers.launching import _ports

    assert _ports(LaunchSettings(3, port=9000)) == [9000, 9001, 9002]
    found = _ports(LaunchSettings(3))
    assert len(set(found)) == 3
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", found[0]))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"num_workers": 0}, "Expected a positive number of workers. Received: 0"),
        ({"num_workers": 2, "gpus_per_worker": -1}, "Expected 0 or more GPUs for each worker. Received: -1"),
    ],
)
def test_settings_out_of_range_are_refused(settings: dict[str, int], message: str):
    with pytest.raises(SettingsError, match=message):
        LaunchSettings(**settings)


def _wait_until_ready(folder: Path, name: str = "ready") -> None:

    wait_until(lambda: all((folder / "meeting" / f"{name}-{index}").exists() for index in (0, 1)))


def test_on_a_terminal_the_chief_has_it_for_itself(tmp_path: Path):
    code = """
        print(index, sys.stderr.isatty(), file=sys.stderr)
        sys.stderr.write("\\rstep 1\\rstep 2" if index == 0 else "")
    """
    terminal, end = os.openpty()
    with launched(tmp_path, code, stderr=end) as launcher:
        os.close(end)
        assert launcher.finish().returncode == 0
    shown = os.read(terminal, 65536).decode()
    os.close(terminal)
    assert "\rstep 1\rstep 2" in shown
    assert "0 True\r\n" in shown
    assert "[worker 1] 1 False\r\n" in shown
