"""Development server and client for exported models.

The client needs neither the packages of the server nor TensorFlow, so that each name is imported when it is asked for.
"""

import importlib
from typing import TYPE_CHECKING, Any

from tfsiamese.errors import DependencyError

if TYPE_CHECKING:
    from tfsiamese.serving.app import create_app
    from tfsiamese.serving.client import Client
    from tfsiamese.serving.server import RunningServer, running_server, serve
    from tfsiamese.serving.settings import ServerSettings

__all__ = ["Client", "RunningServer", "ServerSettings", "create_app", "running_server", "serve"]

_MODULES = {
    "Client": "client",
    "RunningServer": "server",
    "ServerSettings": "settings",
    "create_app": "app",
    "running_server": "server",
    "serve": "server",
}
_OF_THE_SERVER = ("app", "server")
_PACKAGES = ("starlette", "uvicorn", "orjson", "prometheus_client")


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = _MODULES[name]
    if module in _OF_THE_SERVER:
        _check_packages()
    return getattr(importlib.import_module(f"{__name__}.{module}"), name)


def _check_packages() -> None:
    for package in _PACKAGES:
        try:
            importlib.import_module(package)
        except ImportError as error:
            raise DependencyError(
                f'The development server needs the package {package}. Install it with: pip install "tfsiamese[serve]".'
            ) from error
