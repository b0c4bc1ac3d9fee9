"""How many requests and tokens may still be spent."""

import threading

__all__ = ["Budget"]

_POLL_SECONDS = 0.2


class Budget:
    """Counts what was spent and what is under way against limits, for all threads of a run.

    Args:
        max_requests: None for no limit.
        max_tokens: None for no limit.
        requests: spent before.
        tokens: spent before.
    """

    def __init__(self, max_requests: int | None, max_tokens: int | None, requests: int = 0, tokens: int = 0):
        self._max_requests = max_requests
        self._max_tokens = max_tokens
        self._requests = requests
        self._tokens = tokens
        self._under_way = 0
        self._settled = threading.Condition()

    def take(self, tokens: int, stop: threading.Event) -> bool:
        """Takes a request of so many tokens out of the budget; False where it does not hold them.

        Where it would hold them if requests under way cost less than estimated, their end is waited for.

        Args:
            tokens: by estimate.
            stop: ends the waiting.
        """
        with self._settled:
            while not self._holds(tokens):
                if self._under_way == 0 or not self._has_requests() or stop.is_set():
                    return False
                self._settled.wait(_POLL_SECONDS)
            self._requests += 1
            self._tokens += tokens
            self._under_way += 1
            return True

    def settle(self, estimated: int, spent: int) -> None:
        """Ends a request: puts what it cost in place of its estimate."""
        with self._settled:
            self._tokens += spent - estimated
            self._under_way -= 1
            self._settled.notify_all()

    def describe(self) -> str:
        """The budget in words, such as "500 requests"."""
        parts = []
        if self._max_requests is not None:
            parts.append(f"{self._max_requests:,} request{'s' * (self._max_requests != 1)}")
        if self._max_tokens is not None:
            parts.append(f"{self._max_tokens:,} tokens")
        return " and ".join(parts)

    def _has_requests(self) -> bool:
        return self._max_requests is None or self._requests < self._max_requests

    def _holds(self, tokens: int) -> bool:
        return self._has_requests() and (self._max_tokens is None or self._tokens + tokens <= self._max_tokens)
