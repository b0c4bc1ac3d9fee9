"""The packages that formats of documents need, asked for before anything is read."""

from importlib.util import find_spec

from tfsiamese.errors import DependencyError

__all__ = ["require_packages"]

_PACKAGES = {
    "pdfplumber": "pdfplumber",
    "bs4": "beautifulsoup4",
    "lxml": "lxml",
    "markdown_it": "markdown-it-py",
    "docx": "python-docx",
}


def require_packages(what: str, *modules: str) -> None:
    """Raises a DependencyError that names what is missing and how to install it.

    Args:
        what: needs them, such as "Reading HTML".
        modules: their names in import statements.
    """
    missing = [_PACKAGES.get(module, module) for module in modules if find_spec(module) is None]
    if missing:
        raise DependencyError(
            f'{what} needs {" and ".join(missing)}. Install what is missing with pip install "tfsiamese[documents]".'
        )
