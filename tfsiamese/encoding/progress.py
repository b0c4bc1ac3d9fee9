"""How far a run has come: texts a second, and the time that is left, by the bytes of the files."""

import time
from collections.abc import Sequence

from tqdm.auto import tqdm

from tfsiamese.encoding.inputs import TextInput, Window

__all__ = ["EncodingProgress"]

_BAR = "encoding {percentage:3.0f}%|{bar}|{postfix} [{elapsed}<{remaining}]"
_WITHOUT_END = "encoding{postfix} [{elapsed}]"


class EncodingProgress:
    """A bar on standard error; it begins where the finished shards end, so that they do not count as fast ones.

    Args:
        inputs: the files; where one is a pipe, the end is not known.
        is_shown: show it.
    """

    def __init__(self, inputs: Sequence[TextInput], is_shown: bool):
        sizes = [found.num_bytes for found in inputs]
        self._total = None if None in sizes else sum(size or 0 for size in sizes)
        self._is_shown = is_shown
        self._passed = 0
        self._num_texts = 0
        self._began = time.monotonic()
        self._bar: tqdm | None = None

    def __enter__(self) -> "EncodingProgress":
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def passed(self, window: Window) -> None:
        """Notes a window of a shard that was finished before."""
        self._passed = window.position
        self._began = time.monotonic()

    def encoded(self, window: Window) -> None:
        """Moves the bar by a window."""
        if not self._is_shown:
            return
        if self._bar is None:
            bar_format = _WITHOUT_END if self._total is None else _BAR
            self._bar = tqdm(total=self._total, initial=self._passed, bar_format=bar_format, leave=False, smoothing=0)
            self._bar.start_t = self._bar.last_print_t = time.time() - (time.monotonic() - self._began)
        self._num_texts += len(window.records)
        seconds = max(time.monotonic() - self._began, 1e-9)
        rate = f"{self._num_texts:,} texts, {self._num_texts / seconds:,.0f} texts/s"
        self._bar.set_postfix_str(rate, refresh=False)
        self._bar.update(max(window.position - self._bar.n, 0))
