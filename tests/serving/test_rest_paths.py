import pytest

from tfsiamese.serving.rest_errors import RestError
from tfsiamese.serving.rest_paths import ModelPath, parse_path


@pytest.mark.parametrize(
    ("method", "path", "expected"),
    [
        ("POST", b"/v1/models/jobs:predict", ModelPath("jobs", None, None, "predict")),
        ("POST", b"/v1/models/jobs/versions/7:predict", ModelPath("jobs", 7, None, "predict")),
        ("POST", b"/v1/models/jobs/versions/007:classify", ModelPath("jobs", 7, None, "classify")),
        ("POST", b"/v1/models/jobs/labels/stable:regress", ModelPath("jobs", None, "stable", "regress")),
        ("POST", b"/V1/Models/Jobs/Labels/A:predict", ModelPath("Jobs", None, "A", "predict")),
        ("GET", b"/v1/models/jobs", ModelPath("jobs", None, None, "status")),
        ("GET", b"/v1/models/jobs/versions/7", ModelPath("jobs", 7, None, "status")),
        ("GET", b"/v1/models/jobs/labels/stable/metadata", ModelPath("jobs", None, "stable", "metadata")),
        ("GET", b"/v1/models/metadata", ModelPath("metadata", None, None, "status")),
        ("GET", b"/v1/models/jobs/METADATA", ModelPath("jobs", None, None, "status")),
        ("GET", b"/v1/models/my%20model", ModelPath("my model", None, None, "status")),
        ("GET", b"/v1/models/a%2Fb", ModelPath("a/b", None, None, "status")),
        ("GET", b"/v1/models/%zz", ModelPath("%zz", None, None, "status")),
    ],
)
def test_paths_are_read_by_the_grammar_of_tensorflow_serving(method: str, path: bytes, expected: ModelPath):
    assert parse_path(method, path) == expected


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", b"/v1/foo"),
        ("POST", b"/v1/models"),
        ("GET", b"/v1/models/foo:predict"),
        ("POST", b"/v1/models/foo/version/50:predict"),
        ("POST", b"/v1/models/foo/versions/HELLO:predict"),
        ("POST", b"/v1/models/foo/versions/50/labels/a:predict"),
        ("POST", b"/v1/models/foo/metadata"),
        ("GET", b"/v1/models/debug/model_name"),
        ("POST", b"/v1/models/foo:PREDICT"),
        ("POST", b"/v1/models/foo:predict/"),
        ("PUT", b"/v1/models/foo:predict"),
        ("HEAD", b"/v1/models/foo"),
        ("POST", "/v1/models/foo/versions/٣:predict".encode()),
        ("GET", b"/v1/models/foo\xff/bar"),
    ],
)
def test_other_paths_and_methods_are_malformed_requests(method: str, path: bytes):
    with pytest.raises(RestError, match=f"^Malformed request: {method} ") as caught:
        parse_path(method, path)
    assert caught.value.http_status == 400


def test_a_missing_model_name_is_said():
    with pytest.raises(RestError, match=r"^Missing model name in request\.$"):
        parse_path("GET", b"/v1/models")


@pytest.mark.parametrize("digits", [str(2**63), "9" * 5000])
def test_a_version_beyond_64_bits_cannot_be_converted(digits: str):
    with pytest.raises(RestError, match=r"^Failed to convert version: 9.* to numeric\.$") as caught:
        parse_path("POST", f"/v1/models/foo/versions/{digits}:predict".encode())
    assert caught.value.http_status == 400


def test_paths_outside_of_the_api_are_not_found():
    with pytest.raises(RestError) as caught:
        parse_path("GET", b"/index.html")
    assert caught.value.http_status == 404
