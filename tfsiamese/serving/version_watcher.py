"""Follows the folder of a model: loads what is new, then lets go of what is no longer wanted."""

import asyncio
import gc
import logging
import os
from functools import partial
from pathlib import Path

from tfsiamese.errors import ExportError, ServingError
from tfsiamese.serving.loader_thread import LoaderThread
from tfsiamese.serving.model_source import Aspired, ModelSource
from tfsiamese.serving.rest_errors import RestError
from tfsiamese.serving.served_model import ServedModel, VersionEntry
from tfsiamese.serving.served_version import ServedVersion

__all__ = ["VersionWatcher"]

_LOGGER = logging.getLogger(__name__)


class VersionWatcher:
    """Keeps a model at the versions that its folder asks for.

    A version is loaded while the others answer requests. An old one is let go when a new one is available, and is
    unloaded after its last request; the last one that is available stays, whatever becomes of its folder. A version
    that could not be loaded is tried again when its files change. A version that a label stands for stays, too, until
    the label has moved.
    """

    def __init__(self, source: ModelSource, model: ServedModel):
        self._source, self._model = source, model
        self._loader = LoaderThread()
        self._unloading: set[asyncio.Task[None]] = set()
        self._complaint = ""

    def load_now(self) -> None:
        """Loads the versions that are there, before any request is answered.

        Raises:
            ServingError: none of them can be loaded.
            ExportError: `models.config` is damaged.
        """
        aspired = self._source.aspired()
        for number, folder in sorted(aspired.folders.items()):
            self._settle(self._enter(number, folder), self._load(number, folder))
        self._set_labels(aspired)
        if not self._model.available():
            errors = [f"version {entry.number}: {entry.error}" for entry in self._model.entries.values()]
            reason = "; ".join(errors) or "its models.config names only versions that are not there"
            raise ServingError(f"No version of {self._source.base} can be served ({reason}). Export the model again.")

    @property
    def is_loading(self) -> bool:
        """Whether a version is being loaded or unloaded beside the event loop."""
        return self._loader.is_busy

    async def watch(self, seconds: float) -> None:
        """Looks at the folder again and again, until it is cancelled."""
        while True:
            await asyncio.sleep(seconds)
            try:
                await self.refresh()
            except Exception:  # the server goes on with what it has
                _LOGGER.exception("The folder %s cannot be followed; trying again.", self._source.base)

    async def refresh(self) -> None:
        """Looks at the folder once."""
        try:
            aspired = await self._loader.run(self._source.aspired)
        except (ExportError, OSError) as error:
            self._complain(str(error))
            return
        for number, folder in sorted(aspired.folders.items()):
            if self._is_to_load(number, folder):
                entry = self._enter(number, folder)
                self._settle(entry, await self._loader.run(partial(self._load, number, folder)))
        self._set_labels(aspired)
        available = self._model.available()
        if any(number in aspired.folders for number in available):
            wanted = {*aspired.folders, *self._model.labels.values()}
            for number in available:
                if number not in wanted:
                    self._start_unloading(self._model.entries[number])
        elif not aspired.folders:
            self._complain(f"{self._source.base} holds no version to serve; those in memory are served on.")

    async def shut_down(self) -> None:
        """Ends what goes on here, but for a version that is being loaded, which cannot be interrupted."""
        unloading = list(self._unloading)
        for task in unloading:
            task.cancel()
        await asyncio.gather(*unloading, return_exceptions=True)
        self._loader.stop()

    def _is_to_load(self, number: int, folder: Path) -> bool:
        entry = self._model.entries.get(number)
        if entry is None:
            return True
        return entry.state == "END" and (entry.error is None or entry.fingerprint != _fingerprint(folder))

    def _enter(self, number: int, folder: Path) -> VersionEntry:
        entry = self._model.entries.setdefault(number, VersionEntry(number))
        entry.state, entry.error, entry.fingerprint = "LOADING", None, _fingerprint(folder)
        return entry

    @staticmethod
    def _load(number: int, folder: Path) -> ServedVersion | RestError:
        try:
            return ServedVersion.load(number, folder)
        except RestError as error:
            return error

    def _settle(self, entry: VersionEntry, loaded: ServedVersion | RestError) -> None:
        if isinstance(loaded, RestError):
            entry.state, entry.error = "END", loaded
            _LOGGER.warning("Version %d of %s cannot be served: %s", entry.number, self._model.name, loaded.message)
        else:
            self._model.make_available(entry, loaded)
            _LOGGER.info("Version %d of %s is available.", entry.number, self._model.name)

    def _set_labels(self, aspired: Aspired) -> None:
        """A label moves when the version that it is to stand for is available."""
        available, before = self._model.available(), self._model.labels
        self._model.labels = {
            label: number if number in available else before.get(label, number)
            for label, number in aspired.labels.items()
        }

    def _start_unloading(self, entry: VersionEntry) -> None:
        self._model.retire(entry)
        task = asyncio.ensure_future(self._unload(entry))
        self._unloading.add(task)
        task.add_done_callback(self._unloading.discard)

    async def _unload(self, entry: VersionEntry) -> None:
        await entry.wait_until_unused()
        entry.queues.clear()
        entry.version = None
        await self._loader.run(gc.collect)  # functions of TensorFlow are in cycles
        entry.state = "END"
        _LOGGER.info("Version %d of %s is unloaded.", entry.number, self._model.name)

    def _complain(self, message: str) -> None:
        if message != self._complaint:
            _LOGGER.warning("%s", message)
        self._complaint = message


def _fingerprint(folder: Path) -> object:
    """What changes when any file of a version is written anew."""
    paths = [folder]
    for parent, folders, files in os.walk(folder):
        paths += [Path(parent, name) for name in (*folders, *files)]
    return frozenset((path, _state(path)) for path in paths)


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        state = path.stat()
    except OSError:
        return None
    return state.st_ino, state.st_size, state.st_mtime_ns
