import pytest

from tfsiamese.errors import SettingsError
from tfsiamese.generation.chunks import ChunkSettings


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"unit": "words"}, "characters, tokens"),
        ({"size": 0}, "Expected size to be a whole number of 1 or more. Received: 0."),
        ({"size": 10.0}, "Received: 10.0"),
        ({"size": True}, "Received: True"),
        ({"overlap": -1}, "Expected overlap to be a whole number of 0 or more. Received: -1."),
        ({"min_size": "80"}, "Expected min_size to be a whole number of 0 or more. Received: '80'."),
        ({"size": 200, "overlap": 200}, "overlap=200, size=200"),
        ({"size": 80}, "min_size=80, size=80"),
    ],
)
def test_settings_out_of_range_or_at_odds_are_refused(settings: dict, said: str):
    with pytest.raises(SettingsError) as refused:
        ChunkSettings(**settings)
    assert said in str(refused.value)


def test_the_smallest_size_is_in_characters_and_so_not_compared_with_tokens():
    assert ChunkSettings(size=64, unit="tokens").min_size == 80
