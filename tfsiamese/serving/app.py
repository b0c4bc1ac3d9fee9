"""The development server as a Starlette application."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator

from starlette.applications import Starlette

from tfsiamese.serving.batch_limits import BatchLimits
from tfsiamese.serving.metrics import Metrics
from tfsiamese.serving.model_source import ModelSource
from tfsiamese.serving.rest_app import RestApp
from tfsiamese.serving.served_model import ServedModel
from tfsiamese.serving.settings import ServerSettings
from tfsiamese.serving.version_watcher import VersionWatcher

__all__ = ["create_app"]


def create_app(folder: str | os.PathLike[str], settings: ServerSettings | None = None) -> Starlette:
    """An application that answers TensorFlow Serving's REST API for one model, whose versions are loaded here.

    It follows the folder for new versions while it runs. `app.state.model` is the `ServedModel`.

    Args:
        folder: that of a model's versions, of one version, or of a run of training.
        settings: the defaults where there are none; `host` and `port` are the server's, and are not looked at.

    Raises:
        ServingError: there is no version, or none can be loaded.
        ExportError: a file of the model's configuration is damaged.
    """
    settings = settings or ServerSettings()
    source = ModelSource.find(folder, settings.name)
    metrics = Metrics()
    model = ServedModel(source.name, BatchLimits.find(source.base, settings), metrics)
    watcher = VersionWatcher(source, model)
    watcher.load_now()

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        watching = asyncio.ensure_future(watcher.watch(settings.poll_seconds))
        try:
            yield
        finally:
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            await watcher.shut_down()
            model.shut_down()

    app = Starlette(lifespan=lifespan)
    # Paths are matched as they were sent, since TensorFlow Serving does not decode them before.
    app.router.default = RestApp(model, settings, metrics)
    app.state.model, app.state.watcher = model, watcher
    return app
