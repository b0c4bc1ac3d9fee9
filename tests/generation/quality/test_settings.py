"""What filter settings take, and which packages they need."""

import builtins

import pytest

from tfsiamese.errors import DependencyError, SettingsError
from tfsiamese.generation.quality import FilterSettings, check_quality_packages


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
    with pytest.raises(SettingsError, match=f"Expected {name} .*Received: {name}="):
        FilterSettings(**{name: value})


def test_a_minimum_above_the_maximum_is_refused():
    with pytest.raises(SettingsError, match="min_length=50, max_length=20"):
        FilterSettings(min_length=50, max_length=20)


def without_package(monkeypatch, package):
    original = builtins.__import__

    def importing(name, *arguments, **options):
        if name.split(".")[0] == package:
            raise ImportError(name)
        return original(name, *arguments, **options)

    monkeypatch.setattr(builtins, "__import__", importing)


@pytest.mark.parametrize(
    ("package", "off"), [("py3langid", {"check_language": False}), ("datasketch", {"near_duplicates": None})]
)
def test_a_missing_package_is_named_only_where_its_filter_is_on(monkeypatch, package, off):
    without_package(monkeypatch, package)
    with pytest.raises(DependencyError, match=f'{package}.*pip install "tfsiamese\\[generate\\]".*{next(iter(off))}'):
        check_quality_packages(FilterSettings())
    check_quality_packages(FilterSettings(**off))
