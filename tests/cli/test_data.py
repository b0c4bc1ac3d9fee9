from pathlib import Path

import pytest

from tests.cli.conftest import Command
from tfsiamese import evaluation
from tfsiamese.errors import DownloadError


def test_the_folder_of_a_data_set_is_printed(command: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    asked = []

    def fetch(name: str) -> Path:
        asked.append(name)
        return tmp_path / name

    monkeypatch.setattr(evaluation, "fetch_data", fetch)
    result = command("data", "stsb")
    assert (result.status, result.out, result.err) == (0, f"{tmp_path / 'stsb'}\n", "")
    assert asked == ["stsb"]


def test_a_failed_download_is_one_line(command: Command, monkeypatch: pytest.MonkeyPatch):
    def fetch(name: str) -> Path:
        raise DownloadError(f"{name} could not be fetched:\nno connection.")

    monkeypatch.setattr(evaluation, "fetch_data", fetch)
    assert command("data", "stsb").error == "stsb could not be fetched: no connection."


def test_an_unknown_data_set_is_refused_with_the_known_ones(command: Command):
    message = command("data", "stbs").error
    assert "'stbs'" in message
    assert "stsb" in message.replace("stbs", "")
