import logging
import threading
from collections.abc import Iterator, Sequence

import pytest

from tfsiamese.errors import GenerationError
from tfsiamese.generation.runs import AnswerStore, Asker, Budget, Crew, Outcome, Pace, Question, StoredAnswer
from tfsiamese.generation.tasks import BrokenAnswerError
from tfsiamese.generation.writers import (
    Answer,
    RefusalError,
    RejectedRequestError,
    Request,
    TemporaryError,
    UnusableAnswerError,
    UnusableWriterError,
    Usage,
)

GOOD = Answer("good", Usage(10, 5))


class ScriptedWriter:
    """Says for each message what its script has next, and "good" when that is empty."""

    name = "scripted:m"

    def __init__(self, **scripts: Sequence[Answer | Exception]):
        self._scripts = {message: list(script) for message, script in scripts.items()}
        self._lock = threading.Lock()
        self.asked: list[str] = []

    def write(self, request: Request) -> Answer:
        with self._lock:
            self.asked.append(request.message)
            script = self._scripts.get(request.message)
            said = script.pop(0) if script else GOOD
        if isinstance(said, Exception):
            raise said
        return said

    def close(self) -> None: ...


class QuickStop(threading.Event):
    """An event that notes how long it would have been waited for, and does not wait."""

    def __init__(self):
        super().__init__()
        self.waits: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waits.append(timeout or 0)
        return self.is_set()

    def clock(self) -> float:
        """The time by which all those waits would have ended."""
        return sum(self.waits)


def question(message: str) -> Question:
    def check(text: str) -> None:
        if text != "good":
            raise BrokenAnswerError(f"the answer is {text}")

    return Question(message, Request("", message, {}), 20, check)


@pytest.fixture
def store(tmp_path) -> Iterator[AnswerStore]:
    with AnswerStore(tmp_path / "a.sqlite") as store:
        yield store


def make_asker(writer: ScriptedWriter, store: AnswerStore, stop: threading.Event, **options) -> Asker:
    budget = options.pop("budget", Budget(None, None))
    pace = options.pop("pace", Pace())
    return Asker(writer, store, pace=pace, budget=budget, max_attempts=3, stop=stop, **options)


def test_an_answer_is_stored_with_its_cost(store):
    outcome = make_asker(ScriptedWriter(), store, QuickStop()).ask(question("a"))
    assert outcome == Outcome(StoredAnswer("good", is_refusal=False))
    assert store.find("a") == outcome.answer
    assert store.spending().tokens == 15


@pytest.mark.parametrize(
    "failure",
    [TemporaryError("HTTP 500"), UnusableAnswerError("cut", Usage(10, 3)), Answer("broken", Usage(10, 3))],
    ids=["temporary", "unusable", "broken"],
)
def test_what_may_be_better_the_next_time_is_asked_again_after_doubling_waits(store, failure):
    writer, stop = ScriptedWriter(a=[failure, failure]), QuickStop()
    outcome = make_asker(writer, store, stop).ask(question("a"))
    assert outcome is not None
    assert outcome.answer == StoredAnswer("good", is_refusal=False)
    assert writer.asked == ["a"] * 3
    first, second = stop.waits
    assert 0.5 <= first <= 1
    assert 1 <= second <= 2
    assert store.spending().requests == 3


def test_after_the_last_attempt_the_chunk_is_given_up_with_the_reason(store):
    outcome = make_asker(ScriptedWriter(a=[TemporaryError("HTTP 500: oops")] * 3), store, QuickStop()).ask(
        question("a")
    )
    assert outcome == Outcome(reason="HTTP 500: oops (given up after 3 requests)", is_failure=True)
    assert store.find("a") is None


def test_a_rate_limit_counts_as_a_fifth_of_an_attempt_and_holds_the_others(store):
    limited = TemporaryError("HTTP 429", retry_after=4.0, is_rate_limit=True)
    writer, stop = ScriptedWriter(a=[limited] * 14), QuickStop()
    pace = Pace(clock=stop.clock)
    outcome = make_asker(writer, store, stop, pace=pace).ask(question("a"))
    assert outcome is not None
    assert outcome.answer is not None
    assert len(writer.asked) == 15
    assert min(stop.waits) >= 4
    assert pace.held() == 0


def test_a_rate_limit_without_a_time_holds_the_others_for_the_backoff(store):
    stop = QuickStop()
    pace = Pace(clock=lambda: 0.0)
    held = []

    class Watched(ScriptedWriter):
        def write(self, request: Request) -> Answer:
            held.append(pace.held())
            return super().write(request)

    asker = make_asker(Watched(a=[TemporaryError("HTTP 429", is_rate_limit=True)]), store, stop, pace=pace)
    pace.hold = lambda seconds: held.append(seconds)
    asker.ask(question("a"))
    assert held[0] == 0
    assert 0.5 <= held[1] <= 1


def test_a_retry_after_is_a_lower_bound_of_the_wait(store):
    stop = QuickStop()
    make_asker(ScriptedWriter(a=[TemporaryError("HTTP 503", retry_after=20)]), store, stop).ask(question("a"))
    assert 20 <= stop.waits[0] <= 20.1


def test_a_service_that_wants_an_hour_ends_the_run(store):
    limited = TemporaryError("HTTP 429: daily quota", retry_after=3600, is_rate_limit=True)
    with pytest.raises(GenerationError, match="asks to wait 3,600 seconds: HTTP 429: daily quota"):
        make_asker(ScriptedWriter(a=[limited]), store, QuickStop()).ask(question("a"))


def test_a_refusal_is_kept_and_not_asked_again(store):
    writer = ScriptedWriter(a=[RefusalError("I cannot help with that", Usage(10, 6))])
    outcome = make_asker(writer, store, QuickStop()).ask(question("a"))
    assert outcome == Outcome(StoredAnswer("I cannot help with that", is_refusal=True))
    assert store.find("a") == StoredAnswer("I cannot help with that", is_refusal=True)
    assert store.spending().tokens == 16


def test_a_rejected_request_fails_at_once(store):
    writer = ScriptedWriter(a=[RejectedRequestError("HTTP 400: too long")])
    outcome = make_asker(writer, store, QuickStop()).ask(question("a"))
    assert outcome == Outcome(reason="HTTP 400: too long", is_failure=True, was_rejected=True)
    assert writer.asked == ["a"]


def test_a_writer_that_takes_nothing_ends_the_run(store):
    with pytest.raises(GenerationError, match="HTTP 401: wrong key"):
        make_asker(ScriptedWriter(a=[UnusableWriterError("HTTP 401: wrong key")]), store, QuickStop()).ask(
            question("a")
        )
    assert store.spending().requests == 1


def test_a_spent_budget_leaves_the_chunk_unasked(store):
    writer = ScriptedWriter()
    asker = make_asker(writer, store, QuickStop(), budget=Budget(1, None))
    asker.ask(question("a"))
    assert asker.ask(question("b")) == Outcome(reason="the budget of 1 request is spent")
    assert writer.asked == ["a"]


def test_a_budget_counts_attempts_that_failed(store):
    asker = make_asker(ScriptedWriter(a=[TemporaryError("HTTP 500")] * 2), store, QuickStop(), budget=Budget(2, None))
    outcome = asker.ask(question("a"))
    assert outcome is not None
    assert outcome == Outcome(reason="HTTP 500 (and then the budget of 2 requests is spent)", is_failure=True)


def test_when_the_run_stops_a_waiting_question_is_left(store):
    stop = QuickStop()
    stop.set()
    writer = ScriptedWriter()
    assert make_asker(writer, store, stop).ask(question("a")) is None
    assert writer.asked == []


def run_crew(writer: ScriptedWriter, store: AnswerStore, messages: Sequence[str], concurrency: int = 4):
    stop = QuickStop()
    outcomes: dict[int, Outcome] = {}
    crew = Crew(make_asker(writer, store, stop), concurrency, stop)
    stopped_by = crew.ask_all([question(message) for message in messages], outcomes.__setitem__)
    return outcomes, stopped_by


def test_every_question_has_one_outcome(store):
    messages = [f"m{number}" for number in range(50)]
    writer = ScriptedWriter(m7=[RejectedRequestError("HTTP 400")])
    outcomes, _ = run_crew(writer, store, messages)
    assert sorted(outcomes) == list(range(50))
    assert [index for index, outcome in outcomes.items() if outcome.is_failure] == [7]
    assert sorted(writer.asked) == sorted(messages)


def test_no_questions_are_no_work(store):
    assert run_crew(ScriptedWriter(), store, [], concurrency=0) == ({}, "")


def test_after_one_failure_after_the_other_the_rest_is_not_asked(store):
    messages = [f"m{number}" for number in range(100)]
    scripts = {message: [TemporaryError("no route to host")] * 3 for message in messages[5:]}
    writer = ScriptedWriter(**scripts)
    outcomes, stopped_by = run_crew(writer, store, messages, concurrency=1)
    assert (
        stopped_by == "the last 20 requests all failed, the last one with: no route to host (given up after 3 requests)"
    )
    assert len(outcomes) in (25, 26)
    assert store.find("m4") is not None


def test_rejected_requests_do_not_end_a_run_in_which_others_succeed(store):
    messages = [f"m{number}" for number in range(60)]
    scripts = {message: [RejectedRequestError("HTTP 400: too long")] for message in messages[5:]}
    outcomes, stopped_by = run_crew(ScriptedWriter(**scripts), store, messages, concurrency=1)
    assert (len(outcomes), stopped_by) == (60, "")


def test_rejected_requests_end_a_run_in_which_nothing_succeeds(store):
    messages = [f"m{number}" for number in range(60)]
    scripts = {message: [RejectedRequestError("HTTP 400: unknown field")] for message in messages}
    outcomes, stopped_by = run_crew(ScriptedWriter(**scripts), store, messages, concurrency=1)
    assert "HTTP 400: unknown field" in stopped_by
    assert len(outcomes) < 60


def test_failures_with_successes_between_them_do_not_end_the_run(store):
    messages = [f"m{number}" for number in range(60)]
    scripts = {message: [RejectedRequestError("HTTP 400")] for message in messages[::2]}
    outcomes, _ = run_crew(ScriptedWriter(**scripts), store, messages, concurrency=1)
    assert sum(outcome.is_failure for outcome in outcomes.values()) == 30


def test_an_unusable_writer_ends_all_threads(store):
    messages = [f"m{number}" for number in range(100)]
    writer = ScriptedWriter(m3=[UnusableWriterError("HTTP 401: wrong key")])
    with pytest.raises(GenerationError, match="HTTP 401"):
        run_crew(writer, store, messages)
    assert len(writer.asked) < 100


def test_an_unexpected_error_in_a_thread_reaches_the_caller(store):
    with pytest.raises(ZeroDivisionError):
        run_crew(ScriptedWriter(m0=[ZeroDivisionError()]), store, ["m0", "m1"])


def test_ctrl_c_waits_for_the_answers_on_their_way_and_asks_nothing_more(store, caplog):
    under_way, released = threading.Event(), threading.Event()

    class SlowWriter(ScriptedWriter):
        def write(self, request: Request) -> Answer:
            if request.message == "b":
                under_way.set()
                assert released.wait(30)
            return super().write(request)

    def interrupt(index: int, outcome: Outcome) -> None:
        assert under_way.wait(30)
        threading.Timer(0.2, released.set).start()
        raise KeyboardInterrupt

    stop = threading.Event()
    crew = Crew(make_asker(SlowWriter(), store, stop), 1, stop)
    with caplog.at_level(logging.INFO), pytest.raises(KeyboardInterrupt):
        crew.ask_all([question(message) for message in "abc"], interrupt)
    assert [store.find(message) is not None for message in "abc"] == [True, True, False]
    assert "waiting for the answers on their way" in caplog.text


def test_an_error_of_the_caller_waits_for_the_answers_on_their_way_too(store):
    released = threading.Event()

    class SlowWriter(ScriptedWriter):
        def write(self, request: Request) -> Answer:
            if request.message == "b":
                assert released.wait(30)
            return super().write(request)

    def fail(index: int, outcome: Outcome) -> None:
        threading.Timer(0.2, released.set).start()
        raise BrokenPipeError

    stop = threading.Event()
    crew = Crew(make_asker(SlowWriter(), store, stop), 2, stop)
    with pytest.raises(BrokenPipeError):
        crew.ask_all([question(message) for message in "ab"], fail)
    assert store.find("b") is not None
