import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from safetensors.numpy import save_file

from tests.encoders.checkpoint.frozen import change_json, copy_checkpoint, shared
from tfsiamese.encoders import load_encoder
from tfsiamese.encoders.checkpoint.layout import ModuleEntry
from tfsiamese.encoders.checkpoint.modules import DenseModule, Normalize, read_modules
from tfsiamese.errors import EncoderError

WEIGHT = np.array([[1.0, 0.0], [2.0, -1.0], [0.5, 0.5]], np.float32)
VECTORS = tf.constant([[1.0, 2.0], [-2.0, 0.0]])


def _dense(folder: Path, tensors: dict[str, np.ndarray], **config: Any) -> DenseModule:
    config = {"activation_function": "torch.nn.modules.linear.Identity"} | config
    save_file(tensors, folder / "model.safetensors")
    (module,) = read_modules([ModuleEntry("Dense", folder, config, "2_Dense")])
    assert isinstance(module, DenseModule)
    return module


def test_a_dense_module_multiplies_by_the_transposed_weight_and_adds_the_bias(tmp_path):
    module = _dense(tmp_path, {"linear.weight": WEIGHT, "linear.bias": np.array([0, 10, 0], np.float32)})
    assert module(VECTORS).numpy().tolist() == [[1, 10, 1.5], [-2, 6, -1]]
    assert list(module.weights) == ["dense/0/linear/kernel", "dense/0/linear/bias"]


def test_the_bias_may_be_absent(tmp_path):
    module = _dense(tmp_path, {"linear.weight": WEIGHT})
    assert module(VECTORS).numpy().tolist() == [[1, 0, 1.5], [-2, -4, -1]]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("torch.nn.modules.activation.Tanh", np.tanh([-1.0, 0.5])),
        ("torch.nn.modules.activation.ReLU", [0.0, 0.5]),
        ("torch.nn.modules.activation.Sigmoid", 1 / (1 + np.exp([1.0, -0.5]))),
        ("torch.nn.modules.activation.SiLU", np.array([-1.0, 0.5]) / (1 + np.exp([1.0, -0.5]))),
        ("torch.nn.modules.activation.GELU", [-0.15865526, 0.34573123]),
        ("torch.nn.modules.linear.Identity", [-1.0, 0.5]),
    ],
)
def test_the_activation_is_that_of_the_configuration(tmp_path, name, expected):
    module = _dense(tmp_path, {"linear.weight": np.eye(2, dtype=np.float32)}, activation_function=name)
    np.testing.assert_allclose(module(tf.constant([[-1.0, 0.5]]))[0], expected, atol=1e-6)


def test_the_activation_is_tanh_where_none_is_named(tmp_path):
    save_file({"linear.weight": np.eye(2, dtype=np.float32)}, tmp_path / "model.safetensors")
    (module,) = read_modules([ModuleEntry("Dense", tmp_path, {})])
    np.testing.assert_allclose(module(VECTORS), np.tanh(VECTORS), atol=1e-6)


def test_a_residual_adds_the_vectors_themselves(tmp_path):
    module = _dense(tmp_path, {"linear.weight": 2 * np.eye(2, dtype=np.float32)}, use_residual=True)
    assert module(VECTORS).numpy().tolist() == [[3, 6], [-6, 0]]


def test_a_residual_between_different_widths_has_a_weight_of_its_own(tmp_path):
    tensors = {"linear.weight": WEIGHT, "residual.weight": np.ones((3, 2), np.float32)}
    module = _dense(tmp_path, tensors, use_residual=True)
    assert module(VECTORS).numpy().tolist() == [[4, 3, 4.5], [-4, -6, -3]]


def test_an_unknown_activation_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"activation 'Mish', which is not supported\. Expected one of Identity, Ta"):
        _dense(tmp_path, {"linear.weight": WEIGHT}, activation_function="torch.nn.modules.activation.Mish")


def test_a_dense_module_on_tokens_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"module_input_name 'token_embeddings'\. Expected a module on"):
        _dense(tmp_path, {"linear.weight": WEIGHT}, module_input_name="token_embeddings")


def test_a_dense_module_without_its_weight_is_refused(tmp_path):
    with pytest.raises(EncoderError, match=r"lacks the tensors linear\.weight"):
        _dense(tmp_path, {"other": WEIGHT})


def test_normalizing_gives_length_one_and_leaves_zeros():
    vectors = Normalize()(tf.constant([[3.0, 4.0], [0.0, 0.0], [1e-8, 0.0]])).numpy()
    np.testing.assert_allclose(vectors, [[0.6, 0.8], [0, 0], [1, 0]], atol=1e-6)


@pytest.mark.parametrize("kind", ["LayerNorm", "Dropout", "WordWeights", "Router"])
def test_other_modules_are_refused_with_their_name(tmp_path, kind):
    with pytest.raises(EncoderError, match=rf"is a module of the kind '{kind}', which is not supported\. Expected De"):
        read_modules([ModuleEntry(kind, tmp_path, {})])


class TestInACheckpoint:
    def _change_modules(self, folder: Path, change: Any) -> None:
        modules = json.loads((folder / "modules.json").read_text())
        (folder / "modules.json").write_text(json.dumps(change(modules)))

    def test_several_pooling_modes_widen_the_vectors(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        change_json(folder / "1_Pooling" / "config.json", pooling_mode=["cls", "mean"])
        self._change_modules(folder, lambda modules: modules[:2])
        encoder = load_encoder(folder)
        vectors = encoder(tf.constant(["a nurse"])).numpy()
        assert vectors.shape == (1, 48)
        means = vectors[:, 24:] / np.linalg.norm(vectors[:, 24:])
        np.testing.assert_allclose(means, shared("bert")(tf.constant(["a nurse"])), atol=1e-6)

    def test_older_flags_of_pooling_give_the_same_vectors(self, tmp_path):
        folder = copy_checkpoint("bert", tmp_path)
        (folder / "1_Pooling" / "config.json").write_text(
            json.dumps({"word_embedding_dimension": 24, "pooling_mode_mean_tokens": True})
        )
        texts = tf.constant(["a nurse", ""])
        np.testing.assert_allclose(load_encoder(folder)(texts), shared("bert")(texts), atol=1e-6)

    def test_vectors_can_be_normalized_before_a_dense_module(self, tmp_path):
        folder = copy_checkpoint("distilbert", tmp_path)
        texts = tf.constant(["a nurse", "two"])
        self._change_modules(folder, lambda modules: modules[:2])
        pooled = load_encoder(folder)(texts)
        normalize = {"path": "3_Normalize", "type": "sentence_transformers.models.Normalize"}
        dense = {"path": "2_Dense", "type": "sentence_transformers.models.Dense"}
        self._change_modules(folder, lambda modules: [*modules, normalize, dense])
        linear = shared("distilbert").network.modules[0]
        np.testing.assert_allclose(load_encoder(folder)(texts), linear(tf.math.l2_normalize(pooled, axis=1)), atol=1e-6)

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            (lambda modules: modules[:1], "has nothing behind its transformer. Expected a Pooling"),
            (lambda modules: [modules[0], modules[2]], "has Normalize behind its transformer. Expected a Pooling"),
            (lambda modules: modules[1:], "modules.json begins with 'Pooling'. Expected a Transformer"),
            (lambda modules: [], "modules.json begins with 'nothing'. Expected a Transformer"),
            (lambda modules: {}, "is no list of modules with a type and a path"),
            (lambda modules: [modules[0] | {"path": 3}], "is no list of modules with a type and a path"),
            (lambda modules: ["Transformer"], "is no list of modules with a type and a path"),
            (lambda modules: [*modules, modules[1]], "of the kind 'Pooling', which is not supported"),
            (lambda modules: [modules[0], modules[1] | {"path": "7_Pooling"}], "7_Pooling/config.json cannot be read"),
            (lambda modules: [modules[0], modules[1] | {"path": "../x"}], "names the folder '../x'. Expected one in"),
            (lambda modules: [modules[0] | {"path": "/etc"}], "names the folder '/etc'. Expected one inside"),
        ],
    )
    def test_a_list_of_modules_that_is_not_understood_is_refused_with_the_reason(self, tmp_path, change, message):
        folder = copy_checkpoint("bert", tmp_path)
        self._change_modules(folder, change)
        with pytest.raises(EncoderError) as error:
            load_encoder(folder)
        assert message in str(error.value)

    def test_a_dense_module_of_another_width_is_refused(self, tmp_path):
        folder = copy_checkpoint("distilbert", tmp_path)
        save_file({"linear.weight": np.zeros((5, 7), np.float32)}, folder / "2_Dense" / "model.safetensors")
        with pytest.raises(EncoderError, match=r"does not encode a text: .* Expected weights of the shapes"):
            load_encoder(folder)
