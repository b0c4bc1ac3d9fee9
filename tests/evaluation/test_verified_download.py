import hashlib
import http.server
import time
from pathlib import Path

import pytest

from tests.evaluation.conftest import FileServer, body, status
from tfsiamese.errors import DownloadError
from tfsiamese.evaluation import verified_download
from tfsiamese.evaluation.verified_download import VerifiedFile, download_file, file_is_intact

_CONTENT = b"some text,another text,2.5\n" * 10_000
_FILE = VerifiedFile("pairs.csv", len(_CONTENT), hashlib.sha256(_CONTENT).hexdigest())


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "cache" / "pairs.csv"


def _fetch(server: FileServer, target: Path) -> None:
    download_file(_FILE, f"{server.url}/pairs.csv", target)


def _assert_nothing_is_left(target: Path) -> None:
    assert list(target.parent.iterdir()) == []


def test_the_file_arrives_whole_under_its_name_and_alone(file_server, target):
    file_server.answers["/pairs.csv"] = [body(_CONTENT)]
    _fetch(file_server, target)
    assert target.read_bytes() == _CONTENT
    assert list(target.parent.iterdir()) == [target]
    assert file_is_intact(_FILE, target)


def test_a_body_that_ends_early_is_fetched_again(file_server, target):
    file_server.answers["/pairs.csv"] = [body(_CONTENT[:5000], announced=len(_CONTENT)), body(_CONTENT)]
    _fetch(file_server, target)
    assert target.read_bytes() == _CONTENT
    assert len(file_server.requested) == 2


def test_a_body_that_always_ends_early_is_given_up_after_three_tries(file_server, target):
    file_server.answers["/pairs.csv"] = [body(_CONTENT[:5000], announced=len(_CONTENT))]
    with pytest.raises(DownloadError, match="ended after 5,000 of 270,000 bytes"):
        _fetch(file_server, target)
    assert len(file_server.requested) == 3
    _assert_nothing_is_left(target)


def test_a_busy_server_is_asked_again(file_server, target, caplog):
    file_server.answers["/pairs.csv"] = [status(503), status(429), body(_CONTENT)]
    _fetch(file_server, target)
    assert target.read_bytes() == _CONTENT
    assert "the server answered 503" in caplog.text


def test_a_missing_file_is_not_asked_for_again(file_server, target):
    with pytest.raises(DownloadError, match="the server answered 404 Not Found"):
        _fetch(file_server, target)
    assert len(file_server.requested) == 1
    _assert_nothing_is_left(target)


def test_a_wrong_content_is_refused_with_both_checksums(file_server, target):
    wrong = b"X" + _CONTENT[1:]
    file_server.answers["/pairs.csv"] = [body(wrong)]
    with pytest.raises(DownloadError) as caught:
        _fetch(file_server, target)
    assert f"expected 270,000 bytes, sha256 {_FILE.sha256}" in str(caught.value)
    assert f"Received: 270,000 bytes, sha256 {hashlib.sha256(wrong).hexdigest()}" in str(caught.value)
    assert len(file_server.requested) == 1
    _assert_nothing_is_left(target)


def test_a_body_that_does_not_end_is_cut_off(file_server, target):
    def endless(handler: http.server.BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        try:
            while True:
                handler.wfile.write(_CONTENT)
        except OSError:
            pass  # the client has hung up

    file_server.answers["/pairs.csv"] = [endless]
    with pytest.raises(DownloadError, match="Received: more bytes"):
        _fetch(file_server, target)
    _assert_nothing_is_left(target)


def test_a_failure_leaves_the_file_that_was_there(file_server, target):
    target.parent.mkdir()
    target.write_bytes(b"old")
    with pytest.raises(DownloadError):
        _fetch(file_server, target)
    assert target.read_bytes() == b"old"


def test_no_connection_is_a_download_error(file_server, target):
    file_server.server.server_close()
    with pytest.raises(DownloadError, match="no connection"):
        download_file(_FILE, f"{file_server.url}/pairs.csv", target)
    _assert_nothing_is_left(target)


def test_silence_ends_at_the_timeout(file_server, target, monkeypatch):
    monkeypatch.setattr(verified_download, "_TIMEOUT_SECONDS", 0.1)
    file_server.answers["/pairs.csv"] = [lambda handler: time.sleep(0.5)]
    with pytest.raises(DownloadError, match=r"no answer within 0\.1 s"):
        _fetch(file_server, target)


def test_an_address_that_is_none_is_a_download_error(target):
    with pytest.raises(DownloadError, match="not an address"):
        download_file(_FILE, "somewhere/pairs.csv", target)


def test_a_folder_that_cannot_be_made_is_a_download_error(file_server, target):
    target.parent.write_text("a file where the folder should be")
    with pytest.raises(DownloadError, match="cannot be written"):
        _fetch(file_server, target)


def test_a_file_of_the_right_size_and_wrong_content_is_not_intact(tmp_path):
    path = tmp_path / "pairs.csv"
    assert not file_is_intact(_FILE, path)
    path.write_bytes(b"X" + _CONTENT[1:])
    assert not file_is_intact(_FILE, path)
    path.write_bytes(_CONTENT)
    assert file_is_intact(_FILE, path)
