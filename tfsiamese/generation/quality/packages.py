"""The packages that filters need, looked for before the first pair is written."""

from importlib.util import find_spec

from tfsiamese.errors import DependencyError
from tfsiamese.generation.quality.settings import FilterSettings

__all__ = ["check_quality_packages", "require_packages"]

# What needs them, and how to do without.
_USES = {
    "py3langid": ("detecting languages", "--no-language-check (check_language=False in Python)"),
    "datasketch": ("finding near-duplicates", "--keep-near-duplicates (near_duplicates=None in Python)"),
}


def check_quality_packages(settings: FilterSettings) -> None:
    """Looks for the packages of the filters that are on.

    Raises:
        DependencyError: at least one is not installed; all of these are named.
    """
    is_needed = {"py3langid": settings.check_language, "datasketch": settings.near_duplicates is not None}
    require_packages(*(package for package, is_on in is_needed.items() if is_on))


def require_packages(*packages: str) -> None:
    """Raises a DependencyError that names what is missing, how to install it and how to do without.

    Args:
        packages: "py3langid", "datasketch" or both.
    """
    missing = [package for package in packages if find_spec(package) is None]
    if not missing:
        return
    needs = ", and ".join(f"{_USES[package][0]} needs {package}" for package in missing)
    ways = " and ".join(_USES[package][1] for package in missing)
    raise DependencyError(
        f'{needs[0].upper()}{needs[1:]}. Install what is missing with pip install "tfsiamese[generate]", or turn the '
        f"check{'s' * (len(missing) > 1)} off with {ways}."
    )
