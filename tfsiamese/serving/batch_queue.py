"""Concurrent requests are joined along their first dimension, run as one, and split again.

Everything here but the running itself happens in the thread of the event loop, so that nothing needs a lock.
"""

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np

from tfsiamese.serving.batch_limits import BatchLimits
from tfsiamese.serving.rest_errors import RestError, invalid_argument

__all__ = ["BatchQueue", "Tensors", "Workers", "batch_rows", "run_joined"]

Tensors = Mapping[str, np.ndarray]
_Run = Callable[[Tensors], Tensors]
_Results = list[Tensors | Exception]


@dataclass(frozen=True, eq=False)
class _Task:
    inputs: Tensors
    rows: int
    answer: "asyncio.Future[Tensors]"
    since: float


class Workers:
    """The threads that run batches, shared by all queues; whose turn it is goes round."""

    def __init__(self, threads: int):
        self._executor = ThreadPoolExecutor(threads, thread_name_prefix="batch")
        self._free = threads
        self._ready: deque[BatchQueue] = deque()

    def enlist(self, queue: "BatchQueue") -> None:
        """Runs a batch of the queue as soon as a thread is free; by then it may have grown."""
        if queue not in self._ready:
            self._ready.append(queue)
        self._start()

    def shut_down(self) -> None:
        """Waits for the batches that are running."""
        self._executor.shutdown(cancel_futures=True)

    def _start(self) -> None:
        while self._free and self._ready:
            queue = self._ready.popleft()
            tasks = queue.take()
            if not tasks:
                continue
            self._free -= 1
            running = asyncio.get_running_loop().run_in_executor(self._executor, queue.run_batch, tasks)
            running.add_done_callback(partial(self._finish, tasks))

    def _finish(self, tasks: list[_Task], done: "asyncio.Future[_Results]") -> None:
        self._free += 1
        try:
            for task, result in zip(tasks, _results(done, len(tasks)), strict=True):
                if task.answer.done():  # the client went away, or its time was up
                    continue
                if isinstance(result, Exception):
                    task.answer.set_exception(result)
                else:
                    task.answer.set_result(result)
        finally:
            self._start()


class BatchQueue:
    """The waiting requests of one signature of one version.

    Args:
        run: what a batch is given to, in a thread of the workers.
        workers: those threads.
        limits: how requests are joined.
        joins: whether they are joined at all; a signature of one fixed batch size takes them singly, as 1 row each.
        on_batch: is told the rows of each batch that is run.

    Attributes:
        joins: the same.
        rows_waiting: how many rows wait for their batch.
    """

    def __init__(
        self,
        run: _Run,
        workers: Workers,
        limits: BatchLimits,
        joins: bool = True,
        on_batch: Callable[[int], None] = lambda rows: None,
    ):
        self._run, self._workers, self._limits, self._on_batch = run, workers, limits, on_batch
        self.joins = joins
        self._waiting: deque[_Task] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self.rows_waiting = 0

    def submit(self, inputs: Tensors, rows: int) -> "asyncio.Future[Tensors]":
        """Enqueues one request; the future takes its outputs, and can be cancelled.

        Raises:
            RestError: UNAVAILABLE where the queue is full; INVALID_ARGUMENT where the request is too large.
        """
        limits = self._limits
        if self.joins and rows > limits.max_batch_size and not limits.larger_requests:
            raise invalid_argument(f"Task size {rows} is larger than maximum input batch size {limits.max_batch_size}")
        capacity = limits.max_batch_size * limits.max_enqueued_batches - self.rows_waiting
        if self._waiting and rows > capacity:
            raise RestError(
                "UNAVAILABLE",
                "The batch scheduling queue to which this task was submitted is full; "
                f"task size is {rows} but scheduling capacity is only {max(capacity, 0)} "
                f"(max_enqueued_batches={limits.max_enqueued_batches}, max_execution_batch_size="
                f"{limits.max_batch_size})",
            )
        loop = asyncio.get_running_loop()
        task = _Task(inputs, rows, loop.create_future(), time.monotonic())
        self._waiting.append(task)
        self.rows_waiting += max(rows, 1)
        task.answer.add_done_callback(partial(self._leave, task))
        self._arrange()
        return task.answer

    def take(self) -> list[_Task]:
        """The tasks of the next batch, without those that were cancelled; at least one where any is left."""
        tasks: list[_Task] = []
        rows = 0
        while self._waiting:
            task = self._waiting[0]
            if tasks and (not self.joins or rows + task.rows > self._limits.max_batch_size):
                break
            self._waiting.popleft()
            self.rows_waiting -= max(task.rows, 1)
            if not task.answer.done():
                tasks.append(task)
                rows += task.rows
        if self._timer:
            self._timer.cancel()
            self._timer = None
        if self._waiting:
            self._arrange()
        return tasks

    def run_batch(self, tasks: Sequence[_Task]) -> _Results:
        """Runs a batch; in a thread of the workers."""
        self._on_batch(sum(task.rows for task in tasks))
        return run_joined(self._run, [task.inputs for task in tasks], [task.rows for task in tasks])

    def _leave(self, task: _Task, answer: "asyncio.Future[Tensors]") -> None:
        """A task that is cancelled while it waits makes room for others."""
        if answer.cancelled():
            with contextlib.suppress(ValueError):  # it was taken before
                self._waiting.remove(task)
                self.rows_waiting -= max(task.rows, 1)

    def _arrange(self) -> None:
        """Sees to it that what waits is run: now where it fills a batch, else when the first has waited long enough."""
        patience = self._limits.timeout - (time.monotonic() - self._waiting[0].since)
        if not self.joins or self.rows_waiting >= self._limits.max_batch_size or patience <= 0:
            asyncio.get_running_loop().call_soon(self._workers.enlist, self)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(patience, self._workers.enlist, self)


def batch_rows(inputs: Tensors) -> int:
    """The size of the first dimension, which all inputs have in common.

    Raises:
        RestError: they have none in common.
    """
    sizes = {tensor.shape[0] if tensor.shape else None for tensor in inputs.values()}
    if None in sizes:
        raise invalid_argument("Batching Run() input tensors must have at least one dimension")
    if len(sizes) > 1:
        raise invalid_argument("Batching Run() input tensors must have equal 0th-dimension size")
    (rows,) = sizes
    return int(rows or 0)


def run_joined(run: _Run, requests: Sequence[Tensors], rows: Sequence[int]) -> _Results:
    """The outputs, or the error, of each request; where the joined batch fails, each is run by itself."""
    if len(requests) > 1:
        try:
            joined = {name: np.concatenate([inputs[name] for inputs in requests]) for name in requests[0]}
            return list(_split(run(joined), rows))
        except Exception:  # whosever fault it is, the others must not suffer
            pass
    return [_attempt(run, inputs) for inputs in requests]


def _results(done: "asyncio.Future[_Results]", size: int) -> _Results:
    """The result of each task of a batch; where there is none, the reason for each."""
    if done.cancelled():
        return [RestError("UNAVAILABLE", "The server is about to end")] * size
    error = done.exception()
    if error is None:
        return done.result()
    return [error if isinstance(error, Exception) else RestError("INTERNAL", f"The batch ended with {error!r}")] * size


def _attempt(run: _Run, inputs: Tensors) -> Tensors | Exception:
    try:
        return run(inputs)
    except Exception as error:
        return error


def _split(outputs: Tensors, rows: Sequence[int]) -> list[Tensors]:
    if any(not tensor.shape or len(tensor) != sum(rows) for tensor in outputs.values()):
        raise ValueError("an output has not as many rows as the inputs")
    ends = np.cumsum(rows).tolist()
    starts = [0, *ends[:-1]]
    return [
        {name: tensor[start:end] for name, tensor in outputs.items()} for start, end in zip(starts, ends, strict=True)
    ]
