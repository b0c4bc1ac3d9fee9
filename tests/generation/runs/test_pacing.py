import threading

import pytest

from tfsiamese.generation.runs import Budget, Pace


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_without_limits_nothing_waits():
    pace = Pace(clock=Clock())
    assert [pace.reserve(1000) for _ in range(3)] == [0, 0, 0]


def test_requests_are_spread_over_the_minute():
    pace = Pace(requests_per_minute=30, clock=Clock())
    assert [pace.reserve(1) for _ in range(4)] == pytest.approx([0, 2, 4, 6])


def test_time_that_passed_is_not_waited_for_again():
    clock = Clock()
    pace = Pace(requests_per_minute=30, clock=clock)
    pace.reserve(1)
    clock.now += 1.5
    assert pace.reserve(1) == pytest.approx(0.5)
    clock.now += 100
    assert pace.reserve(1) == 0


def test_tokens_are_spread_as_requests_cost_them():
    pace = Pace(tokens_per_minute=6000, clock=Clock())
    assert [pace.reserve(tokens) for tokens in (500, 100, 1)] == pytest.approx([0, 5, 6])


def test_the_stricter_limit_holds():
    pace = Pace(requests_per_minute=60, tokens_per_minute=6000, clock=Clock())
    assert [pace.reserve(tokens) for tokens in (10, 300, 10)] == pytest.approx([0, 1, 4])


def test_an_estimate_is_corrected_by_what_was_spent():
    pace = Pace(tokens_per_minute=6000, clock=Clock())
    pace.reserve(500)
    pace.correct(200 - 500)
    assert pace.reserve(1) == pytest.approx(2)


def test_a_pause_holds_all_and_does_not_shorten_another():
    pace = Pace(clock=Clock())
    pace.hold(7)
    pace.hold(3)
    assert [pace.reserve(1), pace.reserve(1)] == [7, 7]


def test_a_pause_is_known_to_those_that_reserved_before_it():
    clock = Clock()
    pace = Pace(requests_per_minute=60, clock=clock)
    pace.reserve(1)
    assert pace.held() == 0
    pace.hold(7)
    clock.now += 3
    assert pace.held() == 4
    clock.now += 10
    assert pace.held() == 0


def test_a_budget_of_requests_counts_those_of_earlier_runs():
    budget, stop = Budget(max_requests=5, max_tokens=None, requests=3), threading.Event()
    assert [budget.take(10, stop) for _ in range(3)] == [True, True, False]
    assert budget.describe() == "5 requests"


def test_a_budget_of_tokens_counts_what_is_under_way_by_estimate_and_then_by_cost():
    budget, stop = Budget(max_requests=None, max_tokens=1000, tokens=100), threading.Event()
    assert budget.take(600, stop)
    threading.Timer(0.1, budget.settle, (600, 250)).start()
    assert budget.take(600, stop), "what is under way may cost less, so its end is waited for"
    budget.settle(600, 600)
    assert not budget.take(600, stop)
    assert budget.describe() == "1,000 tokens"


def test_whoever_waits_for_a_budget_hears_the_stop():
    budget, stop = Budget(max_requests=None, max_tokens=1000), threading.Event()
    assert budget.take(600, stop)
    stop.set()
    assert not budget.take(600, stop)
