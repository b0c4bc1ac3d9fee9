"""One request until it has an answer, or a reason for having none."""

import logging
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass

from tfsiamese.errors import GenerationError
from tfsiamese.generation.runs.answer_store import AnswerStore, StoredAnswer
from tfsiamese.generation.runs.budget import Budget
from tfsiamese.generation.runs.pacing import Pace
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
    Writer,
    WriterError,
)

__all__ = ["Asker", "Outcome", "Question"]

_logger = logging.getLogger(__name__)

_FIRST_WAIT = 1.0
_LONGEST_WAIT = 60.0
# A rate limit beyond this is a quota that is spent.
_LONGEST_PAUSE = 300.0
_ONE_DAY = 86_400.0
_RATE_LIMIT_SHARE = 0.2


@dataclass(frozen=True)
class Question:
    """What is to be asked.

    Attributes:
        key: identifies the request and the writer, as `request_key` makes it.
        request: what is sent.
        estimated_tokens: of request and answer together.
        check: raises BrokenAnswerError for an answer that cannot be used.
    """

    key: str
    request: Request
    estimated_tokens: int
    check: Callable[[str], object]


@dataclass(frozen=True)
class Outcome:
    """What became of a question.

    Attributes:
        answer: the answer, or the refusal; None where there is neither.
        reason: why there is none.
        is_failure: whether it was asked and failed, as against never asked.
        was_rejected: whether the service will never take this request.
    """

    answer: StoredAnswer | None = None
    reason: str = ""
    is_failure: bool = False
    was_rejected: bool = False


class Asker:
    """Asks one question at a time in each of several threads.

    Waits double from one second to a minute, with jitter, and are at least what the service asks for.

    Args:
        writer: answers.
        store: keeps every answer.
        pace: of all threads together.
        budget: of all runs together.
        max_attempts: for each question.
        stop: ends all waiting.

    Reference: M. Brooker, "Exponential Backoff and Jitter", AWS Architecture Blog, 2015.
    """

    def __init__(
        self,
        writer: Writer,
        store: AnswerStore,
        *,
        pace: Pace,
        budget: Budget,
        max_attempts: int,
        stop: threading.Event,
    ):
        self._writer = writer
        self._store = store
        self._pace = pace
        self._budget = budget
        self._max_attempts = max_attempts
        self._stop = stop
        self._random = random.Random()
        self.num_retries = 0

    def ask(self, question: Question) -> Outcome | None:
        """Asks until there is an answer; None where the run is being stopped.

        Raises:
            GenerationError: no question will be answered.
        """
        attempts, num_requests = 0.0, 0
        failure: WriterError | None = None
        while True:
            if not self._budget.take(question.estimated_tokens, self._stop):
                return None if self._stop.is_set() else self._unpaid(failure)
            if not self._waits_its_turn(question.estimated_tokens):
                self._budget.settle(question.estimated_tokens, 0)
                return None
            number = self._store.begin(question.key, question.estimated_tokens)
            num_requests += 1
            try:
                return self._answered(question, number)
            except (TemporaryError, UnusableAnswerError) as error:
                self._close(question, number, error)
                failure = error
            attempts += _RATE_LIMIT_SHARE if _is_rate_limit(failure) else 1
            if attempts > self._max_attempts - 1e-9:
                return Outcome(reason=f"{failure.reason} (given up after {num_requests} requests)", is_failure=True)
            self.num_retries += 1
            if self._stop.wait(self._seconds_until_retry(failure, num_requests)):
                return None

    def _unpaid(self, failure: WriterError | None) -> Outcome:
        spent = f"the budget of {self._budget.describe()} is spent"
        if failure is None:
            return Outcome(reason=spent)
        return Outcome(reason=f"{failure.reason} (and then {spent})", is_failure=True)

    def _waits_its_turn(self, tokens: int) -> bool:
        """False where the run is being stopped."""
        seconds = self._pace.reserve(tokens)
        # A pause may begin while this one waits.
        while seconds > 0:
            if self._stop.wait(min(seconds, _LONGEST_PAUSE)):
                return False
            seconds = max(seconds - _LONGEST_PAUSE, self._pace.held())
        return not self._stop.is_set()

    def _answered(self, question: Question, number: int) -> Outcome:
        try:
            answer = self._writer.write(question.request)
            _check(answer, question)
        except RefusalError as error:
            return self._kept(question, number, StoredAnswer(error.reason, is_refusal=True), error.usage)
        except RejectedRequestError as error:
            self._close(question, number, error)
            return Outcome(reason=error.reason, is_failure=True, was_rejected=True)
        except UnusableWriterError as error:
            self._close(question, number, error)
            raise GenerationError(error.reason) from None
        return self._kept(question, number, StoredAnswer(answer.text, is_refusal=False), answer.usage)

    def _kept(self, question: Question, number: int, answer: StoredAnswer, usage: Usage) -> Outcome:
        self._store.answer(number, question.key, self._writer.name, answer, usage)
        # A service that does not count leaves the estimate.
        self._settle(question, _total(usage) or question.estimated_tokens)
        return Outcome(answer)

    def _close(self, question: Question, number: int, error: WriterError) -> None:
        self._store.fail(number, error.reason, error.usage)
        self._settle(question, _total(error.usage))
        _logger.debug("%s", error.reason)

    def _settle(self, question: Question, spent: int) -> None:
        self._budget.settle(question.estimated_tokens, spent)
        self._pace.correct(spent - question.estimated_tokens)

    def _seconds_until_retry(self, error: WriterError, num_requests: int) -> float:
        doubled = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(num_requests - 1, 10))
        wait = doubled * self._random.uniform(0.5, 1)
        asked = error.retry_after if isinstance(error, TemporaryError) else None
        if asked is not None:
            if asked > _LONGEST_PAUSE and _is_rate_limit(error):
                raise GenerationError(
                    f"{self._writer.name} asks to wait {_duration(asked)}: {error.reason}. Run the same command again "
                    "then; the answers so far are kept."
                ) from None
            wait = min(asked, _LONGEST_PAUSE) + self._random.uniform(0, 0.1 * doubled)
        if _is_rate_limit(error):
            self._pace.hold(wait)
        return wait


def _is_rate_limit(error: WriterError) -> bool:
    return isinstance(error, TemporaryError) and error.is_rate_limit


def _total(usage: Usage) -> int:
    return usage.input_tokens + usage.output_tokens


def _duration(seconds: float) -> str:
    return f"{seconds:,.0f} seconds" if seconds < _ONE_DAY else "more than a day"


def _check(answer: Answer, question: Question) -> None:
    try:
        question.check(answer.text)
    except BrokenAnswerError as error:
        raise UnusableAnswerError(str(error), answer.usage) from None
