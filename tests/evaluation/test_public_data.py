import hashlib
import logging
import re
from pathlib import Path

import pytest

from tests.evaluation.conftest import FileServer, body
from tfsiamese.errors import DownloadError, SettingsError
from tfsiamese.evaluation import public_data
from tfsiamese.evaluation.public_data import PUBLIC_DATA, PublicData, fetch_data
from tfsiamese.evaluation.verified_download import VerifiedFile, file_is_intact

_CONTENTS = {"one.csv": b"a,b,1\n", "two.csv": b"c,d,2\n"}


@pytest.fixture
def small(file_server: FileServer, monkeypatch: pytest.MonkeyPatch) -> PublicData:
    """A data set of two small files on the local server."""
    data = PublicData(
        name="small",
        description="Two small files",
        homepage="https://example.org/small",
        base_url=f"{file_server.url}/small",
        licence="CC0",
        attribution="Somebody, 2026",
        files=tuple(VerifiedFile(n, len(c), hashlib.sha256(c).hexdigest()) for n, c in _CONTENTS.items()),
    )
    monkeypatch.setattr(public_data, "PUBLIC_DATA", {"small": data})
    for name, content in _CONTENTS.items():
        file_server.answers[f"/small/{name}"] = [body(content)]
    return data


def test_all_files_arrive_in_a_folder_of_the_data_set(small, tmp_path):
    folder = fetch_data("small", cache=tmp_path)
    assert folder == tmp_path / "data" / "small"
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == _CONTENTS


def test_the_cache_folder_is_the_default(small, tmp_path, monkeypatch):
    monkeypatch.setenv("TFSIAMESE_CACHE", str(tmp_path / "cache"))
    assert fetch_data("small") == tmp_path / "cache" / "data" / "small"


def test_files_that_are_there_are_not_fetched_again(small, tmp_path, file_server, caplog):
    fetch_data("small", cache=tmp_path)
    file_server.requested.clear()
    caplog.set_level(logging.INFO)
    fetch_data("small", cache=tmp_path)
    assert file_server.requested == []
    assert caplog.text == ""


def test_a_damaged_file_is_replaced_and_the_others_are_kept(small, tmp_path, file_server, caplog):
    folder = fetch_data("small", cache=tmp_path)
    (folder / "two.csv").write_bytes(b"c,d,3\n")
    file_server.requested.clear()
    fetch_data("small", cache=tmp_path)
    assert file_server.requested == ["/small/two.csv"]
    assert (folder / "two.csv").read_bytes() == _CONTENTS["two.csv"]
    assert "two.csv is not the file that was expected there" in caplog.text


def test_licence_and_attribution_are_logged_when_something_is_fetched(small, tmp_path, caplog):
    caplog.set_level(logging.INFO)
    fetch_data("small", cache=tmp_path)
    assert "Licence: CC0. Source: https://example.org/small (Somebody, 2026)." in caplog.text


def test_a_mirror_can_be_named(small, tmp_path, file_server):
    file_server.answers = {f"/mirror/{name}": [body(content)] for name, content in _CONTENTS.items()}
    fetch_data("small", cache=tmp_path, base_url=f"{file_server.url}/mirror/")
    assert file_server.requested == ["/mirror/one.csv", "/mirror/two.csv"]


def test_without_a_network_the_message_says_how_to_go_on(small, tmp_path, file_server):
    file_server.server.server_close()
    with pytest.raises(DownloadError) as caught:
        fetch_data("small", cache=tmp_path)
    assert "no connection" in str(caught.value)
    assert f"put one.csv (sha256 {small.files[0].sha256}) into {tmp_path / 'data' / 'small'} by hand" in str(
        caught.value
    )


def test_an_unknown_name_lists_the_known_ones(tmp_path):
    with pytest.raises(SettingsError, match=r"'sts-b'\. Expected one of stsb"):
        fetch_data("sts-b", cache=tmp_path)


def test_every_data_set_is_described_in_full():
    for name, data in PUBLIC_DATA.items():
        assert data.name == name
        assert data.base_url.startswith("https://")
        assert data.licence and data.attribution and data.homepage and data.description
        assert len({file.name for file in data.files}) == len(data.files) > 0
        assert all(re.fullmatch("[0-9a-f]{64}", file.sha256) and file.size > 0 for file in data.files)


def test_stsb_has_the_size_and_checksum_of_the_real_files(stsb: Path):
    assert all(file_is_intact(file, stsb / file.name) for file in PUBLIC_DATA["stsb"].files)


def test_stsb_is_fetched_as_it_is_from_a_server_that_holds_it(stsb: Path, file_server, tmp_path):
    for file in PUBLIC_DATA["stsb"].files:
        file_server.answers[f"/{file.name}"] = [body((stsb / file.name).read_bytes())]
    folder = fetch_data("stsb", cache=tmp_path, base_url=file_server.url)
    assert len(list(folder.iterdir())) == 7
