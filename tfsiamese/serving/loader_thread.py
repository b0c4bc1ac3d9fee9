"""A thread for what takes long and cannot be interrupted, beside an event loop."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["LoaderThread"]

_Result = TypeVar("_Result")


class LoaderThread:
    """Runs functions one after another.

    The end of the process does not wait for it, as it would for a thread of `ThreadPoolExecutor`.
    """

    def __init__(self) -> None:
        self._calls: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None
        self._running = 0

    @property
    def is_busy(self) -> bool:
        """Whether a function runs."""
        return self._running > 0

    async def run(self, function: Callable[[], _Result]) -> _Result:
        """What a function gives, or raises. Where the waiting is cancelled, a function that has begun goes on."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="loader", daemon=True)
            self._thread.start()
        future: Future[_Result] = Future()
        self._calls.put((future, function))
        return await asyncio.wrap_future(future)

    def stop(self) -> None:
        """Lets the thread end after what was given to it; does not wait for that."""
        if self._thread is not None:
            self._calls.put(None)
            self._thread = None

    def _work(self) -> None:
        while call := self._calls.get():
            future, function = call
            if not future.set_running_or_notify_cancel():
                continue
            self._running += 1
            try:
                future.set_result(function())
            except BaseException as error:
                future.set_exception(error)
            finally:
                self._running -= 1
            del call, future, function  # a version that was loaded must not live on here
