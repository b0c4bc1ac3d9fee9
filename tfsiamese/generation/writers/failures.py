"""Why a writer gave no answer, told apart by what to do about it."""

from tfsiamese.generation.writers.answer_text import storable
from tfsiamese.generation.writers.writer import Usage

__all__ = [
    "RefusalError",
    "RejectedRequestError",
    "TemporaryError",
    "UnusableAnswerError",
    "UnusableWriterError",
    "WriterError",
]


class WriterError(Exception):
    """A request without a usable answer.

    Attributes:
        reason: one line without secrets, such as "HTTP 503: overloaded".
        usage: what was paid for it all the same.
    """

    def __init__(self, reason: str, usage: Usage | None = None):
        # Services are quoted in it.
        self.reason = storable(reason)
        super().__init__(self.reason)
        self.usage = usage or Usage()


class TemporaryError(WriterError):
    """Try again later: 408, 409, 429, 5xx, timeouts, cut connections.

    Attributes:
        retry_after: seconds that the service asks to wait; None where it does not say.
        is_rate_limit: too many requests or tokens, so that all others should wait too.
    """

    def __init__(self, reason: str, retry_after: float | None = None, is_rate_limit: bool = False):
        super().__init__(reason)
        self.retry_after = retry_after
        self.is_rate_limit = is_rate_limit


class UnusableAnswerError(WriterError):
    """An answer came, and is broken, cut or empty: another one may be better."""


class RefusalError(WriterError):
    """The model, or a filter before or behind it, declined; asking again changes nothing."""


class RejectedRequestError(WriterError):
    """The request will never be taken, such as one that is too long: 400, 413, 422."""


class UnusableWriterError(WriterError):
    """No request will be taken: a wrong key, no permission, no such model, no credit, no such address."""
