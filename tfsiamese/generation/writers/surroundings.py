"""Names the environment variable that keeps a client from being made."""

import contextlib
import os
import ssl
import urllib.request
from collections.abc import Iterator

from tfsiamese.errors import SettingsError, TfSiameseError

__all__ = ["blamed_on_environment"]


@contextlib.contextmanager
def blamed_on_environment(name: str) -> Iterator[None]:
    """Encloses the making of a client, which looks for proxies and certificates in the environment.

    Args:
        name: of the writer.

    Raises:
        SettingsError: a proxy or the certificates cannot be used. The message names the variables, and no value of
            them, since the address of a proxy may hold a password.
    """
    try:
        yield
    except TfSiameseError:
        raise
    except Exception as error:
        message = _explanation(error)
        if message is None:
            raise
        raise SettingsError(f"No connection can be made for {name}: {message}") from None


def _explanation(error: Exception) -> str | None:
    if isinstance(error, OSError) and os.environ.get("SSL_CERT_FILE"):
        why = "holds no certificates" if isinstance(error, ssl.SSLError) else "cannot be read"
        return (
            f"the file that SSL_CERT_FILE names {why}. Expected a file of certificates in PEM format. "
            "Correct this environment variable, or unset it."
        )
    if isinstance(error, ImportError) and "socks" in str(error).lower():
        return (
            "HTTPS_PROXY, HTTP_PROXY or ALL_PROXY names a SOCKS proxy, for which the package socksio is not installed. "
            "Install it with pip install socksio, or name an http:// proxy."
        )
    is_about_an_address = isinstance(error, ValueError) or type(error).__name__ == "InvalidURL"
    if is_about_an_address and urllib.request.getproxies():
        return (
            "HTTPS_PROXY, HTTP_PROXY, ALL_PROXY or NO_PROXY holds what no proxy's address can be. "
            "Expected one such as http://proxy.example:3128. Correct these environment variables, or unset them."
        )
    return None
