"""Texts that stand for what the exported model will be asked."""

import json
from collections.abc import Sequence

from tfsiamese.encoders import Encoder
from tfsiamese.errors import ExportError
from tfsiamese.export.provenance import run_folder_of
from tfsiamese.export.settings import ExportSettings
from tfsiamese.files import SAMPLE_TEXTS_FILE

__all__ = ["sample_texts"]

_MOST_TEXTS = 256

_OF_NO_DOMAIN = (
    "hello",
    "Where is the nearest train station?",
    "Der Zug nach Hamburg fährt heute zehn Minuten später ab.",
    "天気がいいので散歩に行きましょう。",
    "¿Cuánto cuesta una habitación para dos noches?",
    "The meeting was moved to Thursday because two of the people who had to decide were on their way back.",
    "Les enfants jouent dans le jardin pendant que leurs parents préparent le dîner.",
    "A longer text takes more time than a short one, so that a server should have seen both before it answers its "
    "first request: memory is reserved, functions are prepared for the shapes that occur, and caches are filled. This "
    "one has about as many words as a short paragraph, which is more than most queries and less than a page.",
)


def sample_texts(encoder: Encoder, settings: ExportSettings) -> list[str]:
    """The texts that were chosen, or else some of the training data, or of the corpus, or of no domain.

    Raises:
        ExportError: what was chosen is no list of texts.
    """
    if settings.warmup_texts is not None:
        return _checked(settings.warmup_texts)
    texts = _of_training(encoder)
    if not texts and settings.corpus is not None:
        texts = list(settings.corpus.texts[:_MOST_TEXTS])
    return texts or list(_OF_NO_DOMAIN)


def _checked(texts: Sequence[str]) -> list[str]:
    if isinstance(texts, str | bytes) or not all(isinstance(text, str) for text in texts):
        raise ExportError("Expected warmup_texts to be a list of texts.")
    return list(texts)[:_MOST_TEXTS]


def _of_training(encoder: Encoder) -> list[str]:
    """What the run put aside; none where the encoder comes from no run, or from one of an earlier version."""
    run = run_folder_of(encoder)
    if run is None:
        return []
    try:
        texts = json.loads((run / SAMPLE_TEXTS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return []
    return [text for text in texts if isinstance(text, str)] if isinstance(texts, list) else []
