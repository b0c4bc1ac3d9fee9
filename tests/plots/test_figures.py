import subprocess
import sys

import matplotlib
import numpy as np
import pytest
from matplotlib.figure import Figure

from tfsiamese.errors import SettingsError
from tfsiamese.plots import plot_similarity_matrix, plot_training_curves, save_figure

BEGINNINGS = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}


def _settings():
    """All but the backend, which matplotlib chooses as soon as somebody looks at it."""
    return {name: value for name, value in dict.items(matplotlib.rcParams) if name != "backend"}


@pytest.fixture
def figure():
    return plot_similarity_matrix([[1.0, 0.5], [0.5, 1.0]], ["baker", "nurse"])


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_a_figure_is_saved_in_the_format_of_its_suffix(figure, tmp_path, suffix):
    path = save_figure(figure, tmp_path / "new folder" / f"matrix{suffix}")
    assert path.read_bytes().startswith(BEGINNINGS[suffix])
    assert [entry.name for entry in path.parent.iterdir()] == [f"matrix{suffix}"]


@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_the_same_input_gives_the_same_bytes(tmp_path, suffix, monkeypatch):
    contents = []
    for name, epoch in (("a", 0), ("b", 10**9)):
        monkeypatch.setattr("time.time", lambda epoch=epoch: epoch)
        figure = plot_training_curves({"loss": [2.0, 1.0], "val_loss": [2.0, 1.5]}, best_epoch=2)
        contents.append(save_figure(figure, tmp_path / f"{name}{suffix}").read_bytes())
    assert contents[0] == contents[1]


def test_saving_twice_gives_the_same_bytes(figure, tmp_path):
    first = save_figure(figure, tmp_path / "matrix.svg").read_bytes()
    assert save_figure(figure, tmp_path / "matrix.svg").read_bytes() == first


@pytest.mark.parametrize("name", ["matrix.jpg", "matrix", "matrix.png.txt"])
def test_an_unknown_suffix_is_refused(figure, tmp_path, name):
    with pytest.raises(SettingsError, match=r"expected a name that ends in \.png, \.svg or \.pdf"):
        save_figure(figure, tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_suffix_in_capitals_is_understood(figure, tmp_path):
    assert save_figure(figure, str(tmp_path / "MATRIX.PNG")).read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("dpi", [0, -1, float("nan")])
def test_a_resolution_that_is_not_positive_is_refused(figure, tmp_path, dpi):
    with pytest.raises(SettingsError, match="positive dpi"):
        save_figure(figure, tmp_path / "matrix.png", dpi=dpi)


def test_a_failed_save_leaves_the_old_file_and_nothing_else(figure, tmp_path, monkeypatch):
    path = tmp_path / "matrix.png"
    path.write_bytes(b"old")

    def fail(self, target, **settings):
        target.write_bytes(b"half")
        raise RuntimeError("out of paint")

    monkeypatch.setattr(type(figure), "savefig", fail)
    with pytest.raises(RuntimeError, match="out of paint"):
        save_figure(figure, path)
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_higher_resolution_gives_a_larger_picture(figure, tmp_path):
    small = save_figure(figure, tmp_path / "small.png", dpi=50).read_bytes()
    large = save_figure(figure, tmp_path / "large.png", dpi=100).read_bytes()
    widths = [int.from_bytes(content[16:20], "big") for content in (small, large)]
    assert widths[1] == pytest.approx(2 * widths[0], abs=2)


def test_any_matplotlib_figure_can_be_saved(tmp_path):
    assert save_figure(Figure(), tmp_path / "empty.png").exists()


def test_the_callers_settings_change_no_figure_and_are_not_changed(tmp_path):
    plain = save_figure(plot_similarity_matrix(np.eye(3), list("abc"), title="$t$"), tmp_path / "a.svg").read_bytes()
    loud = {
        "font.size": 30,
        "font.family": "serif",
        "axes.facecolor": "red",
        "savefig.bbox": "tight",
        "axes.grid": True,
    }
    with matplotlib.rc_context(loud):
        before = _settings()
        figure = plot_similarity_matrix(np.eye(3), list("abc"), title="$t$")
        assert save_figure(figure, tmp_path / "b.svg").read_bytes() == plain
        assert _settings() == before


def test_a_notebook_shows_a_figure_as_a_picture(figure):
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_importing_the_room_loads_neither_pyplot_nor_tensorflow():
    program = "import sys, tfsiamese.plots; print([n for n in ('matplotlib.pyplot', 'tensorflow') if n in sys.modules])"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"
