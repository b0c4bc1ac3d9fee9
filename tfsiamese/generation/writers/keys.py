"""Reads keys from the environment, and nowhere else."""

import os
import re
from collections.abc import Sequence

from tfsiamese.errors import SettingsError
from tfsiamese.generation.writers.secrets import Secret

__all__ = ["read_key"]


def read_key(service: str, variables: Sequence[str]) -> Secret:
    """The key in the first of these environment variables that holds one, without white space around it.

    Raises:
        SettingsError: none does, or the key holds characters that no key has; the message never shows a value.
    """
    for variable in variables:
        value = os.environ.get(variable, "").strip()
        if not value:
            continue
        if not all("!" <= character <= "~" for character in value):
            raise SettingsError(
                f"{_named(variable)} holds white space, control or non-ASCII characters. Expected the key of {service} "
                "alone. Copy it again."
            )
        return Secret(value)
    names = " or ".join(map(_named, variables))
    raise SettingsError(
        f"{names[0].upper()}{names[1:]} is not set or empty. Expected the key of {service} in it. "
        "Keys are read from the environment only."
    )


def _named(variable: str) -> str:
    # Somebody may have typed the key in place of its variable's name.
    if re.fullmatch(r"[A-Z_][A-Z0-9_]{0,63}", variable):
        return f"the environment variable {variable}"
    return "the environment variable that key_variable names (not shown: it does not look like the name of one)"
