"""The versions of the packages that a result depends on."""

from importlib.metadata import PackageNotFoundError, version

__all__ = ["installed_versions"]

_PACKAGES = ("tfsiamese", "tensorflow", "tensorflow-text", "keras", "numpy")


def installed_versions() -> dict[str, str]:
    """The version of each package by its name."""
    versions = {}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            versions[package] = "not installed"
    return versions
