"""Checks the base URL of a service."""

import ipaddress
from urllib.parse import urlsplit

from tfsiamese.errors import SettingsError

__all__ = ["checked_address", "host_of", "is_in_the_clear", "server_of"]

_PORTS = {"http": 80, "https": 443}
_EXPECTED = 'Expected one such as "http://localhost:11434/v1"'


def checked_address(base_url: str) -> str:
    """A base URL without white space around it and slashes behind it.

    Raises:
        SettingsError: it is no http or https URL, or holds a user, a query or a fragment, which may be secrets; the
            message does not show these.
    """
    address = base_url.strip() if isinstance(base_url, str) else ""
    if not address.isprintable() or not address.isascii() or any(character in address for character in ' \\"<>'):
        raise SettingsError(f"The base URL holds characters that no URL has. {_EXPECTED}.")
    try:
        parts = urlsplit(address)
        host, has_user = parts.hostname, "@" in parts.netloc
        _ = parts.port
    except ValueError:
        raise SettingsError(f"The base URL has no valid host and port. {_EXPECTED}.") from None
    if has_user:
        raise SettingsError(f"The base URL holds a user or a password. {_EXPECTED}; keys belong into the environment.")
    if parts.query or parts.fragment or "?" in address or "#" in address:
        raise SettingsError(f"The base URL holds a query or a fragment. {_EXPECTED}; keys belong into the environment.")
    if parts.scheme not in ("http", "https") or not host:
        raise SettingsError(f"The base URL does not start with http:// or https:// and a host. {_EXPECTED}.")
    return address.rstrip("/")


def host_of(address: str) -> str:
    """The host of a checked base URL, lower-case."""
    return urlsplit(address).hostname or ""


def server_of(address: str) -> str:
    """The host of a checked base URL, lower-case, with the port where it is not the scheme's own."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in host_of(address) else host_of(address)
    return host if parts.port in (None, _PORTS[parts.scheme]) else f"{host}:{parts.port}"


def is_in_the_clear(address: str) -> bool:
    """Whether what is sent there can be read on the way: http, and not to this machine."""
    if urlsplit(address).scheme == "https":
        return False
    host = host_of(address)
    try:
        return not ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host != "localhost" and not host.endswith(".localhost")
