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
# A service that wants more than this has no capacity left for the day.
_LONGEST_PAUSE = 300.0
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
        is_failure: whether it was tried and failed, as against never asked.
    """

    answer: StoredAnswer | None = None
    reason: str = ""
    is_failure: bool = False


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
        attempts = 0.0
        while True:
            if self._stop.wait(self._pace.reserve(question.estimated_tokens)):
                return None
            if not self._budget.take(question.estimated_tokens):
                return Outcome(reason=f"not asked: the budget of {self._budget.describe()} is spent")
            number = self._store.begin(question.key, question.estimated_tokens)
            try:
                return self._answered(question, number)
            except (TemporaryError, UnusableAnswerError) as error:
                self._close(question, number, error)
                attempts += _weight(error)
                if attempts > self._max_attempts - 1e-9:
                    return Outcome(
                        reason=f"{error.reason} (given up after {self._max_attempts} attempts)", is_failure=True
                    )
                self.num_retries += 1
                if self._stop.wait(self._seconds_until_retry(error, attempts)):
                    return None

    def _answered(self, question: Question, number: int) -> Outcome:
        try:
            answer = self._writer.write(question.request)
            _check(answer, question)
        except RefusalError as error:
            return self._kept(question, number, StoredAnswer(error.reason, is_refusal=True), error.usage)
        except RejectedRequestError as error:
            self._close(question, number, error)
            return Outcome(reason=error.reason, is_failure=True)
        except UnusableWriterError as error:
            self._close(question, number, error)
            raise GenerationError(error.reason) from None
        return self._kept(question, number, StoredAnswer(answer.text, is_refusal=False), answer.usage)

    def _kept(self, question: Question, number: int, answer: StoredAnswer, usage: Usage) -> Outcome:
        self._store.answer(number, question.key, self._writer.name, answer, usage)
        self._settle(question, usage)
        return Outcome(answer)

    def _close(self, question: Question, number: int, error: WriterError) -> None:
        self._store.fail(number, error.reason, error.usage)
        self._settle(question, error.usage)
        _logger.debug("%s", error.reason)

    def _settle(self, question: Question, usage: Usage) -> None:
        spent = usage.input_tokens + usage.output_tokens
        self._budget.settle(question.estimated_tokens, spent)
        self._pace.correct(spent - question.estimated_tokens)

    def _seconds_until_retry(self, error: WriterError, attempts: float) -> float:
        doubled = min(_LONGEST_WAIT, _FIRST_WAIT * 2 ** min(max(attempts - 1, 0), 10))
        wait = doubled * self._random.uniform(0.5, 1)
        asked = error.retry_after if isinstance(error, TemporaryError) else None
        if asked is None:
            return wait
        if asked > _LONGEST_PAUSE:
            raise GenerationError(
                f"{self._writer.name} asks to wait {asked:,.0f} seconds: {error.reason}. Run the same command again "
                "then; the answers so far are kept."
            ) from None
        if isinstance(error, TemporaryError) and error.is_rate_limit:
            self._pace.hold(asked)
        return asked + self._random.uniform(0, 0.1 * doubled)


def _weight(error: WriterError) -> float:
    return _RATE_LIMIT_SHARE if isinstance(error, TemporaryError) and error.is_rate_limit else 1.0


def _check(answer: Answer, question: Question) -> None:
    try:
        question.check(answer.text)
    except BrokenAnswerError as error:
        raise UnusableAnswerError(str(error), answer.usage) from None
