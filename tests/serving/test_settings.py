import subprocess
import sys
from typing import Any

import pytest

from tfsiamese import serving
from tfsiamese.errors import DependencyError, SettingsError
from tfsiamese.serving.settings import ServerSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("port", -1),
        ("port", 65536),
        ("max_batch_size", 0),
        ("max_queue", 0),
        ("threads", 1.5),
        ("max_request_bytes", 0),
        ("timeout", 0),
        ("timeout", float("nan")),
        ("poll_seconds", -1),
        ("batch_timeout_ms", -1),
        ("name", "a/b"),
        ("name", ""),
        ("name", 5),
        ("host", None),
        ("host", 127),
        ("port", "8501"),
        ("timeout", "30"),
        ("timeout", None),
        ("timeout", True),
        ("poll_seconds", [1]),
        ("batch_timeout_ms", "2"),
        ("max_request_bytes", None),
        ("max_batch_size", "64"),
    ],
)
def test_values_of_a_wrong_type_or_out_of_their_range_are_refused_by_name(name: str, value: Any):
    with pytest.raises(SettingsError, match=f"Expected {name} to be"):
        ServerSettings(**{name: value})


@pytest.mark.parametrize("package", ["starlette", "uvicorn", "orjson", "prometheus_client"])
def test_a_package_that_is_not_installed_is_named_with_the_extra(monkeypatch: pytest.MonkeyPatch, package: str):
    monkeypatch.setitem(sys.modules, package, None)
    for name in ("serve", "create_app", "running_server"):
        with pytest.raises(DependencyError, match=rf"package {package}\. .*pip install \"tfsiamese\[serve\]\""):
            getattr(serving, name)


def test_the_settings_and_the_client_need_no_package_of_the_server():
    code = (
        "import sys; from tfsiamese.serving import Client, ServerSettings; ServerSettings(); "
        "print(sorted({'starlette', 'uvicorn', 'prometheus_client', 'tensorflow'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300)
    assert (finished.stdout.strip(), finished.returncode) == ("[]", 0), finished.stderr


def test_a_name_that_is_not_there_is_an_attribute_error():
    with pytest.raises(AttributeError, match="nothing"):
        _ = serving.nothing
    assert serving.ServerSettings is ServerSettings
