"""When the next request may leave: rate limits in requests and tokens, and pauses that the service asks for."""

import threading
import time
from collections.abc import Callable

__all__ = ["Pace"]


class Pace:
    """Spreads requests evenly over time, for all threads of a run.

    Each request takes the next free moment, and moves it on by what the request costs: 60 seconds / limit for each
    request or token: a leaky bucket without a burst.

    Args:
        requests_per_minute: None for no limit.
        tokens_per_minute: None for no limit.
        clock: monotonic seconds.
    """

    def __init__(
        self,
        requests_per_minute: float | None = None,
        tokens_per_minute: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self._seconds_per_request = 60 / requests_per_minute if requests_per_minute else 0.0
        self._seconds_per_token = 60 / tokens_per_minute if tokens_per_minute else 0.0
        self._clock = clock
        self._lock = threading.Lock()
        self._next_request = self._next_tokens = self._held_until = clock()

    def reserve(self, tokens: int) -> float:
        """Takes the next free moment for a request of so many tokens; returns the seconds until then, 0 or more."""
        with self._lock:
            now = self._clock()
            moment = max(now, self._next_request, self._next_tokens, self._held_until)
            self._next_request = moment + self._seconds_per_request
            self._next_tokens = moment + self._seconds_per_token * tokens
            return moment - now

    def correct(self, tokens: int) -> None:
        """Adds tokens that a request took beyond its estimate; negative where it took fewer."""
        with self._lock:
            self._next_tokens += self._seconds_per_token * tokens

    def hold(self, seconds: float) -> None:
        """Lets no request leave for so long, as after an answer that says 429."""
        with self._lock:
            self._held_until = max(self._held_until, self._clock() + seconds)

    def held(self) -> float:
        """Seconds for which no request may leave, whatever was reserved before; 0 for none."""
        with self._lock:
            return max(0.0, self._held_until - self._clock())
