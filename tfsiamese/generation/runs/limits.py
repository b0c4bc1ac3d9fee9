"""How much may be asked, how fast, and how often again."""

import math
import numbers
from dataclasses import dataclass

from tfsiamese.errors import SettingsError

__all__ = ["RequestLimits"]


@dataclass(frozen=True)
class RequestLimits:
    """What a run may ask of a service.

    Attributes:
        concurrency: requests that are under way at once, at most.
        requests_per_minute: the service's rate limit; requests are spread evenly. None for no limit.
        tokens_per_minute: the same in tokens of requests and answers together, as estimated before and corrected after.
        max_requests: a budget: requests in all, failed ones and those of earlier runs with the same store included.
        max_tokens: a budget in tokens of requests and answers together, earlier runs included. What is under way is
            counted by estimate, so that the budget is met to within the estimate's error.
        max_attempts: how often one chunk is tried before it is given up. A rate limit (429) counts as a fifth.

    Raises:
        SettingsError: a limit is not a positive number.
    """

    concurrency: int = 8
    requests_per_minute: float | None = None
    tokens_per_minute: float | None = None
    max_requests: int | None = None
    max_tokens: int | None = None
    max_attempts: int = 6

    def __post_init__(self) -> None:
        for name in ("concurrency", "max_attempts"):
            _require_positive(name, getattr(self, name), is_whole=True)
        for name in ("max_requests", "max_tokens"):
            if getattr(self, name) is not None:
                _require_positive(name, getattr(self, name), is_whole=True)
        for name in ("requests_per_minute", "tokens_per_minute"):
            if getattr(self, name) is not None:
                _require_positive(name, getattr(self, name), is_whole=False)


def _require_positive(name: str, value: object, is_whole: bool) -> None:
    kinds = (numbers.Integral,) if is_whole else (numbers.Integral, numbers.Real)
    if isinstance(value, bool) or not isinstance(value, kinds) or not 0 < float(value) < math.inf:
        raise SettingsError(f"Expected {name} to be a positive {'whole ' * is_whole}number. Received: {value!r}.")
