import itertools
import threading

import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.pairs.prefetching import prefetched


def reading_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read ahead"]


@pytest.mark.parametrize("depth", [1, 2, 50])
def test_items_come_in_their_order(depth: int):
    assert list(prefetched(range(20), depth)) == list(range(20))
    assert not reading_threads()


def test_nothing_at_all_is_nothing():
    assert list(prefetched([])) == []


def test_no_more_than_depth_items_are_read_ahead():
    asked, third = [], threading.Event()

    def items():
        for number in itertools.count():
            asked.append(number)
            if number == 2:
                third.set()
            yield number

    ahead = prefetched(items(), depth=2)
    assert next(ahead) == 0
    assert third.wait(10)  # two items beyond the first, which was taken
    ahead.close()
    assert asked == [0, 1, 2]


def test_items_are_read_in_another_thread():
    names = list(prefetched(threading.current_thread().name for _ in range(3)))
    assert names == ["read ahead"] * 3


def test_an_error_comes_after_the_items_before_it():
    def items():
        yield from "ab"
        raise ValueError("broken here")

    ahead, found = prefetched(items()), []
    with pytest.raises(ValueError, match="broken here"):
        found.extend(ahead)  # extend takes what comes before the error
    assert found == ["a", "b"]
    assert not reading_threads()


def test_an_error_that_is_no_exception_comes_through_too():
    def items():
        yield 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        list(prefetched(items()))


def test_closing_early_ends_the_thread_and_closes_what_is_read():
    closed = []

    def items():
        try:
            yield from itertools.count()
        finally:
            closed.append(True)

    ahead = prefetched(items(), depth=3)
    assert [next(ahead), next(ahead)] == [0, 1]
    ahead.close()
    assert closed == [True]
    assert not reading_threads()


def test_a_generator_that_was_never_started_starts_no_thread():
    ahead = prefetched(itertools.count())
    assert not reading_threads()
    ahead.close()


def test_a_depth_below_one_is_refused_at_once():
    with pytest.raises(SettingsError, match="positive integer"):
        prefetched([1], depth=0)
