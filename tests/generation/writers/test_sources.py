import logging
import subprocess
import sys

import pytest

from tfsiamese.errors import DependencyError, SettingsError
from tfsiamese.generation.writers import make_writer, writer_name

LOCAL = "http://localhost:11434/v1"
VARIABLES = ("OPENAI_API_KEY", "GEMINI_API_KEY", "GOOGLE_API_KEY")
VALUE = "sk-a-value-never-shown"


@pytest.fixture(autouse=True)
def no_keys(monkeypatch):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("model", ["qwen3:8b", "org/model", "gpt-5-mini", "hf.co/org/Model-GGUF:Q4_K_M", "模型"])
def test_a_model_may_hold_colons_and_slashes(model):
    with make_writer(f"openai:{model}", base_url=LOCAL) as writer:
        assert writer.name == f"openai:{model} at localhost:11434"
        assert writer._access.model == model


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("opnai:gpt", "Did you mean 'openai'"),
        ("gpt-5", "Expected one of openai:MODEL"),
        ("gpt-5", "extractive, which asks no service, is for generate_pairs"),
        ("Extractive", "Did you mean 'extractive'?"),
        ("extractive", "for generate_pairs and tfsiamese generate alone.$"),
        ("", "Unknown writer"),
        ("openai", "names no model"),
        ("openai:", "names no model"),
        ("gemini: ", "names no model"),
        ("openai:two words", "without spaces"),
        ("openai:a\x00b", "without spaces"),
        ("gemini:../files", "cannot be"),
        ("gemini:pro?key=x", "cannot be"),
    ],
)
def test_a_name_that_stands_for_no_writer_is_explained(name, words):
    for make in (make_writer, writer_name):
        with pytest.raises(SettingsError, match=words.replace("?", r"\?")):
            make(name, base_url=LOCAL)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:11434",
        "ftp://host/v1",
        "http://",
        "http://user:hidden-word@host/v1",
        "http://hidden-word@host/v1",
        "https://host/v1?key=hidden-word",
        "https://host/v1#hidden-word",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://ho st/v1",
        "http://[::1/v1",
    ],
)
def test_a_base_url_that_cannot_be_is_refused_without_its_secrets(url):
    for make in (make_writer, writer_name):
        with pytest.raises(SettingsError, match="base URL") as raised:
            make("openai:any", base_url=url)
        assert "hidden-word" not in str(raised.value)


@pytest.mark.parametrize(
    ("name", "url", "expected"),
    [
        ("openai:m", None, "openai:m"),
        (" openai:m ", "https://api.openai.com/v1/", "openai:m"),
        ("openai:m", "https://EU.api.openai.com/v1", "openai:m"),
        ("gemini:m", "https://generativelanguage.googleapis.com", "gemini:m"),
        ("openai:qwen3:8b", LOCAL, "openai:qwen3:8b at localhost:11434"),
        ("openai:m", "http://HOST.example:80/v1/", "openai:m at host.example"),
        ("openai:m", "https://host.example:443/v1", "openai:m at host.example"),
        ("openai:m", "https://host.example:80/v1", "openai:m at host.example:80"),
        ("openai:m", "https://host.example/Team/openai/v1", "openai:m at host.example/Team/openai/v1"),
        ("openai:m", "https://host.example", "openai:m at host.example"),
        ("openai:m", "http://[::1]:8000/v1", "openai:m at [::1]:8000"),
        ("gemini:m", "http://host.example/proxy", "gemini:m at host.example/proxy"),
        ("gemini-legacy:m", "https://api.openai.com/v1", "gemini-legacy:m at api.openai.com"),
    ],
)
def test_a_writer_is_called_by_service_model_and_server_without_key_or_package(name, url, expected, monkeypatch):
    for package in ("openai", "google.genai"):
        monkeypatch.setitem(sys.modules, package, None)
    assert writer_name(name, url) == expected


def test_a_writer_has_the_name_that_is_known_before(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", VALUE)
    monkeypatch.setenv("GEMINI_API_KEY", VALUE)
    for name, url in [("openai:m", None), ("openai:m", LOCAL), ("gemini:m", None), ("gemini:m", "http://h:1/p")]:
        with make_writer(name, base_url=url) as writer:
            assert writer.name == writer_name(name, url)


@pytest.mark.parametrize("timeout", [0, -1, float("nan"), float("inf"), "5", None, True, 1e10, 86_401])
def test_a_timeout_has_to_be_a_positive_number_of_at_most_a_day(timeout):
    with pytest.raises(SettingsError, match="timeout"):
        make_writer("openai:any", base_url=LOCAL, timeout=timeout)


@pytest.mark.parametrize(
    ("name", "words"), [("openai:m", "OPENAI_API_KEY"), ("gemini:m", "GEMINI_API_KEY or .* GOOGLE_API_KEY")]
)
@pytest.mark.parametrize("value", [None, "", "  \n"])
def test_a_missing_key_is_asked_for_by_its_variable(name, words, value, monkeypatch):
    if value is not None:
        for variable in VARIABLES:
            monkeypatch.setenv(variable, value)
    with pytest.raises(SettingsError, match=words):
        make_writer(name)


def test_a_key_is_stripped_and_gemini_looks_into_its_own_variable_first(monkeypatch):
    monkeypatch.setenv("GOOGLE_API_KEY", "the-google-key")
    assert make_writer("gemini:m")._access.secret.reveal() == "the-google-key"
    monkeypatch.setenv("GEMINI_API_KEY", "  the-gemini-key\n")
    assert make_writer("gemini:m")._access.secret.reveal() == "the-gemini-key"


@pytest.mark.parametrize("value", ["sk-a\x07b", "sk-ключ", "sk-a b", "sk-a\nb"])
def test_a_key_with_odd_characters_is_refused_without_showing_it(value, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", value)
    with pytest.raises(SettingsError, match="OPENAI_API_KEY holds") as raised:
        make_writer("openai:m")
    assert "sk-" not in str(raised.value)


def test_a_timeout_of_a_day_is_taken():
    with make_writer("openai:any", base_url=LOCAL, timeout=86_400) as writer:
        assert writer._access.timeout == 86_400


@pytest.mark.parametrize("typed", [VALUE, "AIzaSyA0123456789abcdefghijklmnopqrstuvw"])
def test_a_key_typed_in_place_of_its_variable_is_not_shown(typed):
    with pytest.raises(SettingsError, match="not shown") as raised:
        make_writer("openai:m", base_url=LOCAL, key_variable=typed)
    assert typed not in str(raised.value)


@pytest.mark.parametrize("name", ["openai:m", "gemini:m"])
def test_a_foreign_server_gets_only_the_key_that_was_named(name, monkeypatch):
    for variable in VARIABLES:
        monkeypatch.setenv(variable, VALUE)
    assert make_writer(name, base_url=LOCAL)._access.secret.reveal() == "none"
    monkeypatch.setenv("OTHER_KEY", "the-other-key")
    assert make_writer(name, base_url=LOCAL, key_variable="OTHER_KEY")._access.secret.reveal() == "the-other-key"


def test_the_services_own_address_gets_its_key(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", VALUE)
    own = make_writer("openai:m", base_url="https://api.openai.com/v1/")
    assert own._access.secret.reveal() == VALUE
    assert make_writer("openai:m", base_url="https://api.openai.com.evil.org/v1")._access.secret.reveal() == "none"


def test_the_environment_does_not_redirect_requests(monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", VALUE)
    monkeypatch.setenv("GEMINI_API_KEY", VALUE)
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere/v1")
    monkeypatch.setenv("GOOGLE_GEMINI_BASE_URL", "http://elsewhere")
    monkeypatch.setenv("GOOGLE_GENAI_USE_VERTEXAI", "true")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "a-project")
    assert str(make_writer("openai:m")._client.base_url) == "https://api.openai.com/v1/"
    client = make_writer("gemini:m")._client
    assert client._api_client._http_options.base_url.rstrip("/") == "https://generativelanguage.googleapis.com"
    assert not client._api_client.vertexai


def test_a_key_that_goes_over_http_to_another_machine_is_warned_about(monkeypatch, caplog):
    monkeypatch.setenv("OTHER_KEY", VALUE)
    make_writer("openai:m", base_url="http://127.0.0.1:8000/v1", key_variable="OTHER_KEY")
    make_writer("openai:m", base_url="https://host.example/v1", key_variable="OTHER_KEY")
    assert not caplog.records
    with caplog.at_level(logging.WARNING):
        make_writer("openai:m", base_url="http://host.example/v1", key_variable="OTHER_KEY")
    assert "over http" in caplog.text
    assert VALUE not in caplog.text


@pytest.mark.parametrize(
    ("name", "module", "extra"),
    [
        ("openai:m", "openai", "openai"),
        ("gemini:m", "google.genai", "gemini"),
        ("gemini-legacy:m", "google.ai.generativelanguage", "gemini-legacy"),
    ],
)
def test_a_missing_package_is_named_with_its_extra(name, module, extra, monkeypatch):
    monkeypatch.setitem(sys.modules, module, None)
    if module == "google.genai":
        import google

        monkeypatch.delattr(google, "genai", raising=False)
    with pytest.raises(DependencyError, match=rf"tfsiamese\[{extra}\]"):
        make_writer(name, base_url=LOCAL)


def test_the_room_is_imported_without_the_services_packages():
    code = "import sys, tfsiamese.generation.writers; print(*({'openai', 'google.genai', 'httpx2'} & set(sys.modules)))"
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == ""
