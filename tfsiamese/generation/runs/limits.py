"""How much may be asked, how fast, and how often again."""

from dataclasses import dataclass

from tfsiamese.generation.setting_checks import require_positive, require_whole

__all__ = ["RequestLimits"]


@dataclass(frozen=True)
class RequestLimits:
    """What a run may ask of a service.

    Attributes:
        concurrency: requests that are under way at once, at most.
        requests_per_minute: the service's rate limit; requests are spread evenly. None for no limit.
        tokens_per_minute: the same in tokens of requests and answers together, as estimated before and corrected after.
        max_requests: a budget: requests in all, failed ones and those of earlier runs with the same store included.
        max_tokens: a budget in tokens of requests and answers together, earlier runs included. What is under way, and
            what the service does not count, is counted by estimate.
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
            require_whole(name, getattr(self, name), 1)
        for name in ("max_requests", "max_tokens"):
            if getattr(self, name) is not None:
                require_whole(name, getattr(self, name), 1)
        for name in ("requests_per_minute", "tokens_per_minute"):
            if getattr(self, name) is not None:
                require_positive(name, getattr(self, name))
