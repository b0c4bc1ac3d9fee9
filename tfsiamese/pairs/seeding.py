"""One seed for many uses: a stream of random numbers of its own for each of them."""

import zlib

import numpy as np

from tfsiamese.errors import SettingsError

__all__ = ["derived_seed", "generator"]

_WORD_BITS = 32


def generator(seed: int, purpose: str, *numbers: int) -> np.random.Generator:
    """Random numbers for one purpose, such as the order of the rows in one epoch.

    Calls with different arguments get different streams. NumPy alone does not see to that: it fills entropy up with
    zeros, so that the seeds 5, [5, 0] and [5, 0, 0] are one.

    Args:
        seed: what the user chose, from 0.
        purpose: what the numbers are for, in a few words; changing it changes them.
        numbers: what else tells this use from others, each from 0: the epoch, a position, …

    Raises:
        SettingsError: a number is negative.

    Example:
        >>> order = generator(seed, "shuffled rows", epoch).permutation(num_rows)
    """
    return np.random.default_rng(_sequence(seed, purpose, numbers))


def derived_seed(seed: int, purpose: str) -> int:
    """A seed from 0 to 2³² − 1 for a part of the program that takes a seed itself.

    Args:
        seed: what the user chose, from 0.
        purpose: what the part is.

    Raises:
        SettingsError: the seed is negative.
    """
    return int(_sequence(seed, f"seed of {purpose}", ()).generate_state(1)[0])


def _sequence(seed: int, purpose: str, numbers: tuple[int, ...]) -> np.random.SeedSequence:
    entropy = [*_words(seed), zlib.crc32(purpose.encode())]
    for number in numbers:
        entropy += _words(number)
    # The last word is never 0, so that no entropy is another one with zeros behind it.
    return np.random.SeedSequence([*entropy, len(numbers) + 1])


def _words(number: int) -> list[int]:
    """A number as words of 32 bits behind their count: 2³² and the numbers 0, 1 must not look alike."""
    rest = int(number)
    if rest < 0:
        raise SettingsError(
            f"Expected seeds and what tells their uses apart to be whole numbers from 0. Received: {rest}."
        )
    words: list[int] = []
    while rest or not words:
        words.append(rest % 2**_WORD_BITS)
        rest >>= _WORD_BITS
    return [len(words), *words]
