"""Batches over several connections at a time, put together in order."""

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

from tfsiamese.errors import ServingError
from tfsiamese.serving.client_texts import Row, batches_of_rows

__all__ = ["Part", "ask_in_batches", "joined"]

Answered = TypeVar("Answered")


@dataclass(frozen=True)
class Part(Generic[Answered]):
    """The answer to one batch, and the places of its rows among all."""

    places: list[int]
    answer: Answered


def ask_in_batches(
    ask: Callable[[list[Row], threading.Event], Answered],
    rows: Sequence[Row],
    *,
    batch_size: int,
    connections: int,
    show_progress: bool = False,
) -> list[Part[Answered]]:
    """Asks for all rows, several batches at a time; with the first failure the others are given up.

    Args:
        ask: answers a batch; the event is set once its answer is of no use.
        rows: n rows.
        batch_size: rows a batch, at most.
        connections: batches under way at a time, at most.
        show_progress: show a progress bar on standard error.

    Returns:
        The answers, in no particular order.
    """
    batches = batches_of_rows(rows, batch_size)
    stop = threading.Event()

    def answer(places: list[int]) -> Part[Answered]:
        return Part(places, ask([rows[place] for place in places], stop))

    with _progress(len(rows), show_progress) as progress:
        parts = []
        for part in _answers(answer, batches, connections, stop):
            parts.append(part)
            progress.update(len(part.places))
    return parts


def _answers(
    answer: Callable[[list[int]], Part[Answered]], batches: list[list[int]], connections: int, stop: threading.Event
) -> Iterator[Part[Answered]]:
    if len(batches) == 1:
        yield answer(batches[0])
        return
    threads = ThreadPoolExecutor(min(connections, len(batches)), "tfsiamese-client")
    try:
        for future in as_completed([threads.submit(answer, places) for places in batches]):
            yield future.result()
    finally:
        stop.set()
        threads.shutdown(wait=False, cancel_futures=True)


def joined(parts: Sequence[tuple[list[int], np.ndarray]], url: str) -> np.ndarray:
    """The arrays of all batches as one, in the order of the rows.

    Raises:
        ServingError: they are not of the same width, as where a new version appeared between two batches.
    """
    widths = {array.shape[1:] for _, array in parts}
    if len(widths) > 1:
        shown = " and ".join(str(width[0]) for width in sorted(widths))
        raise ServingError(
            f"{url} answered with rows of {shown} values in one call: a new version of the model appeared meanwhile. "
            "Call again, or name a version."
        )
    size = sum(len(places) for places, _ in parts)
    whole = np.empty((size, *widths.pop()), parts[0][1].dtype)
    for places, array in parts:
        whole[places] = array
    return whole


def _progress(total: int, show: bool) -> Any:
    from tqdm.auto import tqdm

    return tqdm(total=total, unit="text", desc="encoding", disable=not show)
