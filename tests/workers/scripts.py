"""Small programs that stand in for workers, and launchers of them in processes of their own."""

import contextlib
import os
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Iterator
from pathlib import Path

__all__ = ["Launched", "is_running", "launched", "wait_until"]

_PREAMBLE = """
import json, os, signal, sys, time
from pathlib import Path

task = json.loads(os.environ["TF_CONFIG"])["task"]
index = task["index"]
(Path(os.environ["MEETING"]) / f"{index}").write_text(str(os.getpid()))

def meet(count):
    # Returns when as many workers have started.
    while len([path for path in Path(os.environ["MEETING"]).iterdir() if path.name.isdecimal()]) < count:
        time.sleep(0.01)

def stay():
    while True:
        time.sleep(0.05)
"""

_LAUNCHER = """
import sys
from tfsiamese.errors import TfSiameseError
from tfsiamese.workers import LaunchSettings, run_workers

number, grace, program = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
try:
    run_workers(program, LaunchSettings(number, grace_seconds=grace))
except TfSiameseError as error:
    print(error, file=sys.stderr)
    sys.exit(1)
except KeyboardInterrupt:
    sys.exit(130)
"""

_PATIENCE = 60.0


class Launched:
    """A launcher and its workers, as processes."""

    def __init__(self, folder: Path, code: str, count: int, grace: float, stderr: int):
        self._meeting = folder / "meeting"
        self._meeting.mkdir()
        script = folder / "worker.py"
        script.write_text(_PREAMBLE + textwrap.dedent(code), encoding="utf-8")
        inherited = {name: value for name, value in os.environ.items() if name != "TF_CONFIG"}
        self.count = count
        self.process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCHER, str(count), str(grace), sys.executable, "-u", str(script)],
            cwd=Path(__file__).resolve().parents[2],
            env=inherited | {"MEETING": str(self._meeting)},
            stdout=subprocess.PIPE,
            stderr=stderr,
            text=True,
        )

    def pid_of(self, index: int) -> int:
        """Of a worker, once it has started."""
        file = self._meeting / str(index)
        wait_until(lambda: file.exists() and bool(file.read_text()))
        return int(file.read_text())

    def pids(self) -> list[int]:
        """Of all workers."""
        return [self.pid_of(index) for index in range(self.count)]

    def finish(self) -> subprocess.CompletedProcess[str]:
        """Waits for the end of the launcher."""
        out, err = self.process.communicate(timeout=_PATIENCE)
        return subprocess.CompletedProcess(self.process.args, self.process.returncode, out, err)

    def has_left_nobody(self) -> bool:
        """Whether all workers end, if they have not yet."""
        wait_until(lambda: not any(is_running(pid) for pid in self.pids()))
        return True


@contextlib.contextmanager
def launched(
    folder: Path, code: str, count: int = 2, grace: float = 30.0, stderr: int = subprocess.PIPE
) -> Iterator[Launched]:
    """Starts a launcher whose workers run code that may use `index`, `meet(count)` and `stay()`."""
    launcher = Launched(folder, code, count, grace, stderr)
    try:
        yield launcher
    finally:
        if launcher.process.poll() is None:
            launcher.process.kill()
            launcher.process.wait()
        for stream in (launcher.process.stdout, launcher.process.stderr):
            if stream is not None:
                stream.close()


def is_running(pid: int) -> bool:
    """Whether a process exists and is no zombie."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def wait_until(condition: Callable[[], bool]) -> None:
    """Looks again and again until it holds."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError("what was waited for has not come about")
        time.sleep(0.01)
