"""Reads ahead in a thread, so that what comes next is ready when it is wanted."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import Any, TypeVar

from tfsiamese.errors import SettingsError

__all__ = ["prefetched"]

T = TypeVar("T")


def prefetched(items: Iterable[T], depth: int = 2) -> Generator[T, None, None]:
    """Yields the same items in the same order, while one thread prepares those that come next.

    The thread starts with the first item that is asked for. It ends with the last one, with an error, or when the
    generator is closed, in the middle of an epoch too; closing waits for the item that is being prepared.

    Args:
        items: what to read; all of it is read in the thread.
        depth: items that are prepared before they are wanted, at least 1.

    Raises:
        SettingsError: `depth` is below 1.
        Exception: whatever `items` raises comes through, after the items before it.

    Example:
        >>> for batch in prefetched(batches.epoch(0)):
        ...     train(batch)
    """
    if depth < 1:
        raise SettingsError(f"Expected depth to be a positive integer. Received: depth={depth!r}.")
    return _read_ahead(items, depth)


def _read_ahead(items: Iterable[T], depth: int) -> Generator[T, None, None]:
    ahead = _Ahead(depth)
    thread = threading.Thread(target=ahead.read, args=(items,), name="read ahead", daemon=True)
    thread.start()
    try:
        while True:
            kind, value = ahead.next()
            if kind == "item":
                yield value
            elif kind == "error":
                raise value
            else:
                return
    finally:
        ahead.stop()
        thread.join()


class _Ahead:
    """What the thread and its reader share."""

    def __init__(self, depth: int):
        self._ready: queue.SimpleQueue[tuple[str, Any]] = queue.SimpleQueue()
        self._room = threading.Semaphore(depth)
        self._is_stopped = False

    def read(self, items: Iterable[Any]) -> None:
        """Puts the items in the queue, as far as there is room; runs in the thread."""
        iterator = None
        try:
            iterator = iter(items)
            while self._has_room():
                try:
                    item = next(iterator)
                except StopIteration:
                    self._ready.put(("end", None))
                    return
                self._ready.put(("item", item))
        except BaseException as error:  # raised again where the items are wanted
            self._ready.put(("error", error))
        finally:
            close = getattr(iterator, "close", None)
            if close is not None:
                close()

    def next(self) -> tuple[str, Any]:
        """Waits for what comes next: an item, an error or the end."""
        found = self._ready.get()
        self._room.release()
        return found

    def stop(self) -> None:
        """Lets the thread end."""
        self._is_stopped = True
        self._room.release()

    def _has_room(self) -> bool:
        self._room.acquire()
        return not self._is_stopped
