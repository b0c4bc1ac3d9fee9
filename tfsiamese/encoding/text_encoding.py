"""Windows of texts to vectors, cut and normalized as the settings want it."""

import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from tfsiamese.encoding.inputs import Window
from tfsiamese.encoding.settings import EncodingSettings
from tfsiamese.search import truncate_embeddings

if TYPE_CHECKING:
    from tfsiamese.encoders import Encoder

__all__ = ["WindowEncoder"]

_logger = logging.getLogger(__name__)
_ENCODER_LOGGER = logging.getLogger("tfsiamese.encoders.encoder")


class WindowEncoder:
    """Encodes windows; how many texts were cut is said once, at the end, instead of for each window.

    Args:
        encoder: computes the vectors.
        settings: what to make of them.

    Raises:
        SettingsError: the encoder has no such prompt, or fewer dimensions.
    """

    def __init__(self, encoder: "Encoder", settings: EncodingSettings):
        self._encoder = encoder
        self._settings = settings
        self._num_texts = self._num_cut = self._longest = 0
        # Checks the prompt too.
        no_vectors = encoder.encode([], settings.batch_size, prompt_name=settings.prompt_name, prompt=settings.prompt)
        self.dimension = len(self._cut(np.zeros([1, *no_vectors.shape[1:]], np.float32))[0])

    @property
    def prompt(self) -> str:
        """What stands before each text."""
        if self._settings.prompt is not None:
            return self._settings.prompt
        name = self._settings.prompt_name
        name = self._encoder.default_prompt_name if name is None else name
        return self._encoder.prompts[name] if name else ""

    def describe(self) -> dict[str, Any]:
        """What decides the vectors, as a JSON object."""
        encoder, settings = self._encoder, self._settings
        return {
            "encoder": {"source": encoder.source, "fingerprint": encoder.fingerprint, "options": encoder.describe()},
            "vectors": {
                "dimension": self.dimension,
                "precision": settings.precision,
                "normalize": settings.normalize,
                "prompt": self.prompt,
            },
        }

    def encode(self, window: Window) -> np.ndarray:
        """The vectors of a window: float32 [records, dimension]."""
        texts = window.texts
        settings = self._settings
        self._count_cut_texts(texts)
        return self._cut(self._encoder.encode(texts, settings.batch_size, settings.normalize, prompt=self.prompt))

    @contextlib.contextmanager
    def counting_cut_texts(self) -> Iterator[None]:
        """Holds the encoder's own warnings back and gives one for all texts when the block ends."""
        level = _ENCODER_LOGGER.level
        _ENCODER_LOGGER.setLevel(logging.ERROR)
        try:
            yield
        finally:
            _ENCODER_LOGGER.setLevel(level)
            if self._num_cut:
                _logger.warning(
                    "%s: %s of %s texts were cut at %s tokens; the longest has %s",
                    self._encoder.source,
                    f"{self._num_cut:,}",
                    f"{self._num_texts:,}",
                    self._encoder.max_length,
                    f"{self._longest:,}",
                )

    def _count_cut_texts(self, texts: list[str]) -> None:
        self._num_texts += len(texts)
        limit = self._encoder.max_length
        num_tokens = None if limit is None else self._encoder.num_tokens(texts, prompt=self.prompt)
        if num_tokens is not None and len(num_tokens):
            self._num_cut += int(np.count_nonzero(num_tokens > limit))
            self._longest = max(self._longest, int(num_tokens.max()))

    def _cut(self, vectors: np.ndarray) -> np.ndarray:
        return vectors if self._settings.dimension is None else truncate_embeddings(vectors, self._settings.dimension)
