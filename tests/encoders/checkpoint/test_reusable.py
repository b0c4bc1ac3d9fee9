"""SavedModels of checkpoints: raw strings to vectors without Python."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from tests.encoders.checkpoint.frozen import CHECKPOINTS, change_json, copy_checkpoint, expected, load, shared
from tests.encoders.processes import finish, start_python
from tfsiamese import fit
from tfsiamese.encoders import load_encoder
from tfsiamese.export import export_saved_model
from tfsiamese.pairs import Pairs
from tfsiamese.siamese import Siamese

EXPORTED = ["mistral", "xlm_roberta"]


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The versions' folders; of mistral, with its "query" as default prompt. Not to be changed."""
    base = tmp_path_factory.mktemp("exported")
    folder = copy_checkpoint("mistral", base)
    change_json(folder / "config_sentence_transformers.json", default_prompt_name="query")
    encoders = {"mistral": load_encoder(folder), "xlm_roberta": shared("xlm_roberta")}
    return {name: export_saved_model(encoder, base / f"{name}-saved") for name, encoder in encoders.items()}


def _pairs() -> Pairs:
    frame = pd.DataFrame(expected("training_step")["pairs"], columns=["left", "right", "score"])
    return Pairs.from_frame(frame, source="frozen")


def _of_case(name: str, **prompt: str) -> np.ndarray:
    (case,) = [
        case
        for case in expected(name)["cases"]
        if {key: case[key] for key in ("prompt", "prompt_name") if key in case} == prompt
    ]
    return np.array(case["vectors"])


@pytest.fixture(scope="module")
def signatures(exported: dict[str, Path]) -> Iterator[dict[str, Mapping[str, Callable]]]:
    """What TensorFlow Serving would call."""
    roots = {name: tf.saved_model.load(str(folder)) for name, folder in exported.items()}
    # A signature does not keep its SavedModel.
    yield {name: root.signatures for name, root in roots.items()}


def _run(function: Callable, texts: list[str]) -> np.ndarray:
    return function(texts=tf.constant(texts))["embeddings"].numpy()


@pytest.mark.parametrize(
    ("name", "signature", "case"),
    [
        ("mistral", "serving_default", {"prompt_name": "query"}),
        ("mistral", "query", {"prompt_name": "query"}),
        ("mistral", "document", {}),
        ("mistral", "passage", {}),
        ("xlm_roberta", "serving_default", {}),
        ("xlm_roberta", "query", {"prompt_name": "query"}),
        ("xlm_roberta", "passage", {"prompt_name": "passage"}),
        ("xlm_roberta", "document", {}),
    ],
)
def test_each_prompt_has_a_signature_and_the_default_prompt_has_the_first(signatures, name, signature, case):
    vectors = _run(signatures[name][signature], expected(name)["texts"])
    np.testing.assert_allclose(vectors, _of_case(name, **case), atol=2e-5)


def test_signatures_are_those_of_the_prompts_and_the_three_of_every_encoder(signatures):
    prompted = {"query", "document", "passage"}
    for functions in signatures.values():
        assert set(functions) == {"serving_default", "embed", "similarity"} | prompted


def test_the_graph_calls_no_python_and_needs_no_compiler(exported):
    for name, folder in exported.items():
        saved = saved_model_pb2.SavedModel.FromString((folder / "saved_model.pb").read_bytes())
        (graph,) = [meta.graph_def for meta in saved.meta_graphs]
        nodes = [node for function in graph.library.function for node in function.node_def] + list(graph.node)
        assert len(nodes) > 100, name
        assert not [node.op for node in nodes if "PyFunc" in node.op], name
        compiled = [function for function in graph.library.function if function.attr["_XlaMustCompile"].b]
        assert not compiled, name


def test_a_process_with_tensorflow_and_tensorflow_text_alone_can_serve_it(exported):
    code = """
        import json
        import tensorflow as tf
        import tensorflow_text
        loaded = tf.saved_model.load(sys.argv[1])
        texts = tf.constant(["a nurse", "", "Ünïcode"])
        signatures = {name: loaded.signatures[name](texts=texts)["embeddings"] for name in ("serving_default", "query")}
        print(json.dumps({name: vectors.numpy().tolist() for name, vectors in signatures.items()}))
        assert "tfsiamese" not in sys.modules
    """
    ended = finish(start_python(code, exported["xlm_roberta"]))
    assert ended.returncode == 0, ended.stderr
    served = json.loads(ended.stdout.splitlines()[-1])
    texts = tf.constant(["a nurse", "", "Ünïcode"])
    np.testing.assert_allclose(served["serving_default"], shared("xlm_roberta")(texts), atol=1e-5)
    prompted = tf.strings.join(["query: ", texts])
    np.testing.assert_allclose(served["query"], shared("xlm_roberta")(prompted), atol=1e-5)


def test_adapters_are_merged_and_what_was_exported_is_trained_and_exported_again(tmp_path):
    encoder = load("bert", lora=2, dropout=0.5)
    random = np.random.default_rng(1)
    for variable in encoder.trainable_variables:
        variable.assign(random.normal(size=variable.shape) * 0.2)
    texts = tf.constant(expected("bert")["texts"][:5])
    vectors = encoder(texts).numpy()
    loaded = load_encoder(export_saved_model(encoder, tmp_path / "merged"))
    assert len(encoder.trainable_variables) == 8, "the encoder can go on training"
    np.testing.assert_allclose(loaded(texts), vectors, atol=1e-5)
    np.testing.assert_allclose(loaded(texts, training=True), vectors, atol=1e-5)
    assert sorted(loaded.variable_names) == sorted(shared("bert").variable_names)
    before = [variable.numpy() for variable in loaded.trainable_variables]
    fit(Siamese(loaded), _pairs(), learning_rate=1e-3, epochs=1, batch_size=6)
    changed = [np.any(variable.numpy() != old) for variable, old in zip(loaded.variables, before, strict=True)]
    assert all(changed)
    assert len(changed) == len(shared("bert").variables)
    again = load_encoder(export_saved_model(loaded, tmp_path / "again"))
    np.testing.assert_allclose(again(texts), loaded(texts), atol=1e-6)
    assert np.abs(again(texts) - vectors).max() > 1e-3


def test_a_run_keeps_its_encoder_in_both_layouts_and_the_checkpoint_goes_first(tmp_path):
    encoder = load("bert")
    fit(Siamese(encoder), _pairs(), learning_rate=1e-3, epochs=1, batch_size=6, out=tmp_path / "run")
    texts = tf.constant(expected("bert")["texts"][:5])
    loaded = load_encoder(tmp_path / "run", max_length=48)
    assert loaded.layout.folder == tmp_path / "run" / "sentence-transformers"
    np.testing.assert_allclose(loaded(texts), encoder(texts), atol=1e-6)
    served = load_encoder(tmp_path / "run" / "encoder" / "1")
    np.testing.assert_allclose(served(texts), encoder(texts), atol=1e-6)
    assert np.abs(loaded(texts) - shared("bert")(texts)).max() > 1e-3
    assert (CHECKPOINTS / "bert" / "tokenizer.json").read_bytes() == (
        loaded.layout.folder / "tokenizer.json"
    ).read_bytes()
