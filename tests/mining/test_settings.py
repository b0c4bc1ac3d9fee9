import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.mining import MiningSettings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"method": "sparse"}, "dense, bm25, random"),
        ({"sampling_strategy": "bottom"}, "top, random"),
        ({"num_negatives": 0}, "num_negatives=0"),
        ({"num_negatives": 2.0}, "num_negatives=2.0"),
        ({"range_min": -1}, "range_min=-1"),
        ({"range_max": 0}, "range_max=0"),
        ({"seed": -1}, "seed=-1"),
        ({"max_score": float("nan")}, "max_score=nan"),
        ({"absolute_margin": "0.1"}, "absolute_margin='0.1'"),
        ({"relative_margin": float("inf")}, "relative_margin=inf"),
        ({"range_min": 5, "range_max": 7}, "leave 2 candidates for num_negatives=3"),
        ({"range_min": 9, "range_max": 7}, "leave 0 candidates"),
        ({"min_score": 0.5, "max_score": 0.4}, "min_score=0.5, max_score=0.4"),
        ({"method": "random", "range_min": 1}, "knows no ranks"),
        ({"method": "random", "range_max": 10}, "knows no ranks"),
    ],
)
def test_settings_out_of_range_or_at_odds_are_refused(settings: dict, said: str):
    with pytest.raises(SettingsError) as refused:
        MiningSettings(**settings)
    assert said in str(refused.value)


@pytest.mark.parametrize(
    ("settings", "window"),
    [
        ({}, 3),
        ({"range_min": 4, "num_negatives": 2}, 6),
        ({"range_max": 50}, 50),
        ({"max_score": 0.9}, 30),
        ({"absolute_margin": 0.0, "range_min": 2}, 32),
        ({"sampling_strategy": "random"}, 30),
    ],
)
def test_the_window_is_wider_where_candidates_may_be_dropped(settings: dict, window: int):
    assert MiningSettings(**settings).window == window
