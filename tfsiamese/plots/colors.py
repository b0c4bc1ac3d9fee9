"""Colours that keep their meaning in print, in grey, and for colour-blind readers."""

from matplotlib.colors import Colormap, LinearSegmentedColormap

__all__ = ["ACCENT", "CHANGE_COLORS", "GRID", "INK", "MAIN", "MUTED", "SERIES", "SIMILARITY_COLORS", "text_color_on"]

INK = "#1a1a1a"
MUTED = "#6b6b6b"
GRID = "#e4e4e4"
MAIN = "#266bb5"
ACCENT = "#a73a05"

# Told apart by lightness as well as by hue; curves are told apart by their dashes too.
SERIES = ("#266bb5", "#ce6b1f", "#2d8a63", "#8c4f9f", "#7a5c3e", "#4a4a4a")

# One hue, CIELAB lightness falling in equal steps from 97 to 22.
_BLUES = "#f0f7fe #c8e4ff #a4d1fc #83bcf5 #65a8ea #4c93dc #367fca #266bb5 #1c589c #164580 #133462"
SIMILARITY_COLORS = LinearSegmentedColormap.from_list("tfsiamese_similarity", _BLUES.split())

# Blue below zero, orange above, lightness falling in equal steps from 97 to 40 on either side.
_BLUE_TO_ORANGE = "#0a5eb3 #3e7dc5 #679bd6 #92bae6 #c0d9f3 #f6f6f6 #eed1ba #dfac8a #ce875f #bc6236 #a73a05"
CHANGE_COLORS = LinearSegmentedColormap.from_list("tfsiamese_change", _BLUE_TO_ORANGE.split())


def text_color_on(colors: Colormap, position: float) -> str:
    """White or near black: the one with the higher contrast to the colour at `position` (0 to 1).

    Relative luminance and contrast as in the Web Content Accessibility Guidelines 2.1.
    """
    channels = colors(position)[:3]
    linear = [value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4 for value in channels]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "white" if 1.05 / (luminance + 0.05) > (luminance + 0.05) / 0.06 else INK
