"""What a client is given, checked before anything is sent."""

import math
import numbers
import re
from collections.abc import Mapping

from tfsiamese.errors import SettingsError

__all__ = ["checked_headers", "positive_seconds", "prompt_signature", "whole_number"]

_DEFAULT_SIGNATURE = "serving_default"
_HEADER_NAME = re.compile(r"[\w!#$%&'*+.^`|~-]+", re.ASCII)
_HEADER_VALUE = re.compile(r"[\t\x20-\x7e]*")


def positive_seconds(name: str, value: float) -> float:
    """A number of seconds above 0.

    Raises:
        SettingsError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Real) or not 0 < value < math.inf:
        raise SettingsError(f"Expected {name} to be a positive number of seconds. Received: {name}={value!r}.")
    return float(value)


def whole_number(name: str, value: int, *, least: int) -> int:
    """An integer that is `least` or more.

    Raises:
        SettingsError: it is something else.
    """
    if isinstance(value, bool) or not isinstance(value, numbers.Integral) or value < least:
        raise SettingsError(f"Expected {name} to be an integer, {least} or more. Received: {name}={value!r}.")
    return int(value)


def checked_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers that can be sent.

    Raises:
        SettingsError: the name or the value of one cannot be part of a request.
    """
    for name, value in headers.items():
        texts = isinstance(name, str) and isinstance(value, str)
        if not texts or not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
            # The value may be a secret, so it is not shown.
            raise SettingsError(
                f"headers[{name!r}] cannot be sent. Expected the name of a header, and a value of printable ASCII."
            )
    return dict(headers)


def prompt_signature(prompt_name: str | None) -> str:
    """The signature that puts a prompt before each text; the default one for None.

    Raises:
        SettingsError: the name is empty, or no text.
    """
    if prompt_name is None:
        return _DEFAULT_SIGNATURE
    if not isinstance(prompt_name, str) or not prompt_name:
        raise SettingsError(
            f'Expected prompt_name to be a signature of the model, such as "query". Received: {prompt_name!r}.'
        )
    return prompt_name
