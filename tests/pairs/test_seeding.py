import itertools

import numpy as np
import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.pairs.seeding import derived_seed, generator


def first_numbers(random: np.random.Generator) -> tuple[int, ...]:
    return tuple(random.integers(2**62, size=3).tolist())


def test_numpy_takes_zeros_behind_a_seed_for_nothing():
    # The reason for this module: should it go, so can the module.
    assert first_numbers(np.random.default_rng(5)) == first_numbers(np.random.default_rng([5, 0, 0]))


@pytest.mark.parametrize(
    "calls",
    [
        [(5, "rows"), (5, "rows", 0), (5, "rows", 0, 0), (5, "rows", 0, 0, 0, 0, 0, 0)],
        [(5, "rows", 1), (5, "rows", 1, 0), (5, "rows", 0, 1), (5, "rows", 1, 1), (5, "rows", 2)],
        [(5, "rows"), (5, "parts"), (6, "rows"), (6, "parts"), (5, "")],
        [(5, "rows", 1), (1, "rows", 5), (0, "rows", 5, 1)],
        [(5, "rows", 2**32), (5, "rows", 0, 1), (5, "rows", 1, 0), (5, "rows", 1), (5, "rows", 0)],
        [(2**32, "rows", 5), (0, "rows", 1, 5), (1, "rows", 5), (0, "rows", 5)],
        [(5, "rows", 2**32, 5), (5, "rows", 0, 1 + 5 * 2**32), (5, "rows", 0, 1, 5)],
    ],
)
def test_calls_with_different_arguments_have_different_streams(calls):
    streams = [first_numbers(generator(*call)) for call in calls]
    assert len(set(streams)) == len(calls)
    assert first_numbers(np.random.default_rng(calls[0][0])) not in streams


def test_many_streams_of_small_numbers_are_all_different():
    calls = list(itertools.product(range(4), ["rows", "parts"], range(4), range(4)))
    assert len({first_numbers(generator(*call)) for call in calls}) == len(calls)


def test_the_same_arguments_give_the_same_stream_on_every_machine():
    assert first_numbers(generator(5, "rows", 3)) == first_numbers(generator(np.int64(5), "rows", np.int32(3)))
    assert generator(5, "rows", 3).integers(1000, size=4).tolist() == [716, 427, 224, 162]
    assert derived_seed(5, "titles") == 500400101


def test_derived_seeds_differ_by_seed_and_purpose_and_fit_into_32_bits():
    seeds = {derived_seed(seed, purpose) for seed in range(50) for purpose in ("", "titles", "scored")}
    assert len(seeds) == 150
    assert all(type(seed) is int and 0 <= seed < 2**32 for seed in seeds)
    assert max(seeds) > 2**31


def test_a_derived_seed_starts_no_stream_that_its_own_purpose_has():
    assert first_numbers(generator(derived_seed(5, "rows"), "rows")) != first_numbers(generator(5, "rows"))


@pytest.mark.parametrize("call", [(-1, "rows"), (1, "rows", -2)])
def test_a_negative_number_is_refused(call):
    with pytest.raises(SettingsError, match="whole numbers from 0. Received: -"):
        generator(*call)
