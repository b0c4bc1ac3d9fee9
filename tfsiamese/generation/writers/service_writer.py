"""What the writers of all services have in common: one request, watched, and every failure in its kind."""

import abc
from collections.abc import Mapping
from dataclasses import dataclass
from types import TracebackType
from typing import NoReturn, TypeVar

from tfsiamese.generation.writers.addresses import server_of
from tfsiamese.generation.writers.answer_text import json_part, storable
from tfsiamese.generation.writers.error_bodies import body_text
from tfsiamese.generation.writers.error_kinds import failure_of_exception, failure_of_response
from tfsiamese.generation.writers.exchange import MAX_ANSWER_BYTES, Exchange, ExchangeGuard
from tfsiamese.generation.writers.failures import (
    TemporaryError,
    UnusableAnswerError,
    UnusableWriterError,
    WriterError,
)
from tfsiamese.generation.writers.secrets import LogScrubber, Secret
from tfsiamese.generation.writers.writer import Answer, Request

__all__ = ["Access", "ServiceWriter"]

_Self = TypeVar("_Self", bound="ServiceWriter")


@dataclass(frozen=True)
class Access:
    """How a service is reached.

    Attributes:
        name: service, model and server, as `writer_name` gives it.
        model: as the service calls it.
        address: the base URL, which holds no secret.
        secret: the key, or a placeholder.
        timeout: seconds to wait for an answer.
        is_own: the address is the service's own, and not that of another server that speaks its API.
        has_key: the secret is a key, and no placeholder.
    """

    name: str
    model: str
    address: str
    secret: Secret
    timeout: float
    is_own: bool
    has_key: bool


class ServiceWriter(abc.ABC):
    """A `Writer` that asks a service over HTTP; a context manager, which closes it.

    A request ends after about twice the timeout, however slowly the answer dribbles in; longer answers than 16 MiB are
    given up. The key is hidden in answers, in reasons and in what the client packages log while the writer is open.

    Args:
        access: how the service is reached.
        packages: whose loggers may see the key.
    """

    def __init__(self, access: Access, packages: tuple[str, ...]):
        self.name = access.name
        self._access = access
        self._guard = ExchangeGuard(2 * access.timeout)
        self._scrubber = LogScrubber(access.secret, packages)
        self._is_closed = False

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.name!r})"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a writer holds connections and a key, and cannot be pickled or copied")

    def __enter__(self: _Self) -> _Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def write(self, request: Request) -> Answer:
        """Sends the request once. See `Writer.write`."""
        if self._is_closed:
            raise UnusableWriterError(f"{self.name} is closed")
        # Loggers that the client makes with its first request are covered with the second look.
        self._scrubber.cover()
        outcome = self._outcome(request)
        self._scrubber.cover()
        if isinstance(outcome, Answer):
            return outcome
        # The client's exception holds headers, and the frames of its traceback the key.
        outcome.__cause__ = outcome.__context__ = None
        raise outcome.with_traceback(None)

    def close(self) -> None:
        """Ends connections; a second call does nothing."""
        if not self._is_closed:
            self._is_closed = True
            self._close_client()
            self._scrubber.uncover()

    @abc.abstractmethod
    def _ask(self, request: Request) -> Answer:
        """One answer as the service gives it, or an exception of any kind."""

    @abc.abstractmethod
    def _close_client(self) -> None: ...

    def _outcome(self, request: Request) -> Answer | WriterError:
        with self._guard.watch() as exchange:
            try:
                return self._clean(self._ask(request))
            except WriterError as error:
                return error
            except Exception as error:
                return self._some_failure_of(error, exchange)

    def _clean(self, answer: Answer) -> Answer:
        text = json_part(storable(self._access.secret.scrub(answer.text)))
        if not text:
            raise UnusableAnswerError("the answer is empty", answer.usage)
        return Answer(text, answer.usage)

    def _some_failure_of(self, error: Exception, exchange: Exchange) -> WriterError:
        """Its kind, or a temporary one where a body that nobody thought of keeps it from being told."""
        try:
            return self._failure_of(error, exchange)
        except Exception:
            return TemporaryError(f"{self._access.address}: {type(error).__name__}")

    def _failure_of(self, error: Exception, exchange: Exchange) -> WriterError:
        access = self._access
        if exchange.is_too_long:
            return UnusableAnswerError(f"the answer is longer than {MAX_ANSWER_BYTES // 2**20} MiB")
        if exchange.timed_out:
            return TemporaryError(f"{access.address}: no whole answer within {2 * access.timeout:g} seconds")
        response = getattr(error, "response", None)
        if response is None:
            # The client failed while it read the error.
            response = exchange.response
        status = getattr(response, "status_code", 0)
        if response is not None and status >= 300:
            return self._failure_of_response(status, response.headers, body_text(response))
        return failure_of_exception(error, access.address, access.timeout, access.secret.scrub)

    def _failure_of_response(self, status: int, headers: Mapping[str, str], text: str) -> WriterError:
        access = self._access
        advice = ""
        if not access.has_key:
            advice = (
                f"No key was sent to {server_of(access.address)}: name the environment variable that holds it with "
                "--key-variable (key_variable= in Python)."
            )
        return failure_of_response(status, headers, text, access.secret.scrub, advice)
