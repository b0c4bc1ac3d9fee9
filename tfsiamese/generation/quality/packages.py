"""The packages that filters need, checked before the first pair is written."""

from tfsiamese.errors import DependencyError
from tfsiamese.generation.quality.settings import FilterSettings

__all__ = ["check_quality_packages"]


def check_quality_packages(settings: FilterSettings) -> None:
    """Looks for the packages of the filters that are on.

    Raises:
        DependencyError: one is not installed.
    """
    if settings.check_language:
        try:
            import py3langid  # noqa: F401
        except ImportError as error:
            raise _missing("Checking the language of pairs", "py3langid", "check_language=False") from error
    if settings.near_duplicates is not None:
        try:
            import datasketch  # noqa: F401
        except ImportError as error:
            raise _missing("Finding near-duplicates", "datasketch", "near_duplicates=None") from error


def _missing(what: str, package: str, off: str) -> DependencyError:
    return DependencyError(
        f'{what} needs {package}. Install it with pip install "tfsiamese[generate]", or turn the check off with {off}.'
    )
