"""What filter settings take, and which packages they need."""

import sys

import pytest

from tests.generation.quality.pair_making import PASSAGES
from tfsiamese.errors import DependencyError, SettingsError
from tfsiamese.generation.quality import FilterSettings, check_quality_packages, detect_language
from tfsiamese.generation.quality.language import _identifier
from tfsiamese.generation.quality.near_duplicates import find_near_duplicates


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("near_duplicates", 0),
        ("near_duplicates", 1.01),
        ("near_duplicates", float("nan")),
        ("max_copied", True),
        ("max_copied", "much"),
        ("min_length", -1),
        ("max_length", 2.5),
        ("min_passage_length", None),
        ("round_trip", 0),
        ("batch_size", 0),
    ],
)
def test_a_setting_out_of_range_is_named_with_what_was_received(name, value):
    with pytest.raises(SettingsError, match=rf"Expected {name} .*Received: {value!r}\."):
        FilterSettings(**{name: value})


def test_a_minimum_above_the_maximum_is_refused():
    with pytest.raises(SettingsError, match="min_length=50, max_length=20"):
        FilterSettings(min_length=50, max_length=20)


LANGUAGE = (
    'Detecting languages needs py3langid. Install what is missing with pip install "tfsiamese[generate]", or turn the '
    "check off with --no-language-check (check_language=False in Python)."
)
NEAR_DUPLICATES = (
    "Finding near-duplicates needs datasketch. Install what is missing with pip install "
    '"tfsiamese[generate]", or turn the check off with --keep-near-duplicates (near_duplicates=None in Python).'
)
BOTH = (
    "Detecting languages needs py3langid, and finding near-duplicates needs datasketch. Install what is missing with "
    'pip install "tfsiamese[generate]", or turn the checks off with --no-language-check (check_language=False in '
    "Python) and --keep-near-duplicates (near_duplicates=None in Python)."
)


@pytest.fixture
def without(monkeypatch):
    """Hides packages."""
    _identifier.cache_clear()
    yield lambda *packages: [monkeypatch.setitem(sys.modules, package, None) for package in packages]
    _identifier.cache_clear()


@pytest.mark.parametrize(
    ("package", "off", "message"),
    [
        ("py3langid", {"check_language": False}, LANGUAGE),
        ("datasketch", {"near_duplicates": None}, NEAR_DUPLICATES),
    ],
)
def test_a_missing_package_is_named_only_where_its_filter_is_on(without, package, off, message):
    without(package)
    with pytest.raises(DependencyError) as raised:
        check_quality_packages(FilterSettings())
    assert str(raised.value) == message
    check_quality_packages(FilterSettings(**off))


def test_all_missing_packages_are_named_at_once(without):
    without("py3langid", "datasketch")
    with pytest.raises(DependencyError) as raised:
        check_quality_packages(FilterSettings())
    assert str(raised.value) == BOTH
    check_quality_packages(FilterSettings(check_language=False, near_duplicates=None))


def test_a_check_itself_says_the_same_of_its_package(without):
    without("py3langid", "datasketch")
    with pytest.raises(DependencyError) as raised:
        detect_language("Where is it?")
    assert str(raised.value) == LANGUAGE
    with pytest.raises(DependencyError) as raised:
        find_near_duplicates([], PASSAGES, 0.8)
    assert str(raised.value) == NEAR_DUPLICATES
