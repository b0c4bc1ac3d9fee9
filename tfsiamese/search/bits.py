"""Hamming distances of packed bits."""

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

__all__ = ["count_bits", "hamming_scores", "packed_words"]

_BYTES_A_WORD = 8


def packed_words(codes: NDArray[np.uint8]) -> NDArray[np.uint64]:
    """Packed bits [n, bytes] as words of 64 bits, [words, n]; zeros fill the last word."""
    words = np.zeros([len(codes), -(-codes.shape[1] // _BYTES_A_WORD) * _BYTES_A_WORD], np.uint8)
    words[:, : codes.shape[1]] = codes
    return np.ascontiguousarray(words.view(np.uint64).T)


def hamming_scores(
    queries: NDArray[np.uint64], corpus: NDArray[np.uint64]
) -> Callable[[slice], Callable[[slice, NDArray[np.float32]], None]]:
    """Minus the number of bits in which queries [words, n] and corpus [words, m] differ, for `select_in_parts`."""

    def score_blocks(rows: slice) -> Callable[[slice, NDArray[np.float32]], None]:
        def score(columns: slice, out: NDArray[np.float32]) -> None:
            out[:] = 0
            for left, right in zip(queries[:, rows], corpus[:, columns], strict=True):
                out -= count_bits(left[:, np.newaxis] ^ right)

        return score

    return score_blocks


def count_bits(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    """The number of ones in each word, of the shape of `words`, which is contiguous."""
    if hasattr(np, "bitwise_count"):  # from NumPy 2
        return np.bitwise_count(words)
    return _count_bits_by_table(words)


def _count_bits_by_table(words: NDArray[np.uint64]) -> NDArray[np.uint8]:
    quarters = words.reshape(*words.shape, 1).view(np.uint16)
    return _ones_in_16_bits()[quarters].sum(axis=-1, dtype=np.uint8)


@functools.cache
def _ones_in_16_bits() -> NDArray[np.uint8]:
    numbers = np.arange(2**16, dtype=np.uint16)
    return np.unpackbits(numbers.view(np.uint8).reshape(-1, 2), axis=1).sum(axis=1, dtype=np.uint8)
