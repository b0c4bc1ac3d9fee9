"""The tokens and merges of byte-level BPE, read from a `tokenizer.json`.

A vocabulary writes each byte as one printable character: itself where it is one, else one from U+0100 on.
Reference: Radford et al., "Language Models are Unsupervised Multitask Learners" (GPT-2).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from tfsiamese.errors import EncoderError

__all__ = ["ByteLevelVocabulary", "byte_characters", "read_byte_level_vocabulary"]

_NUM_BYTES = 256
_NOT_IN_UTF8 = frozenset([0xC0, 0xC1, *range(0xF5, _NUM_BYTES)])


@dataclass(frozen=True)
class ByteLevelVocabulary:
    """What byte-level BPE knows.

    Attributes:
        tokens: the id of each token by its bytes; without tokens that bytes cannot spell.
        vocab_size: the number of ids.
        byte_ids: the id of each single byte, −1 where there is none, int32 [256].
        merges: (left id, right id, id of both together) [m, 3], in the order of their ranks, no pair twice.
        takes_whole_words: whether a word that is a token is taken as it is.
    """

    tokens: Mapping[bytes, int]
    vocab_size: int
    byte_ids: np.ndarray
    merges: np.ndarray
    takes_whole_words: bool


def byte_characters() -> str:
    """The characters that stand for the bytes 0 to 255."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, _NUM_BYTES)}
    others = iter(range(_NUM_BYTES, 2 * _NUM_BYTES))
    return "".join(chr(byte if byte in printable else next(others)) for byte in range(_NUM_BYTES))


def read_byte_level_vocabulary(model: Mapping[str, Any]) -> ByteLevelVocabulary:
    """Reads the entry "model" of a `tokenizer.json`.

    Raises:
        EncoderError: an option is not supported, or a merge makes no token of the vocabulary.
    """
    vocabulary = model["vocab"]
    byte_ids = np.array([vocabulary.get(character, -1) for character in byte_characters()], np.int32)
    _check_options(model, [byte for byte in np.flatnonzero(byte_ids < 0).tolist() if byte not in _NOT_IN_UTF8])
    bytes_of = {character: bytes([byte]) for byte, character in enumerate(byte_characters())}
    tokens = {
        b"".join(bytes_of[character] for character in token): number
        for token, number in vocabulary.items()
        if all(character in bytes_of for character in token)
    }
    return ByteLevelVocabulary(
        tokens=tokens,
        vocab_size=len(vocabulary),
        byte_ids=byte_ids,
        merges=_read_merges(model["merges"], vocabulary),
        takes_whole_words=bool(model.get("ignore_merges", False)),
    )


def _check_options(model: Mapping[str, Any], missing: list[int]) -> None:
    if model.get("type", "BPE") != "BPE":
        raise EncoderError(f"The model {model['type']} is not byte-level BPE. Expected the type BPE.")
    options = ["dropout", "continuing_subword_prefix", "end_of_word_suffix"]
    if missing:  # otherwise no byte is ever unknown
        options += ["unk_token", "byte_fallback"]
    for option in options:
        if model.get(option):
            beside = f" in a vocabulary without the bytes {missing[:5]}" if option not in options[:3] else ""
            raise EncoderError(
                f"The model BPE with {option}={model[option]!r}{beside} is not supported with a byte-level "
                "pre-tokenizer. Expected it to be empty."
            )


def _read_merges(merges: list[Any], vocabulary: Mapping[str, int]) -> np.ndarray:
    """Merges are "left right", or [left, right]; of a pair that stands there twice, the later one counts."""
    ranks: dict[tuple[int, int], tuple[int, int]] = {}
    for rank, merge in enumerate(merges):
        parts = merge.split(" ") if isinstance(merge, str) else list(merge)
        if len(parts) != 2 or not all(parts):
            raise EncoderError(f'Merge {rank + 1} is {merge!r}. Expected two tokens: "left right" or [left, right].')
        left, right = parts
        unknown = [token for token in (left, right, left + right) if token not in vocabulary]
        if unknown:
            raise EncoderError(
                f"Merge {rank + 1}, of {left!r} and {right!r}, needs the token {unknown[0]!r}, which the vocabulary "
                "does not have. Expected a complete tokenizer.json."
            )
        ranks[vocabulary[left], vocabulary[right]] = rank, vocabulary[left + right]
    ordered = sorted((rank, left, right, both) for (left, right), (rank, both) in ranks.items())
    return np.array([row[1:] for row in ordered], np.int64).reshape(-1, 3)
