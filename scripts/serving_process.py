"""`tfsiamese serve` in a process of its own, on a copy of a model, for the scripts that load and fuzz it."""

import collections
import contextlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

from tfsiamese.serving.client import Client

START_SECONDS, STOP_SECONDS = 300.0, 60.0
_ADDRESS = re.compile(r"https?://(?:[\w.-]+|\[[0-9a-f:]+\]):\d+")


class ServerProcess:
    """A server that has started, at `url`; its last lines of output are in `lines`."""

    def __init__(self, folder: Path, *options: str):
        command = [sys.executable, "-m", "tfsiamese", "serve", str(folder), "--port", "0", *options]
        environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONUNBUFFERED": "1"}
        self.lines: collections.deque[str] = collections.deque(maxlen=200)
        self.url = ""
        self._addressed = threading.Event()
        self._process = subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
        )
        threading.Thread(target=self._read, daemon=True).start()
        if not self._addressed.wait(START_SECONDS) or not self.url:
            self._process.kill()
            sys.exit("The server printed no address. It said:\n" + "\n".join(self.lines))
        self.model_url = f"{self.url}/v1/models/{folder.name}"

    def _read(self) -> None:
        for line in self._process.stdout:
            self.lines.append(line.rstrip())
            found = None if self.url else _ADDRESS.search(line)
            if found:
                self.url = found[0]
                self._addressed.set()
        self._addressed.set()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    @property
    def exit_code(self) -> int | None:
        """0 after a clean end; None while it runs."""
        return self._process.poll()

    def cpu_seconds(self) -> float:
        """User and system time so far; 0 where there is no /proc."""
        try:
            fields = Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def rss_megabytes(self) -> float:
        """Resident memory; 0 where there is no /proc."""
        try:
            pages = int(Path(f"/proc/{self._process.pid}/statm").read_text(encoding="ascii").split()[1])
        except OSError:
            return 0.0
        return pages * os.sysconf("SC_PAGE_SIZE") / 2**20

    def stop(self) -> float:
        """Ends the server by SIGTERM, after STOP_SECONDS by force; the seconds it took."""
        start = time.monotonic()
        if self.is_alive:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        return time.monotonic() - start


@contextlib.contextmanager
def server_on_copy(folder: Path, *options: str) -> Iterator[tuple[ServerProcess, Path]]:
    """Starts a server on a copy of the newest version in `folder`, and gives both; they are gone in the end."""
    with tempfile.TemporaryDirectory(prefix=".serving-", dir=folder.resolve().parent) as parent:
        copy = Path(parent) / folder.resolve().name
        newest = newest_version(folder)
        link_folder(newest, copy / newest.name)
        batching = folder / "batching_parameters.txt"
        if batching.is_file():
            shutil.copy2(batching, copy)
        server = ServerProcess(copy, *options)
        try:
            with Client(server.model_url) as client:
                client.wait_until_ready(START_SECONDS)
            yield server, copy
        finally:
            server.stop()


def newest_version(folder: Path) -> Path:
    """The version of the highest number, or `folder` itself where it is one."""
    versions = [child for child in folder.iterdir() if child.name.isdecimal() and (child / "saved_model.pb").is_file()]
    if not versions:
        sys.exit(f"{folder} holds no version of a model. Expected {folder / '1' / 'saved_model.pb'}.")
    return max(versions, key=lambda child: int(child.name))


def link_folder(source: Path, target: Path) -> None:
    """Hard links to all files, or copies where there can be no links."""

    def link(source_file: str, target_file: str) -> None:
        try:
            os.link(source_file, target_file)
        except OSError:
            shutil.copy2(source_file, target_file)

    shutil.copytree(source, target, copy_function=link)


def publish_next(source: Path, base: Path) -> int:
    """Makes `source` the next version in `base`, by a rename as the export does; its number."""
    number = int(newest_version(base).name) + 1
    partial = base / f".{number}.partial-benchmark"
    link_folder(source, partial)
    partial.rename(base / str(number))
    return number
