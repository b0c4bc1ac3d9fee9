"""How many requests and tokens may still be spent."""

import threading

__all__ = ["Budget"]


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
        self._lock = threading.Lock()

    def take(self, tokens: int) -> bool:
        """Takes a request of so many tokens out of the budget, if it holds them."""
        with self._lock:
            if self._max_requests is not None and self._requests + 1 > self._max_requests:
                return False
            if self._max_tokens is not None and self._tokens + tokens > self._max_tokens:
                return False
            self._requests += 1
            self._tokens += tokens
            return True

    def settle(self, estimated: int, spent: int) -> None:
        """Puts what a request cost in place of its estimate."""
        with self._lock:
            self._tokens += spent - estimated

    def describe(self) -> str:
        """The budget in words, such as "500 requests"."""
        parts = []
        if self._max_requests is not None:
            parts.append(f"{self._max_requests:,} requests")
        if self._max_tokens is not None:
            parts.append(f"{self._max_tokens:,} tokens")
        return " and ".join(parts)
