"""Where a model is served: the address of a TensorFlow Serving REST API, taken apart and put together."""

import numbers
import re
from dataclasses import dataclass, replace
from typing import TypeVar
from urllib.parse import quote, unquote, urlsplit

from tfsiamese.errors import SettingsError

__all__ = ["ModelAddress", "model_address"]

Part = TypeVar("Part", str, int)

_EXPECTED = 'Expected "http://HOST:8501" with model="NAME", or "http://HOST:8501/v1/models/NAME[/versions/N|/labels/L]"'
_MODEL_PATH = re.compile(
    r"(?P<root>.*?)/v1/models/(?P<model>[^/:]+)(?:/versions/(?P<version>\d+)|/labels/(?P<label>[^/:]+))?"
    r"(?:/metadata|:predict)?"
)


@dataclass(frozen=True)
class ModelAddress:
    """A model on a server, and which version of it.

    Attributes:
        root: the server's address, without a slash at its end.
        model: the model's name.
        version: a version's number; None for the newest, or the one that `label` stands for.
        label: a version's label.
    """

    root: str
    model: str
    version: int | None = None
    label: str | None = None

    @property
    def newest_url(self) -> str:
        """Where the status of all versions is."""
        return f"{self.root}/v1/models/{quote(self.model, safe='')}"

    @property
    def status_url(self) -> str:
        """Where the status of what is asked for is: of one version, or of all."""
        if self.version is not None:
            return f"{self.newest_url}/versions/{self.version}"
        if self.label is not None:
            return f"{self.newest_url}/labels/{quote(self.label, safe='')}"
        return self.newest_url

    @property
    def metadata_url(self) -> str:
        """Where the signatures are."""
        return f"{self.status_url}/metadata"

    @property
    def predict_url(self) -> str:
        """Where predictions are made."""
        return f"{self.status_url}:predict"


def model_address(url: str, model: str | None, version: int | None, label: str | None) -> ModelAddress:
    """Reads an address.

    Args:
        url: of a server, or of a model, a version or a label on it.
        model: the model's name, where `url` has none.
        version: the version's number, at least 0, where `url` has none.
        label: the version's label, where `url` has none.

    Raises:
        SettingsError: the address is none of a server, names no model, or says two things at once.
    """
    address = _address_in(url)
    if model is not None:
        address = replace(address, model=_agreed("model", address.model or None, _word("model", model)))
    if not address.model:
        raise SettingsError(f"{url!r} names no model, and a server does not say which it has. {_EXPECTED}.")
    if version is not None:
        address = replace(address, version=_agreed("version", address.version, _number(version)))
    if label is not None:
        address = replace(address, label=_agreed("label", address.label, _word("label", label)))
    if address.version is not None and address.label is not None:
        raise SettingsError(
            f"Received version {address.version} and label {address.label!r}. Expected one of them, or none for the "
            "newest version."
        )
    return address


def _address_in(url: str) -> ModelAddress:
    if not isinstance(url, str):
        raise SettingsError(f"Expected the server's address as a str. Received: {url!r}. {_EXPECTED}.")
    try:
        parts = urlsplit(url.strip())
        valid = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError as error:
        raise SettingsError(f"{url!r} is no address: {error}. {_EXPECTED}.") from error
    if "@" in parts.netloc:
        raise SettingsError(
            "The server's address holds a user name. Expected an address without; give credentials in "
            'headers={"Authorization": …}.'
        )
    if not valid or parts.query or parts.fragment:
        raise SettingsError(f"{url!r} is no server's address. {_EXPECTED}.")
    server = f"{parts.scheme}://{parts.netloc}"
    path = parts.path.rstrip("/")
    found = _MODEL_PATH.fullmatch(path)
    if found:
        version = None if found["version"] is None else int(found["version"])
        label = None if found["label"] is None else unquote(found["label"])
        return ModelAddress(server + found["root"], unquote(found["model"]), version, label)
    if "/v1" in path and not path.endswith(("/v1", "/v1/models")):
        raise SettingsError(f"{url!r} is no model's address. {_EXPECTED}.")
    return ModelAddress(server + path.removesuffix("/models").removesuffix("/v1"), "")


def _agreed(name: str, in_url: Part | None, given: Part) -> Part:
    if in_url is not None and in_url != given:
        raise SettingsError(f"The address has {name} {in_url!r} and {name}={given!r} was given. Expected one of them.")
    return given


def _word(name: str, value: str) -> str:
    if not isinstance(value, str) or not value or "/" in value or ":" in value:
        raise SettingsError(f'Expected {name} to be a name without "/" and ":". Received: {name}={value!r}.')
    return value


def _number(version: int) -> int:
    if isinstance(version, bool) or not isinstance(version, numbers.Integral) or version < 0:
        raise SettingsError(f"Expected version to be the number of a version. Received: version={version!r}.")
    return int(version)
