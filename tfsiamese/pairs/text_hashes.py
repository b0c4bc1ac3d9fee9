"""Texts as numbers of 64 bits, which are equal where the texts are.

Among ten million different texts two share a number with a chance of 3 in a million.
"""

import hashlib
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

__all__ = ["Hashes", "mixed", "pair_keys", "row_keys", "text_hashes"]

Hashes = NDArray[np.uint64]

_GOLDEN = 0x9E3779B97F4A7C15
_FACTORS = (np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB))


def text_hashes(texts: Iterable[bytes]) -> Hashes:
    """A hash for each text, of UTF-8: uint64 [n], the same on every machine (BLAKE2b)."""
    digests = b"".join(hashlib.blake2b(text, digest_size=8).digest() for text in texts)
    return np.frombuffer(digests, dtype="<u8").astype(np.uint64)


def mixed(values: Hashes, seed: int = 0) -> Hashes:
    """Other numbers, which look random and differ where the values do: uint64 [n].

    Args:
        values: uint64 [n].
        seed: any whole number; each gives other numbers.

    Reference: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", OOPSLA 2014 (SplitMix64).
    """
    values = values + np.uint64((seed + 1) * _GOLDEN % 2**64)
    values = (values ^ (values >> np.uint64(30))) * _FACTORS[0]
    values = (values ^ (values >> np.uint64(27))) * _FACTORS[1]
    return values ^ (values >> np.uint64(31))


def pair_keys(left: Hashes, right: Hashes) -> Hashes:
    """A number for each unordered pair of hashes: uint64 [n]."""
    return mixed(np.minimum(left, right) + mixed(np.maximum(left, right), 1))


def row_keys(hashes: Hashes, counts: NDArray[np.int64]) -> Hashes:
    """A number for each row of hashes in their order: uint64 [rows].

    Args:
        hashes: uint64 [all texts], row after row.
        counts: int64 [rows], the texts of each row, at least 1.
    """
    starts = np.cumsum(counts) - counts
    places = np.arange(len(hashes)) - np.repeat(starts, counts)
    return mixed(np.add.reduceat(mixed(hashes + mixed(places.astype(np.uint64), 2), 3), starts))
