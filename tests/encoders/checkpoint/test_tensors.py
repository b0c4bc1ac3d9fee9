import json
import shutil
from pathlib import Path

import ml_dtypes
import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import load_file, save_file

from tests.encoders.checkpoint.frozen import CHECKPOINTS, change_tensors, copy_checkpoint, shared
from tfsiamese.encoders import load_encoder
from tfsiamese.encoders.checkpoint.tensors import TensorFiles
from tfsiamese.errors import EncoderError

TEXTS = tf.constant(["The nurse reads.", ""])


def _vectors(folder: Path) -> np.ndarray:
    return load_encoder(folder)(TEXTS).numpy()


class TestFiles:
    @pytest.fixture
    def folder(self, tmp_path) -> Path:
        numbers = np.arange(6, dtype=np.float32).reshape(2, 3)
        save_file({"a.weight": numbers, "old.gamma": numbers[0], "old.beta": numbers[1]}, tmp_path / "one.safetensors")
        save_file({"b": numbers.astype(np.float16), "count": np.array([3])}, tmp_path / "two.safetensors")
        places = {"a.weight": "one.safetensors", "old.gamma": "one.safetensors", "b": "two.safetensors"}
        index = {"metadata": {}, "weight_map": places}
        (tmp_path / "model.safetensors.index.json").write_text(json.dumps(index))
        return tmp_path

    def test_tensors_of_all_files_are_found_with_their_shapes(self, folder):
        shapes = TensorFiles(folder).shapes
        assert shapes == {"a.weight": (2, 3), "old.weight": (3,), "old.bias": (3,), "b": (2, 3), "count": (1,)}

    def test_they_are_read_as_float32(self, folder):
        array = TensorFiles(folder).read("b")
        assert array.dtype == np.float32
        assert array.tolist() == [[0, 1, 2], [3, 4, 5]]

    def test_a_gamma_is_a_weight_and_a_beta_a_bias(self, folder):
        files = TensorFiles(folder)
        assert files.read("old.weight").tolist() == [0, 1, 2]
        assert files.read("old.bias").tolist() == [3, 4, 5]

    def test_whole_numbers_are_refused_as_weights(self, folder):
        with pytest.raises(EncoderError, match=r"The tensor count in .* is of type I64\. Expected F64, F32, F16, BF16"):
            TensorFiles(folder).read("count")

    def test_a_single_file_goes_before_an_index(self, folder):
        save_file({"only": np.zeros(1, np.float32)}, folder / "model.safetensors")
        assert TensorFiles(folder).shapes == {"only": (1,)}

    def test_the_fingerprint_follows_the_weights(self, folder):
        before = TensorFiles(folder).fingerprint()
        assert TensorFiles(folder).fingerprint() == before
        change_tensors(folder, lambda tensors: tensors | {"b": tensors["b"] + 1}, "two.safetensors")
        assert TensorFiles(folder).fingerprint() != before

    def test_a_file_that_the_index_names_and_that_is_absent_is_reported(self, folder):
        (folder / "two.safetensors").unlink()
        with pytest.raises(EncoderError, match=r"lacks two\.safetensors, which its model\.safetensors\.index\.json na"):
            TensorFiles(folder)

    @pytest.mark.parametrize("name", ["../outside.safetensors", "{absolute}", "below/x.safetensors", ".."])
    def test_a_file_outside_the_folder_is_not_opened(self, folder, name):
        inner = folder / "checkpoint"
        (inner / "below").mkdir(parents=True)
        for place in (folder / "outside.safetensors", inner / "below" / "x.safetensors"):
            shutil.copy(folder / "one.safetensors", place)
        named = name.replace("{absolute}", str(folder / "outside.safetensors"))
        (inner / "model.safetensors.index.json").write_text(json.dumps({"weight_map": {"a.weight": named}}))
        with pytest.raises(EncoderError, match=r"checkpoint lacks .*, which its model\.safetensors\.index\.json names"):
            TensorFiles(inner)

    @pytest.mark.parametrize("content", ["{}", '{"weight_map": []}', '{"weight_map": {"a": 3}}'])
    def test_an_index_without_a_map_is_refused(self, tmp_path, content):
        (tmp_path / "model.safetensors.index.json").write_text(content)
        with pytest.raises(EncoderError, match="has no weight_map from tensors to files"):
            TensorFiles(tmp_path)

    @pytest.mark.parametrize("name", ["pytorch_model.bin", "pytorch_model.bin.index.json"])
    def test_pickled_weights_are_refused_with_the_reason(self, tmp_path, name):
        (tmp_path / name).touch()
        message = rf"has its weights in {name} only\. A pickle can run any code .* Expected model\.safetensors: save"
        with pytest.raises(EncoderError, match=message):
            TensorFiles(tmp_path)

    def test_pickled_weights_beside_others_are_left_alone(self, tmp_path):
        (tmp_path / "pytorch_model.bin").touch()
        save_file({"a": np.zeros(1, np.float32)}, tmp_path / "model.safetensors")
        assert TensorFiles(tmp_path).shapes == {"a": (1,)}

    def test_no_weights_at_all_are_reported(self, tmp_path):
        with pytest.raises(EncoderError, match=r"holds no weights: neither model\.safetensors nor model\."):
            TensorFiles(tmp_path)


class TestInACheckpoint:
    @pytest.mark.parametrize("keep", [0, 5, 100, 0.5, 0.99])
    def test_a_file_that_was_cut_off_is_reported(self, tmp_path, keep):
        folder = copy_checkpoint("bert", tmp_path)
        content = (folder / "model.safetensors").read_bytes()
        kept = int(len(content) * keep) if isinstance(keep, float) else keep
        (folder / "model.safetensors").write_bytes(content[:kept])
        with pytest.raises(EncoderError, match=r"model\.safetensors cannot be read: .* Expected a whole file; do"):
            load_encoder(folder)

    def test_absent_tensors_are_named(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        gone = "encoder.layer.1.output.dense.bias"
        change_tensors(folder, lambda tensors: {name: value for name, value in tensors.items() if name != gone})
        with pytest.raises(EncoderError, match=rf"lacks the tensors {gone} that its config\.json asks for"):
            load_encoder(folder)

    @pytest.mark.parametrize(
        ("tensor", "message"),
        [
            ("embeddings.word_embeddings.weight", r"has embeddings/word of the shape \[299, 24\]"),
            ("embeddings.position_embeddings.weight", r"has embeddings/position of the shape \[47, 24\]"),
            ("encoder.layer.0.intermediate.dense.weight", r"has layers/0/feed_forward/inner/kernel of the shape"),
            ("encoder.layer.1.output.LayerNorm.weight", "does not encode a text"),
            ("encoder.layer.1.attention.self.key.bias", r"has layers/1/attention/projection/bias of the shape \[71\]"),
        ],
    )
    def test_a_tensor_of_another_shape_is_reported(self, tmp_path, tensor, message):
        folder = copy_checkpoint("bert", tmp_path)
        change_tensors(folder, lambda tensors: tensors | {tensor: np.ascontiguousarray(tensors[tensor][:-1])})
        with pytest.raises(EncoderError, match=message):
            load_encoder(folder)

    @pytest.mark.parametrize(("name", "prefix"), [("bert", "bert."), ("qwen3", "model."), ("xlm_roberta", "roberta.")])
    def test_a_model_with_a_head_has_its_tensors_under_a_name(self, tmp_path, name, prefix):
        folder = copy_checkpoint(name, tmp_path)
        head = {"lm_head.weight": np.zeros((3, 3), np.float32)}
        change_tensors(folder, lambda tensors: {prefix + key: value for key, value in tensors.items()} | head)
        np.testing.assert_allclose(_vectors(folder), shared(name)(TEXTS), atol=1e-6)

    def test_gammas_and_betas_of_old_checkpoints_are_read(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)

        def older(name: str) -> str:
            return name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta")

        change_tensors(folder, lambda tensors: {older(name): value for name, value in tensors.items()})
        assert "embeddings.LayerNorm.gamma" in load_file(folder / "model.safetensors")
        np.testing.assert_allclose(_vectors(folder), shared("bert")(TEXTS), atol=1e-6)

    def test_one_file_and_several_give_the_same_vectors(self, tmp_path):
        folder = copy_checkpoint("qwen2", tmp_path)
        tensors = {}
        for path in folder.glob("model-*.safetensors"):
            tensors |= load_file(path)
            path.unlink()
        (folder / "model.safetensors.index.json").unlink()
        save_file(tensors, folder / "model.safetensors")
        np.testing.assert_allclose(_vectors(folder), shared("qwen2")(TEXTS), atol=1e-6)

    def test_weights_in_bfloat16_are_read_to_the_bit(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        tensors = load_file(folder / "model.safetensors")
        rounded = {name: value.astype(ml_dtypes.bfloat16) for name, value in tensors.items()}
        save_file({name: value.astype(np.float32) for name, value in rounded.items()}, folder / "model.safetensors")
        exact = _vectors(folder)
        save_file(rounded, folder / "model.safetensors")
        np.testing.assert_allclose(_vectors(folder), exact, atol=1e-6)
        assert np.abs(exact - shared("bert")(TEXTS)).max() > 1e-4

    def test_weights_in_float16_are_read(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        change_tensors(folder, lambda tensors: {name: value.astype(np.float16) for name, value in tensors.items()})
        np.testing.assert_allclose(_vectors(folder), shared("bert")(TEXTS), atol=5e-3)

    def test_quantized_weights_are_refused(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        name = "encoder.layer.0.output.dense.weight"
        change_tensors(folder, lambda tensors: tensors | {name: tensors[name].astype(np.int8)})
        with pytest.raises(EncoderError, match=rf"The tensor {name} in .* is of type I8\. Expected F64, F32"):
            load_encoder(folder)


def test_the_checkpoint_in_several_files_is_one():
    assert len(list((CHECKPOINTS / "qwen2").glob("*.safetensors"))) == 2
    assert len(TensorFiles(CHECKPOINTS / "qwen2").paths) == 2
