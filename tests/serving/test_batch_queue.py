"""Batches with a `run` that the tests hold back, so that nothing depends on the clock."""

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable

import numpy as np
import pytest

from tfsiamese.serving.batch_limits import BatchLimits
from tfsiamese.serving.batch_queue import BatchQueue, Tensors, Workers, batch_rows, run_joined
from tfsiamese.serving.rest_errors import RestError

AT_ONCE = BatchLimits(max_batch_size=4, timeout=0, max_enqueued_batches=2, threads=1)


class Model:
    """Adds 1; notes the batches; waits in each for `go`."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.started = threading.Event()

    def run(self, inputs: Tensors) -> Tensors:
        self.batches.append(inputs["x"].tolist())
        self.started.set()
        assert self.go.wait(60)
        if -1 in inputs["x"]:
            raise ValueError("a negative number")
        return {"y": inputs["x"] + 1}


def rows(*values: int) -> Tensors:
    return {"x": np.array(values, dtype=np.int64)}


def run_with_queue(
    test: Callable[[BatchQueue, Model], Awaitable[None]], limits: BatchLimits = AT_ONCE, joins: bool = True
) -> Model:
    model = Model()

    async def main() -> None:
        workers = Workers(limits.threads)
        try:
            await asyncio.wait_for(test(BatchQueue(model.run, workers, limits, joins), model), 60)
        finally:
            model.go.set()
            workers.shut_down()

    asyncio.run(main())
    return model


async def occupied(queue: BatchQueue, model: Model) -> "asyncio.Future[Tensors]":
    """Gives the only thread something to do, until `go`."""
    first = queue.submit(rows(100), 1)
    await asyncio.get_running_loop().run_in_executor(None, model.started.wait)
    return first


def test_requests_that_wait_are_joined_up_to_the_largest_batch_and_split_again():
    async def test(queue: BatchQueue, model: Model) -> None:
        answers = [await occupied(queue, model)]
        answers += [queue.submit(rows(*values), len(values)) for values in ([1], [2, 3], [4], [5])]
        model.go.set()
        results = [result["y"].tolist() for result in await asyncio.gather(*answers)]
        assert results == [[101], [2], [3, 4], [5], [6]]

    assert run_with_queue(test).batches == [[100], [1, 2, 3, 4], [5]]


def test_a_request_alone_runs_when_it_has_waited_long_enough():
    async def test(queue: BatchQueue, model: Model) -> None:
        model.go.set()
        assert (await queue.submit(rows(1), 1))["y"].tolist() == [2]

    run_with_queue(test, BatchLimits(max_batch_size=4, timeout=0.01, threads=1))


def test_a_full_batch_does_not_wait():
    async def test(queue: BatchQueue, model: Model) -> None:
        model.go.set()
        answers = [queue.submit(rows(number), 1) for number in range(4)]
        assert [result["y"].tolist() for result in await asyncio.gather(*answers)] == [[1], [2], [3], [4]]

    assert run_with_queue(test, BatchLimits(max_batch_size=4, timeout=3600, threads=1)).batches == [[0, 1, 2, 3]]


def test_one_that_fails_in_a_joined_batch_fails_alone():
    async def test(queue: BatchQueue, model: Model) -> None:
        answers = [await occupied(queue, model), *(queue.submit(rows(number), 1) for number in (1, -1, 3))]
        model.go.set()
        results = await asyncio.gather(*answers, return_exceptions=True)
        assert isinstance(results[2], ValueError)
        assert [results[number]["y"].tolist() for number in (1, 3)] == [[2], [4]]

    assert run_with_queue(test).batches == [[100], [1, -1, 3], [1], [-1], [3]]


def test_requests_of_other_shapes_do_not_hurt_each_other():
    def run(inputs: Tensors) -> Tensors:
        return {"y": inputs["x"] * 2}

    results = run_joined(run, [{"x": np.ones([1, 2])}, {"x": np.ones([1, 3])}], [1, 1])
    assert [result["y"].shape for result in results] == [(1, 2), (1, 3)]


def test_outputs_that_do_not_go_with_the_rows_are_run_singly():
    def run(inputs: Tensors) -> Tensors:
        return {"total": inputs["x"].sum(keepdims=True)}

    results = run_joined(run, [rows(1, 2), rows(3)], [2, 1])
    assert [result["total"].tolist() for result in results] == [[3], [3]]


def test_a_full_queue_is_unavailable_in_tensorflow_servings_words():
    async def test(queue: BatchQueue, model: Model) -> None:
        answers = [await occupied(queue, model), *(queue.submit(rows(number), 1) for number in range(8))]
        with pytest.raises(RestError, match="The batch scheduling queue to which this task was submitted is full") as e:
            queue.submit(rows(9), 1)
        assert (e.value.code, e.value.http_status) == ("UNAVAILABLE", 503)
        model.go.set()
        await asyncio.gather(*answers)
        assert queue.rows_waiting == 0

    run_with_queue(test)


def test_a_cancelled_request_is_not_run():
    async def test(queue: BatchQueue, model: Model) -> None:
        first = await occupied(queue, model)
        gone, stays = queue.submit(rows(1), 1), queue.submit(rows(2), 1)
        gone.cancel()
        model.go.set()
        await asyncio.gather(first, stays)

    assert run_with_queue(test).batches == [[100], [2]]


def test_a_cancelled_request_gives_its_place_in_the_queue_back_at_once():
    async def test(queue: BatchQueue, model: Model) -> None:
        first = await occupied(queue, model)
        waiting = [queue.submit(rows(number), 1) for number in range(8)]
        inputs = rows(8)
        tensor = weakref.ref(inputs["x"])
        with pytest.raises(RestError, match="is full"):
            queue.submit(inputs, 1)
        waiting.pop(3).cancel()
        await asyncio.sleep(0)  # callbacks of a future are run in the next round of the event loop
        assert queue.rows_waiting == 7
        waiting.append(queue.submit(inputs, 1))
        waiting.pop().cancel()
        del inputs
        await asyncio.sleep(0)
        assert tensor() is None
        model.go.set()
        await asyncio.gather(first, *waiting)
        assert queue.rows_waiting == 0

    assert run_with_queue(test).batches == [[100], [0, 1, 2, 4], [5, 6, 7]]


def test_a_request_that_is_cancelled_while_it_runs_does_not_count_twice():
    async def test(queue: BatchQueue, model: Model) -> None:
        first = await occupied(queue, model)
        stays = queue.submit(rows(1), 1)
        first.cancel()
        await asyncio.sleep(0)
        assert queue.rows_waiting == 1
        model.go.set()
        await stays

    run_with_queue(test)


@pytest.mark.parametrize("failure", [OSError("broken"), SystemExit("broken")])
def test_a_failure_around_a_batch_is_the_answer_of_all_in_it_and_the_queue_goes_on(failure: BaseException):
    async def main() -> None:
        failures = [failure]

        def note(rows: int) -> None:
            if failures:
                raise failures.pop()

        workers = Workers(1)
        queue = BatchQueue(lambda inputs: {"y": inputs["x"]}, workers, AT_ONCE, on_batch=note)
        try:
            answers = asyncio.gather(*(queue.submit(rows(number), 1) for number in (1, 2)), return_exceptions=True)
            for error in await asyncio.wait_for(answers, 60):
                assert isinstance(error, Exception)
                assert "broken" in str(error)
            answer = await asyncio.wait_for(queue.submit(rows(3), 1), 60)
            assert answer["y"].tolist() == [3]
        finally:
            workers.shut_down()

    asyncio.run(main())


def test_a_request_larger_than_a_batch_runs_alone_or_is_refused():
    async def runs(queue: BatchQueue, model: Model) -> None:
        answers = [await occupied(queue, model), queue.submit(rows(1), 1), queue.submit(rows(*range(6)), 6)]
        model.go.set()
        await asyncio.gather(*answers)

    async def refuses(queue: BatchQueue, model: Model) -> None:
        with pytest.raises(RestError, match="^Task size 6 is larger than maximum input batch size 4$") as caught:
            queue.submit(rows(*range(6)), 6)
        assert caught.value.http_status == 400

    assert run_with_queue(runs).batches == [[100], [1], [0, 1, 2, 3, 4, 5]]
    run_with_queue(refuses, BatchLimits(max_batch_size=4, larger_requests=False))


def test_what_cannot_be_joined_runs_one_by_one():
    async def test(queue: BatchQueue, model: Model) -> None:
        model.go.set()
        await asyncio.gather(*(queue.submit(rows(number), 1) for number in range(3)))

    assert run_with_queue(test, joins=False).batches == [[0], [1], [2]]


def test_no_rows_at_all_are_run_too():
    async def test(queue: BatchQueue, model: Model) -> None:
        model.go.set()
        assert (await queue.submit(rows(), 0))["y"].tolist() == []

    run_with_queue(test)


def test_inputs_must_have_a_first_dimension_and_the_same_one():
    assert batch_rows({"a": np.zeros(3), "b": np.zeros([3, 2])}) == 3
    with pytest.raises(RestError, match="must have equal 0th-dimension size"):
        batch_rows({"a": np.zeros(3), "b": np.zeros(2)})
    with pytest.raises(RestError, match="must have at least one dimension"):
        batch_rows({"a": np.zeros([])})
