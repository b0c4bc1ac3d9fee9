"""Splits pairs in two, so that no document stands on both sides."""

import hashlib
import math
import numbers
from collections.abc import Sequence
from typing import NamedTuple

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.generation.quality.dropped import Dropped
from tfsiamese.generation.quality.folding import quoted, text_key
from tfsiamese.generation.quality.lengths import text_length
from tfsiamese.generation.quality.reasons import IN_VALIDATION
from tfsiamese.generation.tasks.written_pair import WrittenPair

__all__ = ["SplitPairs", "split_by_document"]

# "Yes" and "42" answer questions on both sides without giving anything away.
_LEAST_LENGTH = 20


class SplitPairs(NamedTuple):
    """Pairs for training and for validation, in the order in which they were given, and what had to go."""

    training: list[WrittenPair]
    validation: list[WrittenPair]
    dropped: list[Dropped]


def split_by_document(pairs: Sequence[WrittenPair], fraction: float, seed: int = 0) -> SplitPairs:
    """Chooses whole documents for validation, and keeps their texts out of training.

    A hash of the seed and its source decides about each document, so that it stays on its side when others come or go;
    only where a side would be empty, the document that is nearest to it changes over. A pair for training is dropped
    whose left text, passage or right text stands in a validation document too, case, width, punctuation and spaces
    aside; right texts of fewer than 20 characters, such as "Yes", may stand on both sides.

    Args:
        pairs: with the sources of their documents; a row of a table is a document of its own.
        fraction: of the documents to choose for validation, above 0 and below 1; met on average.
        seed: any whole number; each gives another choice.

    Raises:
        DataError: there are fewer than two documents, or no pair is left for training.
        SettingsError: the fraction is out of range, or the seed is no whole number.
    """
    _check(fraction, seed)
    chosen = _chosen_sources({pair.chunk.source for pair in pairs}, fraction, seed)
    validation = [pair for pair in pairs if pair.chunk.source in chosen]
    sources = {key: pair.chunk.source for pair in reversed(validation) for key in _keys(pair)}
    training: list[WrittenPair] = []
    dropped: list[Dropped] = []
    for pair in pairs:
        if pair.chunk.source in chosen:
            continue
        shared = next((key for key in _keys(pair) if key in sources), None)
        if shared is None:
            training.append(pair)
        else:
            dropped.append(Dropped(pair, IN_VALIDATION, f"{quoted(_keys(pair)[shared])} in {sources[shared]}"))
    if not training:
        raise DataError(
            f"The texts of all {len(dropped)} pairs for training stand in documents for validation too. Expected "
            "documents with texts of their own: leave out copies of documents, or train without validation."
        )
    return SplitPairs(training, validation, dropped)


def _chosen_sources(sources: set[str], fraction: float, seed: int) -> set[str]:
    if len(sources) < 2:
        raise DataError(
            f"Cannot split the pairs of {len(sources)} document{'s' if len(sources) != 1 else ''} by document. "
            "Expected at least 2: add documents, or train without validation."
        )
    places = {source: _place(source, seed) for source in sources}
    order = sorted(sources, key=lambda source: (places[source], source))
    chosen = {source for source in sources if places[source] < fraction} or {order[0]}
    return chosen if len(chosen) < len(sources) else chosen - {order[-1]}


def _place(source: str, seed: int) -> float:
    """A number from 0 to 1, the same on every machine (BLAKE2b)."""
    digest = hashlib.blake2b(f"{seed}\n{source}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _keys(pair: WrittenPair) -> dict[str, str]:
    """The texts of a pair that must not stand on both sides, by what they are compared by."""
    texts = [pair.left, pair.chunk.text]
    if text_length(pair.right) >= _LEAST_LENGTH:
        texts.append(pair.right)
    return {text_key(text): text for text in texts}


def _check(fraction: float, seed: int) -> None:
    is_number = isinstance(fraction, numbers.Real) and not isinstance(fraction, bool) and math.isfinite(fraction)
    if not is_number or not 0 < fraction < 1:
        raise SettingsError(
            f"Expected the fraction of documents for validation to be above 0 and below 1. Received: {fraction!r}."
        )
    if isinstance(seed, bool) or not isinstance(seed, numbers.Integral):
        raise SettingsError(f"Expected seed to be a whole number. Received: seed={seed!r}.")
