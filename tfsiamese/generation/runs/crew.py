"""Many questions at once, until all have an outcome or the run has to stop."""

import logging
import queue
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from tfsiamese.generation.runs.asking import Asker, Outcome, Question

__all__ = ["Crew"]

_logger = logging.getLogger(__name__)

_POLL_SECONDS = 0.2
_MOST_FAILURES_IN_A_ROW = 20


@dataclass(frozen=True)
class _Event:
    """What a thread reports: a question's outcome, the error that ended it, or that it has nothing left to do."""

    index: int = -1
    outcome: Outcome | None = None
    error: BaseException | None = None


class Crew:
    """Threads that ask.

    Args:
        asker: asks one question.
        concurrency: how many threads.
        stop: the event that the asker heeds.
        has_succeeded: whether the service has answered other questions in earlier runs.
    """

    def __init__(self, asker: Asker, concurrency: int, stop: threading.Event, has_succeeded: bool = False):
        self._asker = asker
        self._concurrency = concurrency
        self._stop = stop
        self._failures_in_a_row = 0
        self._has_succeeded = has_succeeded

    def ask_all(self, questions: Iterable[Question], take: Callable[[int, Outcome], None]) -> str:
        """Asks all questions; gives each outcome, as it comes, to `take`, with the index of its question.

        Where one question after the other fails the rest is not asked. Requests that are rejected for what they hold
        count as such failures only while no other one has succeeded.

        After Ctrl-C or SIGTERM no new request is sent, and the answers on their way are waited for, since they are
        paid; a second Ctrl-C leaves them.

        Returns:
            Why the rest was not asked; "" where all were.

        Raises:
            DataError: the store is damaged.
            GenerationError: the service takes no request, or an answer cannot be stored.
            KeyboardInterrupt: after the first Ctrl-C, when no answer is on its way any more.
        """
        events: queue.SimpleQueue[_Event] = queue.SimpleQueue()
        waiting = enumerate(questions)
        lock = threading.Lock()
        # Daemons: those that wait for an answer nobody wants any more must not hold the process.
        threads = [
            threading.Thread(target=self._work, args=(waiting, lock, events), name=f"writer-{number}", daemon=True)
            for number in range(self._concurrency)
        ]
        try:
            for thread in threads:
                thread.start()
            return self._take_all(events, len(threads), take)
        except BaseException as error:
            self._stop.set()
            if isinstance(error, (KeyboardInterrupt, SystemExit)):
                _logger.info("Stopping: waiting for the answers on their way. Stop it again to leave them.")
            _join(threads)
            raise
        finally:
            self._stop.set()

    def _work(
        self, waiting: Iterator[tuple[int, Question]], lock: threading.Lock, events: "queue.SimpleQueue[_Event]"
    ) -> None:
        try:
            while not self._stop.is_set():
                with lock:
                    index, question = next(waiting, (-1, None))
                if question is None:
                    break
                outcome = self._asker.ask(question)
                if outcome is None:
                    break
                events.put(_Event(index, outcome))
        except BaseException as error:
            self._stop.set()
            events.put(_Event(error=error))
        else:
            events.put(_Event())

    def _take_all(
        self, events: "queue.SimpleQueue[_Event]", num_working: int, take: Callable[[int, Outcome], None]
    ) -> str:
        error: BaseException | None = None
        stopped_by = ""
        while num_working:
            try:
                event = events.get(timeout=_POLL_SECONDS)
            except queue.Empty:
                continue
            if event.outcome is None:
                num_working -= 1
                error = error or event.error
                continue
            take(event.index, event.outcome)
            stopped_by = stopped_by or self._stopped_by(event.outcome)
        if error is not None:
            raise error
        return stopped_by

    def _stopped_by(self, outcome: Outcome) -> str:
        if not outcome.is_failure:
            self._failures_in_a_row = 0
            self._has_succeeded = self._has_succeeded or outcome.answer is not None
            return ""
        self._failures_in_a_row += not (outcome.was_rejected and self._has_succeeded)
        if self._failures_in_a_row < _MOST_FAILURES_IN_A_ROW:
            return ""
        self._stop.set()
        return f"the last {self._failures_in_a_row} requests all failed, the last one with: {outcome.reason}"


def _join(threads: list[threading.Thread]) -> None:
    for thread in threads:
        while thread.is_alive():  # a join without a limit would not hear the second Ctrl-C
            thread.join(_POLL_SECONDS)
