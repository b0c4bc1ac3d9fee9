"""Checks of single settings."""

import math
from fractions import Fraction

import numpy as np
import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.generation.setting_checks import require_positive, require_share, require_whole


@pytest.mark.parametrize("value", [3, 10**400, np.int64(3), np.uint8(200)])
def test_whole_numbers_of_every_kind_are_taken_from_the_lowest_on(value):
    require_whole("size", value, 3)


@pytest.mark.parametrize("value", [2, -1, True, 3.0, math.nan, "3", None, np.float64(3)])
def test_what_is_no_whole_number_or_too_low_is_refused(value):
    with pytest.raises(SettingsError) as raised:
        require_whole("size", value, 3)
    assert str(raised.value) == f"Expected size to be a whole number of 3 or more. Received: {value!r}."


@pytest.mark.parametrize("value", [None, 1, 0.5, 1e-9, Fraction(1, 3), np.float32(0.8)])
def test_shares_are_above_0_and_up_to_1_or_off(value):
    require_share("max_copied", value)


@pytest.mark.parametrize("value", [0, -0.5, 1.01, 10**400, math.nan, math.inf, True, "0.5", [0.5], 1j])
def test_what_is_no_share_is_refused(value):
    with pytest.raises(SettingsError) as raised:
        require_share("max_copied", value)
    assert str(raised.value) == (
        f"Expected max_copied to be a number above 0 and up to 1, or None for off. Received: {value!r}."
    )


@pytest.mark.parametrize("value", [1e-9, 5, 10**300, Fraction(1, 3), np.float32(0.8)])
def test_positive_numbers_of_every_kind_are_taken(value):
    require_positive("timeout", value)


@pytest.mark.parametrize("value", [0, -1, 10**400, math.nan, math.inf, -math.inf, True, "5", None, 1j])
def test_what_is_not_positive_is_refused(value):
    with pytest.raises(SettingsError) as raised:
        require_positive("timeout", value)
    assert str(raised.value) == f"Expected timeout to be a number above 0. Received: {value!r}."
