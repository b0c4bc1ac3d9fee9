import os
import socket
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tfsiamese import serving
from tfsiamese.serving.server import RunningServer
from tfsiamese.serving.settings import ServerSettings


def test_a_folder_without_versions_is_one_line(command: Command, tmp_path: Path):
    assert "holds no version of a model" in command("serve", tmp_path, "--port", "0").error


def test_a_port_that_is_taken_is_one_line(command: Command, tiny_folder: Path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = command("serve", tiny_folder, "--port", port).error
    assert f"cannot listen at 127.0.0.1:{port}" in error
    assert "Choose another port" in error


def test_a_host_that_is_not_this_machines_is_one_line(command: Command, tiny_folder: Path):
    assert "192.0.2.1" in command("serve", tiny_folder, "--host", "192.0.2.1", "--port", "0").error


def test_a_setting_out_of_its_range_is_one_line(command: Command, tiny_folder: Path):
    assert "Expected timeout to be a positive number" in command("serve", tiny_folder, "--timeout", "0").error


def test_a_missing_package_is_one_line_with_the_extra(
    command: Command, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setitem(sys.modules, "starlette", None)
    assert 'pip install "tfsiamese[serve]"' in command("serve", tiny_folder).error


def test_a_version_that_is_still_being_loaded_ends_the_process_without_pythons_end(
    command: Command, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    codes = []
    monkeypatch.setattr(os, "_exit", codes.append)
    for is_loading in (False, True):
        monkeypatch.setattr(serving, "serve", lambda *arguments, is_loading=is_loading: is_loading, raising=False)
        assert command("serve", tiny_folder).status == 0
    assert codes == [0]


def test_options_reach_the_settings_and_the_start_is_reported(
    command: Command, tiny_folder: Path, monkeypatch: pytest.MonkeyPatch
):
    seen = {}

    def serve(folder: str, settings: ServerSettings, on_start) -> None:
        seen["folder"], seen["settings"] = folder, settings
        on_start(RunningServer("http://127.0.0.1:8501", "jobs", (1, 2), {"stable": 1, "canary": 2}))

    monkeypatch.setattr(serving, "serve", serve, raising=False)
    numbers = ["--max-batch-size", 8, "--batch-timeout-ms", 1.5, "--max-queue", 3, "--threads", 1]
    limits = ["--max-request-bytes", 1000, "--timeout", 5, "--poll-seconds", 2, "--name", "jobs", "--port", 0]
    result = command("serve", tiny_folder, *numbers, *limits)
    assert result.status == 0
    assert seen["settings"] == ServerSettings(
        port=0,
        name="jobs",
        max_batch_size=8,
        batch_timeout_ms=1.5,
        max_queue=3,
        max_request_bytes=1000,
        timeout=5,
        poll_seconds=2,
        threads=1,
    )
    lines = result.out.splitlines()
    assert lines[0] == "http://127.0.0.1:8501/v1/models/jobs"
    assert lines[1] == "versions 1, 2; labels canary = 2, stable = 1"
    assert lines[2].startswith('curl -d \'{"instances": ')
    assert lines[2].endswith(" http://127.0.0.1:8501/v1/models/jobs:predict")
    assert "Production is TensorFlow Serving" in lines[3]
