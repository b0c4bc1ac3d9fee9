"""Products in float16: near those of float32, also where numbers pass the largest of float16, 65,504."""

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.checkpoint.frozen import (
    NAMES,
    change_tensors,
    copy_checkpoint,
    expected,
    expected_vectors,
    load,
    shared,
)
from tfsiamese.encoders import CheckpointEncoder, load_encoder
from tfsiamese.encoders.checkpoint import CheckpointOptions
from tfsiamese.errors import SettingsError

pytestmark = pytest.mark.usefixtures("eagerly")

TEXTS = tf.constant(["a nurse", "the doctor of the town", "bread", ""])


def cosines(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    units = [array / np.maximum(np.linalg.norm(array, axis=1, keepdims=True), 1e-12) for array in (first, second)]
    return np.sum(units[0] * units[1], axis=1)


def gradients(encoder: CheckpointEncoder, scale: float = 1.0) -> dict[str, np.ndarray]:
    """Of the sum of the cubes of the vectors' directions, made on a scaled loss."""
    variables = dict(encoder.named_variables)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(tf.nn.l2_normalize(encoder(TEXTS, training=True), -1) ** 3) * scale
    found = tape.gradient(loss, [variable.value for variable in variables.values()])
    return {
        name: tf.convert_to_tensor(gradient).numpy() / scale
        for name, gradient in zip(variables, found, strict=True)
        if gradient is not None
    }


def rescaled(name: str, folder, part: str, factor: float) -> tuple[CheckpointEncoder, CheckpointEncoder]:
    """In float32 and in float16, with the tensors multiplied whose names hold a text."""
    copy = copy_checkpoint(name, folder)
    for file in copy.glob("*.safetensors"):
        change_tensors(
            copy,
            lambda tensors: {key: value * factor if part in key else value for key, value in tensors.items()},
            file.name,
        )
    return load_encoder(copy), load_encoder(copy, mixed_precision="float16")


@pytest.mark.parametrize("name", NAMES)
def test_vectors_of_every_family_are_near_those_of_float32(name: str):
    vectors = load(name, mixed_precision="float16")(tf.constant(expected(name)["texts"])).numpy()
    assert vectors.dtype == np.float32
    exact = expected_vectors(name)
    is_empty = np.linalg.norm(exact, axis=1) == 0
    assert cosines(vectors, exact)[~is_empty].min() > 0.9999
    difference = np.abs(vectors - exact).max() / np.abs(exact).max()
    assert 0 < difference < 1e-2


def test_vectors_are_nearer_than_those_of_bfloat16():
    exact = shared("bert")(TEXTS).numpy()
    errors = [np.abs(load("bert", mixed_precision=kind)(TEXTS) - exact).max() for kind in ("float16", "bfloat16")]
    assert errors[0] < errors[1] / 2


@pytest.mark.parametrize(
    ("name", "part", "factor"),
    [
        ("bert", "intermediate.dense.weight", 2e4),
        ("bert", "attention.self.query.weight", 1e3),
        ("bert", "attention.self.value.weight", 5e3),
        ("qwen2", "mlp.", 500),
        ("qwen2", "mlp.down_proj", 1e4),
        ("qwen2", "k_proj.bias", 3e3),
        ("qwen3", "embed_tokens", 1e6),
        ("qwen3", "mlp.up_proj", 2e4),
        ("modernbert", "mlp.Wi", 500),
    ],
)
def test_what_passes_the_largest_number_of_float16_on_the_way_does_not_overflow(name, part, factor, tmp_path):
    exact, half = rescaled(name, tmp_path, part, factor)
    found = half(TEXTS).numpy()
    assert np.isfinite(found).all()
    assert cosines(found, exact(TEXTS).numpy()).min() > 0.999


@pytest.mark.parametrize(("name", "part"), [("bert", "intermediate.dense.weight"), ("qwen2", "mlp.")])
def test_gradients_do_not_overflow_either(name, part, tmp_path):
    _, half = rescaled(name, tmp_path, part, 500)
    for variable, gradient in gradients(half).items():
        assert np.isfinite(gradient).all(), variable


@pytest.mark.parametrize("name", ["bert", "mpnet", "modernbert", "qwen2", "qwen3"])
def test_gradients_of_a_scaled_loss_are_near_those_of_float32(name: str):
    wanted = gradients(load(name, dropout=0))
    found = gradients(load(name, dropout=0, mixed_precision="float16"), scale=128.0)
    assert found.keys() == wanted.keys()
    largest = max(np.abs(gradient).max() for gradient in wanted.values())
    for variable, gradient in wanted.items():
        np.testing.assert_allclose(found[variable], gradient, atol=5e-3 * largest, err_msg=variable)


def test_attention_in_blocks_is_that_of_the_whole(monkeypatch: pytest.MonkeyPatch):
    encoder = load("qwen2", mixed_precision="float16")
    whole = encoder(TEXTS).numpy()
    monkeypatch.setattr("tfsiamese.encoders.transformer.attention._MOST_SCORES", 1)
    np.testing.assert_allclose(encoder(TEXTS), whole, atol=1e-5)


def test_adapters_are_multiplied_in_float16_too():
    encoders = [load("bert", lora=4, mixed_precision=kind) for kind in (False, "float16")]
    random = np.random.default_rng(3)
    for first, second in zip(*(encoder.trainable_variables for encoder in encoders), strict=True):
        first.assign(random.normal(size=first.shape) * 0.3)
        second.assign(first)
    vectors = [encoder(TEXTS).numpy() for encoder in encoders]
    assert cosines(*vectors).min() > 0.9999
    assert np.abs(vectors[0] - shared("bert")(TEXTS)).max() > 1e-2


def test_only_float16_needs_its_loss_scaled():
    needs = {kind: load("bert", mixed_precision=kind).needs_loss_scaling for kind in (False, True, "float16")}
    assert needs == {False: False, True: False, "float16": True}


def test_both_names_of_bfloat16_are_one_encoder_and_float16_is_another():
    fingerprints = [load("bert", mixed_precision=kind).fingerprint for kind in (True, "bfloat16", "float16", False)]
    assert fingerprints[0] == fingerprints[1]
    assert len(set(fingerprints)) == 3
    assert load("bert", mixed_precision="float16").describe()["mixed_precision"] == "float16"


@pytest.mark.parametrize("value", ["half", "float64", "", 16, None])
def test_another_type_is_refused(value: object):
    with pytest.raises(SettingsError, match="True or False, 'bfloat16' or 'float16'"):
        CheckpointOptions(mixed_precision=value)


def test_variables_stay_float32():
    assert {variable.dtype for variable in load("bert", mixed_precision="float16").variables} == {"float32"}
