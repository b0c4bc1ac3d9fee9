import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.training import WarmupDecay


def rates(schedule: WarmupDecay, steps: list[int]) -> list[float]:
    return [float(schedule(step)) for step in steps]


def test_the_warm_up_rises_linearly_to_the_peak():
    schedule = WarmupDecay(1.0, total_steps=10, warmup_steps=4)
    assert rates(schedule, [0, 1, 2, 3, 4, 9]) == pytest.approx([0.25, 0.5, 0.75, 1.0, 1.0, 1.0])


def test_linear_decay_falls_to_zero_at_the_end():
    schedule = WarmupDecay(2.0, total_steps=10, warmup_steps=2, decay="linear")
    assert rates(schedule, [2, 6, 10, 99]) == pytest.approx([2.0, 1.0, 0.0, 0.0])


def test_cosine_decay_is_half_at_the_middle():
    schedule = WarmupDecay(2.0, total_steps=8, decay="cosine")
    assert rates(schedule, [0, 2, 4, 8]) == pytest.approx([2.0, 1.7071068, 1.0, 0.0], abs=1e-6)


def test_an_unknown_decay_is_an_error():
    with pytest.raises(SettingsError, match="Unknown decay 'step'"):
        WarmupDecay(1.0, 10, decay="step")


def test_a_warm_up_longer_than_the_run_is_an_error():
    with pytest.raises(SettingsError, match="0 to 10 steps"):
        WarmupDecay(1.0, 10, warmup_steps=11)


def test_the_config_builds_the_same_schedule_again():
    schedule = WarmupDecay(0.5, 100, 10, "cosine")
    again = WarmupDecay.from_config(schedule.get_config())
    assert rates(again, [3, 50]) == rates(schedule, [3, 50])
