"""The look of every figure, and saving one.

Figures are built without pyplot: they never join the list of open windows, and settings in a matplotlibrc or made by
the caller neither change them nor are changed by them.
"""

import contextlib
import io
import os
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.axes import Axes
from matplotlib.backend_bases import RendererBase
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from tfsiamese.errors import SettingsError
from tfsiamese.files import publish_file
from tfsiamese.plots.colors import GRID, INK, MUTED
from tfsiamese.plots.fonts import choose_lettering

__all__ = ["PaperFigure", "save_figure"]

_Settings = dict[Any, Any]

# What a file format looks up both while it draws and when it ends the file, so that it must not change in between.
_OF_FILES = ("pdf.", "ps.", "savefig.", "svg.")
_DEFAULTS: _Settings = {
    name: value for name, value in matplotlib.rcParamsDefault.items() if not name.startswith(("backend", *_OF_FILES))
}
_STYLE: _Settings = {
    "axes.axisbelow": True,
    "axes.edgecolor": MUTED,
    "axes.labelcolor": INK,
    "axes.labelsize": 9,
    "axes.linewidth": 0.6,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "figure.dpi": 150,
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.6,
    "legend.fontsize": 8,
    "legend.frameon": False,
    "lines.linewidth": 1.4,
    "text.color": INK,
    "text.hinting": "no_hinting",  # a text has the same width at every resolution
    "text.parse_math": False,
    "xtick.color": MUTED,
    "xtick.labelcolor": INK,
    "xtick.labelsize": 8,
    "xtick.major.width": 0.6,
    "ytick.color": MUTED,
    "ytick.labelcolor": INK,
    "ytick.labelsize": 8,
    "ytick.major.width": 0.6,
}
_FILE_STYLE: _Settings = {
    **{name: value for name, value in matplotlib.rcParamsDefault.items() if name.startswith(_OF_FILES)},
    "pdf.fonttype": 42,  # text that stays editable
    "svg.hashsalt": "tfsiamese",
}

# What would differ between two saves of one figure.
_METADATA: dict[str, dict[str, Any]] = {
    ".png": {"Software": None},
    ".svg": {"Date": None},
    ".pdf": {"CreationDate": None},
}


class PaperFigure(Figure):
    """A matplotlib figure in the style of this package, with fonts for the texts that it is going to hold.

    Args:
        width: Inches.
        height: Inches.
        texts: Labels and titles from outside, cleaned.
        **settings: As for `matplotlib.figure.Figure`.
    """

    def __init__(self, width: float, height: float, texts: Iterable[str] = (), **settings: Any) -> None:
        self.lettering = choose_lettering(texts)
        with self.style():
            super().__init__(figsize=(width, height), **settings)
        FigureCanvasAgg(self)

    @contextlib.contextmanager
    def style(self) -> Iterator[None]:
        """Everything that is added to the figure is to be added inside this context."""
        families: _Settings = {"font.family": self.lettering.families}
        with matplotlib.rc_context(_DEFAULTS | _STYLE | families), warnings.catch_warnings():
            # `choose_lettering` has said so once; matplotlib before 3.11 says it at every text.
            warnings.filterwarnings("ignore", message="Matplotlib currently does not support")
            yield

    def drawable(self, text: str) -> str:
        """One of the `texts` with a box for each character that no font has."""
        return self.lettering.drawable(text)

    def add_panel(self, left: float, bottom: float, width: float, height: float) -> Axes:
        """Axes at a place given in inches. They may lie outside the figure until `fit_to_content`."""
        across, up = self.get_size_inches()
        return self.add_axes((left / across, bottom / up, width / across, height / up))

    def fit_to_content(self, margin: float = 0.1) -> None:
        """Gives the figure the size of what is on it, plus a margin in inches; no panel changes its own size."""
        content = self.get_tightbbox()
        across, up = self.get_size_inches()
        width, height = content.width + 2 * margin, content.height + 2 * margin
        places = [axes.get_position() for axes in self.axes]
        self.set_size_inches(width, height)
        for axes, place in zip(self.axes, places, strict=True):
            left, bottom = place.x0 * across - content.x0 + margin, place.y0 * up - content.y0 + margin
            axes.set_position((left / width, bottom / height, place.width * across / width, place.height * up / height))

    def draw(self, renderer: RendererBase) -> None:
        """Draws in the figure's own style, since matplotlib makes some ticks only now."""
        with self.style():
            super().draw(renderer)

    def savefig(self, *arguments: Any, **settings: Any) -> None:
        """As matplotlib's own method, but untouched by a matplotlibrc."""
        # A collection of PostScript outlines, as NotoSansCJK-Regular.ttc is, shows nothing if embedded as type 42.
        font_type = {"pdf.fonttype": 3} if len(self.lettering.families) > 1 else {}
        with self.style(), matplotlib.rc_context(_FILE_STYLE | font_type):
            super().savefig(*arguments, **settings)

    def _repr_png_(self) -> bytes:
        """Shows the figure in a notebook, where figures made without pyplot are otherwise printed as text."""
        with io.BytesIO() as buffer:
            self.savefig(buffer, format="png", metadata=_METADATA[".png"])
            return buffer.getvalue()


def save_figure(figure: Figure, path: str | os.PathLike[str], *, dpi: float = 200) -> Path:
    """Writes a figure whole or not at all: the same figure gives the same bytes.

    Args:
        figure: Any matplotlib figure.
        path: Ends in `.png`, `.svg` or `.pdf`. Its folder is made; a file that is there is replaced.
        dpi: Dots per inch of a PNG file.

    Returns:
        The path.

    Raises:
        SettingsError: The suffix is another one, or `dpi` is not positive.
    """
    path = Path(path)
    suffix = path.suffix.lower()
    if suffix not in _METADATA:
        raise SettingsError(
            f"cannot save a figure as {str(path)!r}: expected a name that ends in .png, .svg or .pdf. "
            f"Received the suffix {path.suffix!r}."
        )
    if not dpi > 0:
        raise SettingsError(f"cannot save a figure at this resolution: expected a positive dpi. Received: dpi={dpi}.")
    with publish_file(path) as temporary, matplotlib.rc_context({"svg.hashsalt": _FILE_STYLE["svg.hashsalt"]}):
        figure.savefig(temporary, format=suffix[1:], dpi=dpi, metadata=_METADATA[suffix])
    return path
