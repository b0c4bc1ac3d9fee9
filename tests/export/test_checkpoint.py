import json
import shutil
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from tests.encoders.checkpoint.frozen import CHECKPOINTS, NAMES, change_json, copy_checkpoint, expected, load, shared
from tests.encoders.processes import finish, start_python
from tfsiamese.encoders import CheckpointEncoder, load_encoder
from tfsiamese.encoders.checkpoint import writing
from tfsiamese.errors import ExportError
from tfsiamese.export import export_checkpoint
from tfsiamese.siamese import Siamese

TEXTS = tf.constant(["The nurse reads.", "", "Ünïcode ｆｕｌｌ", "machine learning engineer " * 4])
WEIGHTS = ".safetensors"


def _files(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and not path.name.endswith((WEIGHTS, f"{WEIGHTS}.index.json"))
    }


def _scramble(encoder: CheckpointEncoder) -> None:
    random = np.random.default_rng(3)
    for variable in encoder.trainable_variables:
        variable.assign_add(random.normal(size=variable.shape).astype(np.float32) * 0.05)


class TestRoundTrip:
    @pytest.mark.parametrize("name", NAMES)
    def test_changed_weights_come_back_in_every_family_and_layout(self, name, tmp_path):
        encoder = load(name)
        _scramble(encoder)
        folder = export_checkpoint(encoder, tmp_path / "exported")
        loaded = load_encoder(folder)
        np.testing.assert_allclose(loaded(TEXTS), encoder(TEXTS), atol=1e-6)
        assert np.abs(loaded(TEXTS) - shared(name)(TEXTS)).max() > 1e-3
        assert (loaded.max_length, loaded.prompts, loaded.default_prompt_name) == (
            encoder.max_length,
            encoder.prompts,
            encoder.default_prompt_name,
        )

    @pytest.mark.parametrize("name", [name for name in NAMES if name not in ("qwen2", "bert_plain")])
    def test_unchanged_weights_are_written_as_they_were_read(self, name, tmp_path):
        export_checkpoint(shared(name), tmp_path / "exported")
        for path in (CHECKPOINTS / name).rglob(f"*{WEIGHTS}"):
            before = load_file(path)
            after = load_file(tmp_path / "exported" / path.relative_to(CHECKPOINTS / name))
            assert after.keys() == before.keys()
            for tensor, values in before.items():
                assert after[tensor].dtype == np.float32
                np.testing.assert_array_equal(after[tensor], values.astype(np.float32))

    @pytest.mark.parametrize("name", [name for name in NAMES if name != "bert_plain"])
    def test_files_are_kept_byte_for_byte_but_for_type_and_length(self, name, tmp_path):
        export_checkpoint(shared(name), tmp_path / "exported")
        before, after = _files(CHECKPOINTS / name), _files(tmp_path / "exported")
        (settings,) = [file for file in before if Path(file).match("sentence_*_config.json")]
        assert after.keys() == before.keys()
        for file in before.keys() - {"config.json", settings}:
            assert after[file] == before[file], file
        assert json.loads(after[settings]) == json.loads(before[settings]) | {
            "max_seq_length": expected(name)["max_seq_length"]
        }
        config = json.loads(before["config.json"])
        types = {key: "float32" for key in ("dtype", "torch_dtype") if key in config}
        assert json.loads(after["config.json"]) == config | types

    def test_a_plain_checkpoint_becomes_one_of_sentence_transformers(self, tmp_path):
        folder = export_checkpoint(shared("bert_plain"), tmp_path / "exported")
        modules = json.loads((folder / "modules.json").read_text())
        assert [(module["idx"], module["path"], module["type"].rpartition(".")[2]) for module in modules] == [
            (0, "", "Transformer"),
            (1, "1_Pooling", "Pooling"),
        ]
        pooling = json.loads((folder / "1_Pooling" / "config.json").read_text())
        assert pooling["word_embedding_dimension"] == 16
        assert pooling["pooling_mode_mean_tokens"] is True
        assert json.loads((folder / "sentence_bert_config.json").read_text())["max_seq_length"] == 48
        assert (folder / "vocab.txt").read_bytes() == (CHECKPOINTS / "bert_plain" / "vocab.txt").read_bytes()

    def test_several_files_of_weights_become_one(self, tmp_path):
        folder = export_checkpoint(shared("qwen2"), tmp_path / "exported")
        assert [path.name for path in folder.glob("model*")] == ["model.safetensors"]

    def test_bfloat16_is_written_as_float32_and_the_configuration_says_so(self, tmp_path):
        source = copy_checkpoint("bert", tmp_path)
        tensors = load_file(source / "model.safetensors")
        save_file(
            {key: value.astype(ml_dtypes.bfloat16) for key, value in tensors.items()}, source / "model.safetensors"
        )
        change_json(source / "config.json", dtype=..., torch_dtype="bfloat16")
        encoder = load_encoder(source)
        folder = export_checkpoint(encoder, tmp_path / "exported")
        config = json.loads((folder / "config.json").read_text())
        assert config["torch_dtype"] == "float32"
        assert "dtype" not in config
        assert {value.dtype for value in load_file(folder / "model.safetensors").values()} == {np.dtype(np.float32)}
        np.testing.assert_allclose(load_encoder(folder)(TEXTS), encoder(TEXTS), atol=1e-6)

    def test_a_chosen_max_length_is_kept(self, tmp_path):
        folder = export_checkpoint(load("bert", max_length=7), tmp_path / "exported")
        assert load_encoder(folder).max_length == 7

    def test_adapters_are_merged(self, tmp_path):
        encoder = load("bert", lora=2)
        _scramble(encoder)
        folder = export_checkpoint(encoder, tmp_path / "exported")
        loaded = load_encoder(folder)
        np.testing.assert_allclose(loaded(TEXTS), encoder(TEXTS), atol=1e-5)
        assert loaded.variable_names == shared("bert").variable_names
        assert (
            load_file(folder / "model.safetensors").keys()
            == load_file(CHECKPOINTS / "bert" / "model.safetensors").keys()
        )

    def test_a_pooler_that_nothing_depends_on_is_kept(self, tmp_path):
        source = copy_checkpoint("bert", tmp_path)
        tensors = load_file(source / "model.safetensors")
        pooler = {
            "pooler.dense.weight": np.full((24, 24), 0.5, np.float32),
            "pooler.dense.bias": np.ones(24, np.float32),
        }
        save_file(tensors | pooler, source / "model.safetensors")
        folder = export_checkpoint(load_encoder(source), tmp_path / "exported")
        written = load_file(folder / "model.safetensors")
        for name, values in pooler.items():
            np.testing.assert_array_equal(written[name], values)

    def test_modules_can_lie_deeper(self, tmp_path):
        source = copy_checkpoint("distilbert", tmp_path)
        (source / "modules").mkdir()
        shutil.move(source / "2_Dense", source / "modules" / "2_Dense")
        modules = json.loads((source / "modules.json").read_text())
        modules[2]["path"] = "modules/2_Dense"
        (source / "modules.json").write_text(json.dumps(modules))
        folder = export_checkpoint(load_encoder(source), tmp_path / "exported")
        np.testing.assert_allclose(load_encoder(folder)(TEXTS), shared("distilbert")(TEXTS), atol=1e-6)

    def test_the_transformer_can_lie_in_a_folder_of_its_own(self, tmp_path):
        source = copy_checkpoint("bert", tmp_path)
        (source / "0_Transformer").mkdir()
        for name in ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"):
            shutil.move(source / name, source / "0_Transformer" / name)
        shutil.move(source / "sentence_bert_config.json", source / "0_Transformer")
        modules = json.loads((source / "modules.json").read_text())
        modules[0]["path"] = "0_Transformer"
        (source / "modules.json").write_text(json.dumps(modules))
        folder = export_checkpoint(load_encoder(source), tmp_path / "exported")
        assert (folder / "0_Transformer" / "model.safetensors").is_file()
        assert not (folder / "model.safetensors").exists()
        np.testing.assert_allclose(load_encoder(folder)(TEXTS), shared("bert")(TEXTS), atol=1e-6)

    def test_licence_and_model_card_go_along(self, tmp_path):
        source = copy_checkpoint("bert", tmp_path)
        for name in ("README.md", "LICENSE", "NOTICE.txt"):
            (source / name).write_text(f"This is {name}.")
        for name in ("pytorch_model.bin", ".gitattributes", "training_state.pt"):
            (source / name).touch()
        files = _files(export_checkpoint(load_encoder(source), tmp_path / "exported"))
        assert {name: files[name].decode() for name in ("README.md", "LICENSE", "NOTICE.txt")} == {
            name: f"This is {name}." for name in ("README.md", "LICENSE", "NOTICE.txt")
        }
        assert not files.keys() & {"pytorch_model.bin", ".gitattributes", "training_state.pt"}

    def test_the_source_may_be_gone_by_then(self, tmp_path):
        source = copy_checkpoint("distilbert", tmp_path)
        encoder = load_encoder(source)
        shutil.rmtree(source)
        folder = export_checkpoint(encoder, tmp_path / "exported")
        np.testing.assert_allclose(load_encoder(folder)(TEXTS), encoder(TEXTS), atol=1e-6)

    def test_a_siamese_model_is_exported_as_its_encoder(self, tmp_path):
        folder = export_checkpoint(Siamese(shared("bert")), str(tmp_path / "new" / "exported"))
        assert folder == tmp_path / "new" / "exported"
        np.testing.assert_allclose(load_encoder(folder)(TEXTS), shared("bert")(TEXTS), atol=1e-6)


class TestRefusals:
    @pytest.mark.parametrize("make", [Path.mkdir, Path.touch])
    def test_a_folder_that_exists_is_left_alone(self, tmp_path, make):
        make(tmp_path / "there")
        with pytest.raises(ExportError, match=r"there exists, and nothing is overwritten\. Choose another folder"):
            export_checkpoint(shared("bert"), tmp_path / "there")
        assert [path.name for path in tmp_path.rglob("*")] == ["there"]

    def test_a_saved_model_cannot_be_written_as_a_checkpoint(self, tiny_encoder, tmp_path):
        message = r"was not loaded from a checkpoint .* Use export_saved_model \(--format saved-model\)"
        with pytest.raises(ExportError, match=message):
            export_checkpoint(tiny_encoder, tmp_path / "exported")

    def test_a_folder_that_cannot_be_made_is_reported(self, tmp_path):
        (tmp_path / "file").touch()
        with pytest.raises(ExportError, match=r"cannot be written: .* Choose another folder"):
            export_checkpoint(shared("bert"), tmp_path / "file" / "exported")


class TestWhole:
    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), RuntimeError("anything else")])
    def test_writing_that_fails_leaves_nothing(self, tmp_path, monkeypatch, error):
        def fail(*_: object, **__: object) -> None:
            raise error

        monkeypatch.setattr(writing, "save_file", fail)
        kind = ExportError if isinstance(error, OSError) else RuntimeError
        with pytest.raises(kind, match=r"No space left on device\. Choose|anything else"):
            export_checkpoint(shared("bert"), tmp_path / "exported")
        assert list(tmp_path.iterdir()) == []

    def test_a_disk_that_is_full_is_reported(self, tmp_path, monkeypatch):
        from safetensors import SafetensorError

        def fail(*_: object, **__: object) -> None:
            raise SafetensorError("No space left on device (os error 28)")

        monkeypatch.setattr(writing, "save_file", fail)
        with pytest.raises(ExportError, match="exported cannot be written: No space left on device"):
            export_checkpoint(shared("bert"), tmp_path / "exported")
        assert list(tmp_path.iterdir()) == []

    def test_a_process_killed_in_the_middle_leaves_no_checkpoint(self, tmp_path):
        code = """
            import tfsiamese
            from tfsiamese.encoders.checkpoint import writing
            from tfsiamese.export import export_checkpoint
            save = writing.save_file
            def save_and_die(*arguments, **keywords):
                save(*arguments, **keywords)
                die()
            writing.save_file = save_and_die
            export_checkpoint(tfsiamese.load_encoder(sys.argv[1]), sys.argv[2])
        """
        killed = finish(start_python(code, CHECKPOINTS / "bert", tmp_path / "exported"))
        assert killed.returncode == -9, killed.stderr
        assert not (tmp_path / "exported").exists()
        (leftover,) = tmp_path.iterdir()
        assert leftover.name.startswith(".exported.partial-")
        export_checkpoint(shared("bert"), tmp_path / "exported")
        np.testing.assert_allclose(load_encoder(tmp_path / "exported")(TEXTS), shared("bert")(TEXTS), atol=1e-6)

    def test_a_folder_that_another_export_made_meanwhile_is_left_alone(self, tmp_path, monkeypatch):
        save = writing.save_file

        def be_overtaken(*arguments: object, **keywords: object) -> None:
            save(*arguments, **keywords)
            (tmp_path / "exported").mkdir(exist_ok=True)
            (tmp_path / "exported" / "theirs").touch()

        monkeypatch.setattr(writing, "save_file", be_overtaken)
        with pytest.raises(ExportError, match="was written by another export in the meantime. Nothing was changed"):
            export_checkpoint(shared("bert"), tmp_path / "exported")
        assert [path.name for path in tmp_path.rglob("*")] == ["exported", "theirs"]
