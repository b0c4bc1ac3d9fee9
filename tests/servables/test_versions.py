from pathlib import Path

import pytest

from tfsiamese.errors import ExportError
from tfsiamese.files import remove_leftovers
from tfsiamese.servables import next_version, remove_old_versions, version_folder, version_numbers


def _write(base: Path, *names: str) -> Path:
    for name in names:
        (base / name).mkdir(parents=True)
        (base / name / "saved_model.pb").write_bytes(b"")
    return base


def _names(base: Path) -> list[str]:
    return sorted(path.name for path in base.iterdir())


class TestNumbers:
    def test_versions_are_in_the_order_of_their_numbers(self, tmp_path):
        assert version_numbers(_write(tmp_path, "10", "9", "000100")) == [9, 10, 100]

    def test_only_complete_versions_named_by_digits_count(self, tmp_path):
        _write(tmp_path, "1", "v2", "3-old", ".4.partial-x", "-5", "6.0", "٧")
        (tmp_path / "8").mkdir()
        (tmp_path / "9").write_text("a file")
        assert version_numbers(tmp_path) == [1]

    def test_two_folders_of_one_number_are_one_version(self, tmp_path):
        assert version_numbers(_write(tmp_path, "7", "007")) == [7]

    def test_a_number_that_int64_cannot_hold_is_no_version(self, tmp_path):
        _write(tmp_path, str(2**63 - 1), str(2**63))
        assert version_numbers(tmp_path) == [2**63 - 1]

    def test_a_folder_that_is_not_there_has_no_versions(self, tmp_path):
        assert version_numbers(tmp_path / "absent") == []


class TestNextVersion:
    def test_the_first_version_is_1(self, tmp_path):
        assert next_version(tmp_path) == 1
        assert next_version(tmp_path / "absent") == 1

    def test_an_incomplete_version_keeps_its_number(self, tmp_path):
        _write(tmp_path, "2", "0009")
        (tmp_path / "12").mkdir()
        assert next_version(tmp_path) == 13

    def test_there_is_none_after_the_largest(self, tmp_path):
        with pytest.raises(ExportError, match="9223372036854775807, and no number is above it"):
            next_version(_write(tmp_path, str(2**63 - 1)))


class TestVersionFolder:
    def test_zeros_before_the_number_are_found(self, tmp_path):
        _write(tmp_path, "000123", "124")
        assert version_folder(tmp_path, 123) == tmp_path / "000123"
        assert version_folder(tmp_path, 124) == tmp_path / "124"

    def test_of_two_the_last_in_alphabetical_order_is_taken(self, tmp_path):
        assert version_folder(_write(tmp_path, "7", "007"), 7) == tmp_path / "7"

    def test_a_version_that_is_not_there_has_the_plain_name(self, tmp_path):
        assert version_folder(tmp_path / "absent", 5) == tmp_path / "absent" / "5"


class TestRemoval:
    def test_all_but_the_newest_are_removed(self, tmp_path):
        _write(tmp_path, "1", "2", "9", "10", "notes")
        assert remove_old_versions(tmp_path, 2) == [1, 2]
        assert _names(tmp_path) == ["10", "9", "notes"]

    def test_protected_versions_stay_and_count_for_themselves(self, tmp_path):
        _write(tmp_path, "1", "2", "3", "4")
        assert remove_old_versions(tmp_path, 1, protected={2, 4, 99}) == [1, 3]
        assert _names(tmp_path) == ["2", "4"]

    def test_versions_with_zeros_in_front_are_removed_with_their_number(self, tmp_path):
        _write(tmp_path, "001", "1", "2")
        assert remove_old_versions(tmp_path, 1) == [1]
        assert _names(tmp_path) == ["2"]

    def test_an_incomplete_version_is_neither_counted_nor_removed(self, tmp_path):
        _write(tmp_path, "1", "2")
        (tmp_path / "3").mkdir()
        assert remove_old_versions(tmp_path, 1) == [1]
        assert _names(tmp_path) == ["2", "3"]

    def test_a_link_is_removed_and_what_it_points_to_stays(self, tmp_path):
        kept = _write(tmp_path / "elsewhere", "1") / "1"
        base = _write(tmp_path / "base", "2")
        (base / "1").symlink_to(kept)
        assert remove_old_versions(base, 1) == [1]
        assert _names(base) == ["2"] and (kept / "saved_model.pb").exists()

    def test_what_a_killed_removal_leaves_is_no_version_and_is_found_as_a_leftover(self, tmp_path, monkeypatch):
        def killed(path):
            raise KeyboardInterrupt

        monkeypatch.setattr("tfsiamese.servables.versions.shutil.rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            remove_old_versions(_write(tmp_path, "1", "2"), 1)
        monkeypatch.undo()
        assert version_numbers(tmp_path) == [2]
        assert remove_leftovers(tmp_path) == 1
        assert _names(tmp_path) == ["2"]

    @pytest.mark.parametrize("keep_last", [0, -1, True, 1.0])
    def test_at_least_one_version_has_to_stay(self, tmp_path, keep_last):
        with pytest.raises(ExportError, match="number of versions to keep to be a positive integer"):
            remove_old_versions(_write(tmp_path, "1"), keep_last)
        assert _names(tmp_path) == ["1"]
