"""Makes the writer that a name stands for."""

import importlib
import logging
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast
from urllib.parse import urlsplit

from tfsiamese.errors import SettingsError
from tfsiamese.generation.setting_checks import require_positive
from tfsiamese.generation.writers.addresses import checked_address, host_of, is_in_the_clear, server_of
from tfsiamese.generation.writers.keys import read_key
from tfsiamese.generation.writers.secrets import Secret
from tfsiamese.generation.writers.service_writer import Access, ServiceWriter
from tfsiamese.generation.writers.surroundings import blamed_on_environment
from tfsiamese.suggestions import did_you_mean

__all__ = ["make_writer", "writer_name"]

_logger = logging.getLogger(__name__)

_ROOM = "tfsiamese.generation.writers"

# The client packages want a key, where a local server wants none.
_NO_KEY = "none"

# A day, in seconds. Much more is more than a thread's timer takes.
_LONGEST_TIMEOUT = 86_400

# A word that generate_pairs takes in place of a writer's name.
_EXTRACTIVE = "extractive"


@dataclass(frozen=True)
class _Service:
    """Where a service is, who asks it, and which variables hold its key."""

    address: str
    hosts: tuple[str, ...]
    module: str
    writer: str
    variables: Sequence[str]


_GEMINI = ("https://generativelanguage.googleapis.com", ("generativelanguage.googleapis.com",))
_GEMINI_KEYS = ("GEMINI_API_KEY", "GOOGLE_API_KEY")

_SERVICES = {
    "openai": _Service(
        "https://api.openai.com/v1",
        ("api.openai.com", "eu.api.openai.com", "us.api.openai.com"),
        "openai_writer",
        "OpenAIWriter",
        ("OPENAI_API_KEY",),
    ),
    "gemini": _Service(*_GEMINI, "gemini_writer", "GeminiWriter", _GEMINI_KEYS),
    "gemini-legacy": _Service(*_GEMINI, "gemini_legacy_writer", "GeminiLegacyWriter", _GEMINI_KEYS),
}


def make_writer(
    name: str, *, base_url: str | None = None, key_variable: str | None = None, timeout: float = 60.0
) -> ServiceWriter:
    """The writer that a name stands for.

    Keys come from the environment only: OPENAI_API_KEY for OpenAI; GEMINI_API_KEY, then GOOGLE_API_KEY for Gemini. A
    `base_url` other than the service's own gets none of these, so that no key goes to a stranger by accident: name the
    variable of its key in `key_variable`, or it gets the placeholder "none", which local servers take. The variables
    by which the client packages redirect requests or add to them (OPENAI_BASE_URL, OPENAI_CUSTOM_HEADERS,
    GOOGLE_GEMINI_BASE_URL, GOOGLE_GENAI_USE_VERTEXAI and others) have no effect, but for OPENAI_ORG_ID and
    OPENAI_PROJECT_ID, which go to OpenAI itself; HTTPS_PROXY, NO_PROXY and SSL_CERT_FILE have the usual one.

    Args:
        name: service and model: "openai:MODEL", "gemini:MODEL" or "gemini-legacy:MODEL". A model may hold colons and
            slashes, as in "openai:qwen3:8b".
        base_url: of a server that speaks the service's API, such as "http://localhost:11434/v1" for Ollama with
            "openai:…"; the service's own by default.
        key_variable: the environment variable that holds the key.
        timeout: seconds to wait for an answer, above 0 and up to 86,400; one that dribbles in is cut after twice
            as many.

    Returns:
        A `Writer`, for several threads at once, with `writer_name(name, base_url)` for its name; to be closed, as its
        use as a context manager does.

    Raises:
        SettingsError: the name, the base URL, the key, the timeout, or a proxy or certificates of the environment
            cannot be used.
        DependencyError: the service's package is not installed.

    Example:
        >>> with make_writer("openai:qwen3:8b", base_url="http://localhost:11434/v1") as writer:
        ...     answer = writer.write(request)
    """
    kind, model, address = _resolved(name, base_url)
    service = _SERVICES[kind]
    require_positive("timeout", timeout)
    if timeout > _LONGEST_TIMEOUT:
        raise SettingsError(f"Expected timeout to be at most {_LONGEST_TIMEOUT:,} seconds. Received: {timeout!r}.")
    is_own = host_of(address) in service.hosts
    has_key = key_variable is not None or is_own
    if key_variable is not None:
        secret = read_key(name, (key_variable,))
    elif is_own:
        secret = read_key(name, service.variables)
    else:
        secret = Secret(_NO_KEY)
    access = Access(writer_name(name, base_url), model, address, secret, float(timeout), is_own, has_key)
    if has_key and is_in_the_clear(address):
        _logger.warning("The key for %s is sent over http, where others can read it. Expected https.", access.name)
    # Only this service's package has to be installed.
    module = importlib.import_module(f"{_ROOM}.{service.module}")
    with blamed_on_environment(access.name):
        return cast("ServiceWriter", getattr(module, service.writer)(access))


def writer_name(name: str, base_url: str | None = None) -> str:
    """What the writer that `make_writer` makes is called; neither a key nor a package is needed.

    Args:
        name: service and model, as there.
        base_url: as there.

    Returns:
        Service and model; for another server than the service's own also that server, with its port and path, but for
        /v1 and the scheme's own port. Answers are stored by it, and two servers' models of one name may differ.

    Raises:
        SettingsError: the name or the base URL cannot be used.

    Example:
        >>> writer_name("openai:qwen3:8b", "http://localhost:11434/v1")
        'openai:qwen3:8b at localhost:11434'
    """
    kind, model, address = _resolved(name, base_url)
    if host_of(address) in _SERVICES[kind].hosts:
        return f"{kind}:{model}"
    path = urlsplit(address).path
    return f"{kind}:{model} at {server_of(address)}{path if path != '/v1' else ''}"


def _resolved(name: str, base_url: str | None) -> tuple[str, str, str]:
    """Service, model and address."""
    kind, model = _parts(name)
    return kind, model, _SERVICES[kind].address if base_url is None else checked_address(base_url)


def _parts(name: str) -> tuple[str, str]:
    """Service and model of a writer's name."""
    kind, colon, model = name.strip().partition(":")
    if kind not in _SERVICES:
        expected = ", ".join(f"{service}:MODEL" for service in _SERVICES)
        hint = "" if name.strip() == _EXTRACTIVE else did_you_mean(kind, [*_SERVICES, _EXTRACTIVE])
        raise SettingsError(
            f"Unknown writer {name!r}. Expected one of {expected}; {_EXTRACTIVE}, which asks no service, is for "
            f"generate_pairs and tfsiamese generate alone.{hint}"
        )
    if not colon or not model:
        raise SettingsError(f"The writer {name!r} names no model. Expected {kind}:MODEL.")
    # Gemini's model becomes a part of the address.
    allowed = r"\S+" if kind == "openai" else r"[\w./:@-]+"
    if not re.fullmatch(allowed, model, re.ASCII) or not model.isprintable() or ".." in model.split("/"):
        raise SettingsError(f"The writer {name!r} names a model that cannot be. Expected {kind}:MODEL without spaces.")
    return kind, model
