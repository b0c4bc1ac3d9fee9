import io
import logging
import warnings

import matplotlib
import numpy as np
import pytest
from matplotlib import font_manager

from tests.plots.conftest import KANA
from tfsiamese.plots import plot_similarity_matrix
from tfsiamese.plots.fonts import BASE_FAMILY, choose_lettering


def _png(figure) -> bytes:
    with io.BytesIO() as buffer:
        figure.savefig(buffer, format="png", dpi=60)
        return buffer.getvalue()


def test_fonts_are_not_searched_while_dejavu_sans_is_enough(monkeypatch):
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: pytest.fail("searched"))
    monkeypatch.setattr("tfsiamese.plots.fonts._listed_fonts", lambda: pytest.fail("searched"))
    lettering = choose_lettering(["data scientist", "Übersetzer", "Инженер", "μηχανικός", "5 > 3 $ _ \\ %"])
    assert lettering.families == [BASE_FAMILY]


def test_a_listed_font_fills_in_what_dejavu_sans_lacks(bundled_fonts, caplog):
    lettering = choose_lettering(["\u306e"])  # the only kana of STIXGeneral, which matplotlib brings along
    assert lettering.families == [BASE_FAMILY, "STIXGeneral"]
    assert lettering.drawable("\u306e") == "\u306e"
    assert not caplog.records


def test_a_font_installed_after_matplotlib_made_its_list_is_found(bundled_fonts, kana_font, monkeypatch, caplog):
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [kana_font])
    lettering = choose_lettering([KANA])
    assert lettering.families == [BASE_FAMILY, "Two Kana"]
    assert font_manager.findfont("Two Kana", fallback_to_default=False) == kana_font
    assert not caplog.records


def test_a_font_with_more_of_the_characters_is_preferred(bundled_fonts, kana_font, monkeypatch):
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [kana_font])
    assert choose_lettering([KANA + "\u306e"]).families == [BASE_FAMILY, "Two Kana", "STIXGeneral"]


def test_a_damaged_font_file_is_passed_over(bundled_fonts, tmp_path, monkeypatch):
    damaged = tmp_path / "damaged.ttf"
    damaged.write_bytes(b"\0\1\0\0 not a font")
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [str(damaged)])
    assert choose_lettering([KANA]).families == [BASE_FAMILY]


def test_characters_without_a_font_are_named_in_one_warning_with_the_packages_to_install(bundled_fonts, caplog):
    choose_lettering(["データ", "데이터", "ข้อมูล", "🧪", "plain", "データ"])
    (record,) = [record for record in caplog.records if record.name == "tfsiamese.plots.fonts"]
    message = record.getMessage()
    assert record.levelno == logging.WARNING
    for expected in ("KATAKANA (データ)", "HANGUL (데이터)", "THAI", "EMOJI (🧪)"):
        assert expected in message
    assert "apt-get install fonts-noto-cjk fonts-noto-core fonts-symbola" in message


def test_only_the_packages_needed_are_named(bundled_fonts, caplog):
    choose_lettering(["데이터"])
    assert "`apt-get install fonts-noto-cjk`" in caplog.text


def test_a_character_without_a_font_is_drawn_as_a_box_and_its_marks_are_left_out(bundled_fonts):
    lettering = choose_lettering(["a हि"])
    assert lettering.drawable("a हि") == "a □"


def test_a_figure_with_undrawable_labels_is_drawn_without_warnings(bundled_fonts, caplog):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot_similarity_matrix(np.eye(2), ["データ", "data"], title="類似度")
        _png(figure)
    assert [text.get_text() for text in figure.axes[0].get_yticklabels()] == ["□□□", "data"]
    assert figure.axes[0].get_title(loc="left") == "□□□"
    assert len([record for record in caplog.records if record.name == "tfsiamese.plots.fonts"]) == 1


def test_a_found_font_is_drawn_with(bundled_fonts, kana_font, monkeypatch):
    without = _png(plot_similarity_matrix(np.eye(1), [KANA]))
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [kana_font])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = plot_similarity_matrix(np.eye(1), [KANA])
        found = _png(figure)
    assert figure.axes[0].get_yticklabels()[0].get_fontfamily() == [BASE_FAMILY, "Two Kana"]
    assert found != without


def test_another_figures_fonts_stay_as_they_are(bundled_fonts, kana_font, monkeypatch):
    before = dict(matplotlib.rcParams.copy())
    monkeypatch.setattr(font_manager, "findSystemFonts", lambda: [kana_font])
    plot_similarity_matrix(np.eye(1), [KANA])
    assert matplotlib.rcParams["font.family"] == before["font.family"]
    assert matplotlib.rcParams["font.sans-serif"] == before["font.sans-serif"]
    assert choose_lettering(["plain"]).families == [BASE_FAMILY]


def test_letters_that_an_old_matplotlib_cannot_join_are_reported(bundled_fonts, monkeypatch, caplog):
    monkeypatch.setattr(matplotlib, "__version_info__", (3, 10, 0))
    choose_lettering(["عالم"])
    assert "draws ARABIC letter by letter" in caplog.text
    caplog.clear()
    monkeypatch.setattr(matplotlib, "__version_info__", (3, 11, 0))
    choose_lettering(["عالم"])
    assert not caplog.records
