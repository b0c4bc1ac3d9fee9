"""One worker as a process of this machine: it ends with its launcher, and its lines are passed on."""

import collections
import ctypes
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import IO

__all__ = ["WorkerProcess"]

_CLEAR_ERROR = b"tfsiamese: error:"
_LINES_KEPT = 50
_ON_PARENTS_DEATH = 1  # PR_SET_PDEATHSIG of linux/prctl.h
_LAST_LINES_SECONDS = 2.0

# Loaded here, since a process between fork and exec had better not.
_LIBRARY = ctypes.CDLL(None) if sys.platform == "linux" else None

_writing = threading.Lock()


class WorkerProcess:
    """Starts a worker.

    The chief has standard output for itself, and standard error too where that is a terminal. What others write comes
    out on standard error, line by line, each after "[worker 1] ".

    On Linux the worker is killed when the launcher ends in whatever way. Elsewhere it outlives a launcher that is
    killed by SIGKILL.

    Args:
        program: the command and its arguments.
        environment: all of its variables.
        index: 0 for the chief.
    """

    def __init__(self, program: Sequence[str], environment: Mapping[str, str], index: int):
        self.index = index
        self._last: collections.deque[bytes] = collections.deque(maxlen=_LINES_KEPT)
        self._reader: threading.Thread | None = None
        self._has_ended = False
        inherits = index == 0 and sys.stderr.isatty()
        self._process = subprocess.Popen(
            list(program),
            env=dict(environment),
            stdin=subprocess.DEVNULL,
            stdout=None if index == 0 else subprocess.PIPE,
            stderr=None if inherits else subprocess.PIPE if index == 0 else subprocess.STDOUT,
            # Ctrl-C reaches the launcher alone, which tells each worker once.
            start_new_session=True,
            preexec_fn=_end_with_parent(os.getpid()),
        )

    def start_reading(self) -> None:
        """Passes lines on from now; called once all workers have started, since threads and fork don't go together."""
        stream = self._process.stderr or self._process.stdout
        if stream is not None:
            self._reader = threading.Thread(target=self._pass_on, args=(stream,), daemon=True)
            self._reader.start()

    def status(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        status = self._process.poll()
        if status is not None and not self._has_ended:
            self._has_ended = True
            # What it has started ends with it.
            self.send(signal.SIGKILL)
        return status

    def send(self, number: int) -> None:
        """Sends a signal to the worker and to what it has started."""
        try:
            os.killpg(self._process.pid, number)
        except (ProcessLookupError, PermissionError):
            return

    def finish(self) -> None:
        """Kills the worker if it still runs, and waits for its last lines."""
        if self.status() is None:
            self.send(signal.SIGKILL)
            self._process.wait()
        if self._reader is not None:
            self._reader.join(_LAST_LINES_SECONDS)

    @property
    def last_words(self) -> str:
        """The line that says why it ended: its error message if there is one, else its last; "" if it is not known."""
        lines = list(self._last)
        chosen = next((line for line in reversed(lines) if line.startswith(_CLEAR_ERROR)), lines[-1] if lines else b"")
        return chosen.removeprefix(_CLEAR_ERROR).decode("utf-8", "replace").strip()

    def _pass_on(self, stream: IO[bytes]) -> None:
        prefix = b"" if self.index == 0 else f"[worker {self.index}] ".encode()
        with stream:
            for line in stream:
                if line.strip():
                    self._last.append(line.strip())
                _write(prefix + line if line.endswith(b"\n") else prefix + line + b"\n")


def _write(line: bytes) -> None:
    """Writes to standard error; a worker must not stand still because nobody reads there any more."""
    with _writing:
        try:
            os.write(2, line)
        except OSError:
            return


def _end_with_parent(parent: int) -> Callable[[], None] | None:
    """What a new process does before anything else, so that it does not outlive its parent."""
    library = _LIBRARY
    if library is None:
        return None

    def prepare() -> None:
        library.prctl(_ON_PARENTS_DEATH, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
