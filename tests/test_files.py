import os
import signal
import stat
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from tfsiamese.files import cache_folder, publish_file, publish_folder, remove_leftovers


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


class TestCacheFolder:
    @pytest.fixture(autouse=True)
    def _no_variables(self, monkeypatch):
        monkeypatch.delenv("TFSIAMESE_CACHE", raising=False)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)

    def test_the_own_variable_comes_first(self, monkeypatch, tmp_path):
        monkeypatch.setenv("TFSIAMESE_CACHE", str(tmp_path / "own"))
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "shared"))
        assert cache_folder() == tmp_path / "own"

    def test_a_tilde_is_the_home_folder(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        monkeypatch.setenv("TFSIAMESE_CACHE", "~/own")
        assert cache_folder() == tmp_path / "own"

    def test_the_shared_cache_comes_second(self, monkeypatch, tmp_path):
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assert cache_folder() == tmp_path / "tfsiamese"

    def test_the_home_folder_comes_last_and_nothing_is_created(self, monkeypatch, tmp_path):
        monkeypatch.setenv("HOME", str(tmp_path))
        assert cache_folder() == tmp_path / ".cache" / "tfsiamese"
        assert _names(tmp_path) == []


class TestPublishFile:
    def test_a_file_appears_when_the_block_ends_and_its_folder_is_made(self, tmp_path):
        target = tmp_path / "new" / "vectors.npy"
        with publish_file(target) as temporary:
            assert temporary.parent == target.parent
            assert temporary.suffix == ".npy"
            temporary.write_text("whole")
            assert not target.exists()
        assert target.read_text() == "whole"
        assert _names(target.parent) == ["vectors.npy"]

    def test_an_error_keeps_the_old_file_and_leaves_nothing_else(self, tmp_path):
        target = tmp_path / "metrics.json"
        target.write_text("old")
        with pytest.raises(ValueError, match="halfway"), publish_file(target) as temporary:
            temporary.write_text("ne")
            raise ValueError("halfway")
        assert target.read_text() == "old"
        assert _names(tmp_path) == ["metrics.json"]

    def test_an_existing_file_is_replaced(self, tmp_path):
        target = tmp_path / "metrics.json"
        target.write_text("a much longer old text")
        with publish_file(target) as temporary:
            temporary.write_text("new")
        assert target.read_text() == "new"

    def test_permissions_follow_the_umask(self, tmp_path):
        previous = os.umask(0o027)
        try:
            with publish_file(tmp_path / "file") as temporary:
                temporary.write_text("x")
            assert os.umask(0o027) == 0o027
        finally:
            os.umask(previous)
        assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == 0o640


class TestPublishFolder:
    def test_a_folder_appears_when_the_block_ends(self, tmp_path):
        target = tmp_path / "deep" / "1"
        with publish_folder(target) as temporary:
            (temporary / "saved_model.pb").write_text("whole")
            assert not target.exists()
        assert _names(target) == ["saved_model.pb"]
        assert _names(target.parent) == ["1"]

    def test_an_error_leaves_nothing(self, tmp_path):
        with pytest.raises(KeyboardInterrupt), publish_folder(tmp_path / "1") as temporary:
            (temporary / "half").write_text("x")
            raise KeyboardInterrupt
        assert _names(tmp_path) == []

    def test_a_folder_that_holds_something_is_not_overwritten(self, tmp_path):
        target = tmp_path / "1"
        with pytest.raises(FileExistsError, match="the target exists already"), publish_folder(target) as temporary:
            (temporary / "late").write_text("late")
            target.mkdir()
            (target / "early").write_text("early")
        assert _names(target) == ["early"]
        assert _names(tmp_path) == ["1"]

    def test_a_file_in_the_way_is_not_overwritten(self, tmp_path):
        (tmp_path / "1").write_text("a file")
        with pytest.raises(FileExistsError), publish_folder(tmp_path / "1"):
            pass
        assert (tmp_path / "1").read_text() == "a file"
        assert _names(tmp_path) == ["1"]

    def test_permissions_follow_the_umask(self, tmp_path):
        previous = os.umask(0o022)
        try:
            with publish_folder(tmp_path / "1"):
                pass
        finally:
            os.umask(previous)
        assert stat.S_IMODE((tmp_path / "1").stat().st_mode) == 0o755


class TestKilledWriters:
    def test_a_killed_writer_leaves_the_old_state_and_leftovers_that_can_be_removed(self, tmp_path):
        (tmp_path / "metrics.json").write_text("old")
        script = """
            import os, signal, sys
            from pathlib import Path
            from tfsiamese.files import publish_file, publish_folder
            base = Path(sys.argv[1])
            with publish_folder(base / "1") as folder, publish_file(base / "metrics.json") as file:
                (folder / "saved_model.pb").write_text("half")
                file.write_text("half")
                os.kill(os.getpid(), signal.SIGKILL)
        """
        status = subprocess.run([sys.executable, "-c", textwrap.dedent(script), str(tmp_path)], check=False).returncode
        assert status == -signal.SIGKILL
        assert (tmp_path / "metrics.json").read_text() == "old"
        assert not (tmp_path / "1").exists()
        assert len(_names(tmp_path)) == 3
        assert remove_leftovers(tmp_path) == 2
        assert _names(tmp_path) == ["metrics.json"]


class TestRemoveLeftovers:
    def test_what_others_may_still_be_writing_is_kept(self, tmp_path):
        with publish_folder(tmp_path / "old") as old, publish_folder(tmp_path / "new") as new:
            two_hours_ago = time.time() - 7200
            os.utime(old, (two_hours_ago, two_hours_ago))
            assert remove_leftovers(tmp_path, older_than=3600) == 1
            assert new.is_dir()
            assert not old.exists()
            old.mkdir()  # so that the block can end

    def test_nothing_but_leftovers_is_removed(self, tmp_path):
        for name in (".hidden", "model.partial-1", ".partial", "1"):
            (tmp_path / name).write_text("keep")
        assert remove_leftovers(tmp_path) == 0
        assert len(_names(tmp_path)) == 4

    def test_a_folder_that_does_not_exist_has_none(self, tmp_path):
        assert remove_leftovers(tmp_path / "missing") == 0

    def test_a_leftover_that_vanishes_in_the_meantime_is_no_error(self, tmp_path, monkeypatch):
        vanished = tmp_path / ".model.partial-1"
        monkeypatch.setattr(Path, "glob", lambda folder, pattern: iter([vanished]))
        remove_leftovers(tmp_path)
