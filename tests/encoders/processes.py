"""Python processes that meet, or are killed, at a chosen moment."""

import os
import subprocess
import sys
import textwrap
from pathlib import Path

__all__ = ["finish", "start_python"]

_PREAMBLE = """
import os, signal, sys, time
from pathlib import Path

def die():
    os.kill(os.getpid(), signal.SIGKILL)

def meet(folder, count=2, timeout=90.0):
    # Returns when as many processes have called it.
    folder = Path(folder)
    folder.mkdir(exist_ok=True)
    (folder / str(os.getpid())).touch()
    end = time.monotonic() + timeout
    while len(list(folder.iterdir())) < count:
        if time.monotonic() > end:
            sys.exit("the other process did not come")
        time.sleep(0.01)
"""


def start_python(code: str, *arguments: object, **environment: str) -> subprocess.Popen[str]:
    """Starts code that may call `die()` and `meet(folder)`, from the root of the checkout and without a GPU."""
    settings = {"KERAS_BACKEND": "tensorflow", "CUDA_VISIBLE_DEVICES": "-1", "TF_CPP_MIN_LOG_LEVEL": "3"}
    return subprocess.Popen(
        [sys.executable, "-c", _PREAMBLE + textwrap.dedent(code), *map(str, arguments)],
        cwd=Path(__file__).resolve().parents[2],
        env=os.environ | settings | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish(process: subprocess.Popen[str]) -> subprocess.CompletedProcess[str]:
    """Waits for the end; the exit status is negative for a signal."""
    output, errors = process.communicate(timeout=180)
    return subprocess.CompletedProcess(process.args, process.returncode, output, errors)
