import numpy as np
import pytest

from tfsiamese.plots.colors import CHANGE_COLORS, SIMILARITY_COLORS, text_color_on


def _luminance(rgb):
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in rgb[:3]]
    return float(np.dot([0.2126, 0.7152, 0.0722], linear))


def _lightness(colors, positions):
    """CIELAB L*, all of these colours being above its linear part."""
    return np.array([116 * np.cbrt(_luminance(colors(position))) - 16 for position in positions])


def test_lightness_of_the_similarity_colours_falls_in_equal_steps():
    steps = np.diff(_lightness(SIMILARITY_COLORS, np.linspace(0, 1, 11)))
    np.testing.assert_allclose(steps, -7.5, atol=0.8)


def test_change_colours_are_equally_dark_at_equal_distance_from_the_middle():
    positions = np.linspace(0, 0.5, 6)
    lightness = _lightness(CHANGE_COLORS, positions)
    np.testing.assert_allclose(lightness, _lightness(CHANGE_COLORS, 1 - positions), atol=1)
    assert (np.diff(lightness) > 8).all()


def test_the_middle_of_the_change_colours_is_grey():
    red, green, blue, _ = CHANGE_COLORS(0.5)
    assert max(red, green, blue) - min(red, green, blue) < 0.02


@pytest.mark.parametrize("colors", [SIMILARITY_COLORS, CHANGE_COLORS])
def test_text_stands_out_from_every_cell(colors):
    for position in np.linspace(0, 1, 101):
        ink = 1.0 if text_color_on(colors, position) == "white" else _luminance([0x1A / 255] * 3)
        lighter, darker = sorted([ink, _luminance(colors(position))], reverse=True)
        assert (lighter + 0.05) / (darker + 0.05) > 4
