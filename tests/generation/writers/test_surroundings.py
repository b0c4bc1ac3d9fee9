import importlib.util

import pytest

from tfsiamese.errors import DependencyError, SettingsError
from tfsiamese.generation.writers import make_writer
from tfsiamese.generation.writers.surroundings import blamed_on_environment

VARIABLES = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR")


@pytest.fixture(autouse=True)
def bare_environment(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


def refusal(name):
    with pytest.raises(SettingsError) as raised:
        make_writer(name, base_url="https://host.example/v1")
    assert raised.value.__suppress_context__
    return str(raised.value)


@pytest.mark.parametrize("name", ["openai:m", "gemini:m"])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "ALL_PROXY", "https_proxy"])
@pytest.mark.parametrize("value", ["http://user:hidden-word@[::1", "hidden-word://host", "http://hidden-word:port"])
def test_a_proxy_that_cannot_be_is_named_without_its_address(name, variable, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    said = refusal(name)
    assert said.startswith(f"No connection can be made for {name} at host.example: HTTPS_PROXY")
    assert variable.upper() in said
    assert "hidden-word" not in said


@pytest.mark.skipif(importlib.util.find_spec("socksio") is not None, reason="socksio is installed")
@pytest.mark.parametrize("name", ["openai:m", "gemini:m"])
def test_a_socks_proxy_asks_for_its_package(name, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://user:hidden-word@localhost:1080")
    said = refusal(name)
    assert "HTTPS_PROXY" in said
    assert "pip install socksio" in said
    assert "hidden-word" not in said


@pytest.mark.parametrize("name", ["openai:m", "gemini:m"])
def test_certificates_that_cannot_be_used_are_named_by_their_variable(name, monkeypatch, tmp_path):
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "absent.pem"))
    assert "the file that SSL_CERT_FILE names cannot be read" in refusal(name)
    (tmp_path / "text.pem").write_text("no certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "text.pem"))
    said = refusal(name)
    assert "the file that SSL_CERT_FILE names holds no certificates" in said
    assert str(tmp_path) not in said


@pytest.mark.parametrize("error", [KeyError("x"), ImportError("no module"), OSError("x"), ValueError("x")])
def test_what_the_environment_does_not_explain_is_left_as_it_is(error, monkeypatch):
    monkeypatch.setattr("urllib.request.getproxies", dict)
    with pytest.raises(type(error)) as raised, blamed_on_environment("any"):
        raise error
    assert raised.value is error


def test_a_missing_package_is_no_matter_of_proxies(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "socks5://host")
    with pytest.raises(DependencyError, match="a package"), blamed_on_environment("any"):
        raise DependencyError("a package")
