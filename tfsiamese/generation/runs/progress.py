"""How far a run has come: rate, failures, tries again, and the time that is left."""

import logging
import time

from tqdm.auto import tqdm

__all__ = ["AskingProgress"]

_logger = logging.getLogger(__name__)

_BAR = "writing {percentage:3.0f}%|{bar}| {n_fmt}/{total_fmt} chunks{postfix} [{elapsed}<{remaining}]"
_SECONDS_BETWEEN_LINES = 30.0


class AskingProgress:
    """A bar on a terminal, else a line in the log every half minute.

    Args:
        total: chunks to be asked about.
        is_shown: draw a bar.
    """

    def __init__(self, total: int, is_shown: bool):
        self._total = total
        self._done = self._failed = 0
        self._began = self._last_line = time.monotonic()
        self._bar = tqdm(total=total, bar_format=_BAR, leave=False, smoothing=0) if is_shown and total else None

    def __enter__(self) -> "AskingProgress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def update(self, is_failure: bool, num_retries: int) -> None:
        """Moves on by one chunk."""
        self._done += 1
        self._failed += is_failure
        now = time.monotonic()
        rate = self._done / max(now - self._began, 1e-9)
        state = f"{rate:.1f}/s, {self._failed:,} failed, {num_retries:,} tried again"
        if self._bar is not None:
            self._bar.set_postfix_str(state, refresh=False)
            self._bar.update()
        elif now - self._last_line >= _SECONDS_BETWEEN_LINES:
            self._last_line = now
            left = (self._total - self._done) / rate
            _logger.info("%s of %s chunks, %s, %.0f s left", f"{self._done:,}", f"{self._total:,}", state, left)
