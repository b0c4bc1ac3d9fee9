"""Runs the development server: in the foreground until a signal, or in a thread."""

import contextlib
import gc
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType

import uvicorn
from starlette.applications import Starlette

from tfsiamese.errors import ServingError
from tfsiamese.serving.app import create_app
from tfsiamese.serving.http_heads import head_limited_protocol
from tfsiamese.serving.settings import ServerSettings

__all__ = ["RunningServer", "running_server", "serve"]

_BACKLOG = 2048
_KEEP_ALIVE = 75  # seconds
_GRACE = 5  # seconds beyond the time that a request may take


@dataclass(frozen=True)
class RunningServer:
    """A server that answers.

    Attributes:
        url: its address, such as `http://127.0.0.1:8501`.
        model: the model's name.
        versions: the numbers of the versions that are served.
        labels: the numbers for which labels stand.
    """

    url: str
    model: str
    versions: tuple[int, ...]
    labels: Mapping[str, int]


def serve(
    folder: str | os.PathLike[str],
    settings: ServerSettings | None = None,
    on_start: Callable[[RunningServer], None] = lambda server: None,
) -> bool:
    """Serves a model until the process gets SIGTERM or SIGINT; then the requests that are running are answered.

    This is for development: production is TensorFlow Serving, which answers the same requests.

    Args:
        folder: that of a model's versions, of one version, or of a run of training.
        settings: the defaults where there are none.
        on_start: is told the address when the versions are loaded and the port is bound.

    Returns:
        Whether a version was still being loaded at the end. TensorFlow cannot be interrupted there, and aborts a
        process that ends meanwhile: call `os._exit` then.

    Raises:
        ServingError: there is no version, none can be loaded, or the port is taken.
        ExportError: a file of the model's configuration is damaged.
    """
    settings = settings or ServerSettings()
    with _listening(settings) as listener:
        _spare_the_collector()
        server, running = _prepared(folder, settings, listener)
        on_start(running)
        server.run(sockets=[listener])
        return server.is_loading


@contextlib.contextmanager
def running_server(folder: str | os.PathLike[str], settings: ServerSettings | None = None) -> Iterator[RunningServer]:
    """Serves a model in a thread, for tests and notebooks; at a free port, unless the settings name one.

    Raises:
        ServingError: there is no version, none can be loaded, or the port is taken.
        ExportError: a file of the model's configuration is damaged.

    Example:
        >>> with running_server("models/jobs") as server:
        ...     client = Client(server.url)
    """
    settings = settings or ServerSettings(port=0)
    with _listening(settings) as listener:
        server, running = _prepared(folder, settings, listener)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True, name="server")
        thread.start()
        try:
            yield running
        finally:
            server.should_exit = True
            thread.join()


def _spare_the_collector() -> None:
    """Keeps what TensorFlow's import makes out of garbage collections, each of which would hold up all requests.

    Versions are loaded after that, so that they can be collected when they are unloaded.
    """
    import tensorflow  # noqa: F401
    import tensorflow_text  # noqa: F401

    gc.collect()
    gc.freeze()


class _Server(uvicorn.Server):
    """A server for which a signal is a wish to end, not an error."""

    def __init__(self, app: Starlette, config: uvicorn.Config):
        super().__init__(config)
        self._watcher = app.state.watcher

    @property
    def is_loading(self) -> bool:
        """Whether a version is being loaded."""
        return self._watcher.is_loading

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Ends the server in peace at SIGTERM and SIGINT, and at once at a second SIGINT."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        before = {number: signal.signal(number, self._on_signal) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        self.force_exit = self.should_exit and number == signal.SIGINT
        self.should_exit = True


def _prepared(
    folder: str | os.PathLike[str], settings: ServerSettings, listener: socket.socket
) -> tuple[_Server, RunningServer]:
    app = create_app(folder, settings)
    config = uvicorn.Config(
        app,
        http=head_limited_protocol(settings.timeout),
        log_config=None,
        log_level="error",
        access_log=False,
        ws="none",
        lifespan="on",
        server_header=False,
        timeout_keep_alive=_KEEP_ALIVE,
        timeout_graceful_shutdown=int(settings.timeout) + _GRACE,
    )
    host, port = listener.getsockname()[:2]
    address = f"[{host}]" if ":" in host else host
    model = app.state.model
    _listen(listener, settings)
    running = RunningServer(f"http://{address}:{port}", model.name, tuple(model.available()), model.labels)
    return _Server(app, config), running


@contextlib.contextmanager
def _listening(settings: ServerSettings) -> Iterator[socket.socket]:
    """A bound socket, which nobody can connect to yet."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
    except (OSError, UnicodeError) as error:
        raise ServingError(f"The host {settings.host!r} cannot be used: {error}. Give one of this machine.") from error
    with listener:
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
        except OSError as error:
            raise _cannot_listen(settings, error) from error
        yield listener


def _listen(listener: socket.socket, settings: ServerSettings) -> None:
    try:
        listener.listen(_BACKLOG)
    except OSError as error:  # with SO_REUSEADDR a port that is taken can be bound as long as nobody listens there
        raise _cannot_listen(settings, error) from error


def _cannot_listen(settings: ServerSettings, error: OSError) -> ServingError:
    return ServingError(
        f"The server cannot listen at {settings.host}:{settings.port}: {error.strerror or error}. Choose another port, "
        "or 0 for any that is free."
    )
