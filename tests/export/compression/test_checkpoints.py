"""Compressed SavedModels of checkpoints, against checkpoints whose weights NumPy rounded."""

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.checkpoint.frozen import expected, load, shared
from tests.encoders.processes import finish, start_python
from tests.export.compression.networks import of_eight_bits
from tfsiamese.encoders import CheckpointEncoder, load_encoder
from tfsiamese.export import ExportSettings, export_saved_model
from tfsiamese.export.compression import compression

# It has a default prompt, and prompts that pooling skips.
NAMES = ["qwen2_weighted"]
LEAST = 256


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Not to be changed."""
    base = tmp_path_factory.mktemp("checkpoints")
    settings = ExportSettings(precision="int8", warmup_texts=[])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(compression, "_LEAST_NUMBERS", LEAST)
        return {name: export_saved_model(shared(name), base / name, settings=settings) for name in NAMES}


def _rounded(name: str) -> CheckpointEncoder:
    """The checkpoint with each large weight rounded: embeddings by their rows, others by their outputs."""
    encoder = load(name)
    for variable_name, variable in encoder.named_variables:
        if len(variable.shape) >= 2 and np.prod(variable.shape) >= LEAST:
            axis = -1 if variable_name.startswith("embeddings/") else -2
            variable.assign(of_eight_bits(variable.numpy(), axis))
    return encoder


@pytest.mark.parametrize("name", NAMES)
def test_each_prompt_gives_the_vectors_of_weights_rounded_by_numpy(exported, name):
    texts, encoder = expected(name)["texts"], _rounded(name)
    signatures = (loaded := tf.saved_model.load(str(exported[name]))).signatures
    for prompt in (None, *encoder.prompts):
        found = signatures[prompt or "serving_default"](texts=tf.constant(texts))["embeddings"]
        np.testing.assert_allclose(found, encoder.encode(texts, prompt_name=prompt), atol=5e-5)
    np.testing.assert_allclose(loaded(tf.constant(texts)), encoder.encode(texts), atol=5e-5)


@pytest.mark.parametrize("name", NAMES)
def test_what_is_loaded_knows_the_prompts_and_encodes_with_them(exported, name):
    encoder, texts = load_encoder(exported[name]), expected(name)["texts"][:6]
    assert dict(encoder.prompts) == dict(shared(name).prompts)
    for prompt in encoder.prompts:
        vectors = encoder.encode(texts, prompt_name=prompt)
        exact = shared(name).encode(texts, prompt_name=prompt)
        cosines = (vectors * exact).sum(axis=1) / np.linalg.norm(vectors, axis=1) / np.linalg.norm(exact, axis=1)
        assert cosines.min() > 0.98
        assert np.abs(vectors - exact).max() > 1e-5, "eight bits do lose something"


def test_prompts_share_what_is_stored(exported):
    for name, folder in exported.items():
        reader = tf.train.load_checkpoint(str(folder / "variables" / "variables"))
        types, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
        codes = sorted(tuple(shapes[key]) for key in types if types[key] == tf.int8)
        large = [
            (*variable.shape[:-1], variable.shape[-1] + (4 if variable_name.startswith("embeddings/") else 0))
            for variable_name, variable in shared(name).named_variables
            if len(variable.shape) >= 2 and np.prod(variable.shape) >= LEAST
        ]
        assert codes == sorted(large)


def test_a_process_with_tensorflow_and_tensorflow_text_alone_runs_each_signature(exported):
    code = """
        import json
        import tensorflow as tf
        import tensorflow_text
        texts = tf.constant(["a nurse", "", "Ünïcode"])
        for folder in sys.argv[1:]:
            loaded = tf.saved_model.load(folder)
            names = ["serving_default", "query"]
            vectors = {name: loaded.signatures[name](texts=texts)["embeddings"].numpy().tolist() for name in names}
            print(json.dumps(vectors))
        assert "tfsiamese" not in sys.modules
    """
    ended = finish(start_python(code, exported["qwen2_weighted"]))
    assert ended.returncode == 0, ended.stderr
    served = json.loads(ended.stdout.splitlines()[-1])
    encoder = load_encoder(exported["qwen2_weighted"])
    for signature, vectors in served.items():
        prompt = None if signature == "serving_default" else signature
        np.testing.assert_allclose(vectors, encoder.encode(["a nurse", "", "Ünïcode"], prompt_name=prompt), atol=1e-5)
