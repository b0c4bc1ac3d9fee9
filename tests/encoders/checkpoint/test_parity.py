"""Raw strings to vectors, against sentence-transformers."""

import numpy as np
import pytest
import tensorflow as tf

from tests.encoders.checkpoint.frozen import (
    NAMES,
    change_json,
    copy_checkpoint,
    expected,
    expected_vectors,
    shared,
)
from tfsiamese.encoders import load_encoder
from tfsiamese.encoders.checkpoint.pooling import Pooling
from tfsiamese.encoders.transformer.dropout import Dropout
from tfsiamese.encoders.transformer.flat_tokens import FlatTokens

TOLERANCE = 2e-5
CASES = [(name, index) for name in NAMES for index in range(1, len(expected(name)["cases"]))]


def _assert_same(vectors: np.ndarray, frozen: np.ndarray) -> None:
    assert vectors.shape == frozen.shape
    np.testing.assert_allclose(vectors, frozen, rtol=0, atol=TOLERANCE)
    lengths = np.linalg.norm(vectors, axis=1) * np.linalg.norm(frozen, axis=1)
    # A text without any token has a vector of zeros.
    cosines = np.sum(vectors * frozen, axis=1)[lengths > 0] / lengths[lengths > 0]
    assert cosines.min() >= 0.99999


def test_every_family_and_layout_is_there():
    types = {shared(name).layout.config["model_type"] for name in NAMES}
    assert types == {
        "bert",
        "distilbert",
        "mistral",
        "modernbert",
        "mpnet",
        "qwen2",
        "qwen3",
        "roberta",
        "xlm-roberta",
    }


@pytest.mark.parametrize("name", NAMES)
def test_vectors_are_those_of_sentence_transformers(name):
    texts = expected(name)["texts"]
    _assert_same(shared(name).encode(texts, batch_size=7), expected_vectors(name))


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize(("name", "index"), CASES)
def test_vectors_with_a_prompt_are_those_of_sentence_transformers(name, index):
    case = expected(name)["cases"][index]
    encoder = load_encoder(shared(name).layout.folder)
    prompt = {key: case[key] for key in ("prompt", "prompt_name") if key in case}
    _assert_same(encoder.encode(expected(name)["texts"], batch_size=5, **prompt), np.array(case["vectors"]))


@pytest.mark.parametrize("name", NAMES)
def test_token_ids_and_numbers_of_tokens_are_those_of_hugging_face(name):
    frozen = expected(name)
    case = frozen["cases"][0]
    texts = [case["text_before"] + text for text in frozen["texts"]]
    ids, _ = shared(name).network.tokenizer.tokenize(tf.constant(texts))
    assert ids.to_list() == case["ids"]
    _, lengths = shared(name).network.tokenizer.tokenize(tf.constant(frozen["texts"]))
    assert lengths.numpy().tolist() == frozen["full_lengths"]


@pytest.mark.parametrize("name", NAMES)
def test_dimension_limit_and_prompts_are_those_of_sentence_transformers(name):
    encoder, frozen = shared(name), expected(name)
    assert encoder.dimension == frozen["dimension"]
    assert encoder.max_length == frozen["max_seq_length"]
    assert {name: prompt for name, prompt in encoder.prompts.items() if prompt} == {
        name: prompt for name, prompt in frozen["prompts"].items() if prompt
    }
    assert encoder.default_prompt_name == frozen["default_prompt_name"]


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", [name for name in NAMES if "older_config" in expected(name)])
def test_the_form_of_configuration_that_older_checkpoints_have_gives_the_same_vectors(name, tmp_path):
    folder = copy_checkpoint(name, tmp_path)
    (folder / "config.json").unlink()
    change_json(folder / "config.json", **expected(name)["older_config"])
    _assert_same(load_encoder(folder).encode(expected(name)["texts"], batch_size=24), expected_vectors(name))


POOLINGS = [(name, index) for name in ("bert", "mistral") for index in range(len(expected(name)["poolings"]))]


@pytest.mark.parametrize(("name", "index"), POOLINGS)
def test_every_pooling_mode_is_that_of_sentence_transformers(name, index):
    frozen = expected(name)["poolings"][index]
    vectors = np.array(frozen["vectors"])
    network = shared(name).network
    ids, lengths = network.tokenizer.tokenize(tf.constant(expected(name)["texts"][: len(vectors)]))
    tokens = FlatTokens.from_ragged(ids)
    assert lengths.numpy().min() > 0, "there would be an empty row"
    pooled = Pooling(tuple(frozen["modes"]))(network.transformer(tokens, Dropout(None)), tokens)
    _assert_same(pooled.numpy(), vectors)


@pytest.mark.usefixtures("eagerly")
@pytest.mark.parametrize("name", ["bert", "mpnet", "modernbert", "qwen2", "qwen2_weighted", "roberta"])
def test_a_vector_does_not_depend_on_what_else_is_in_the_batch(name):
    texts = expected(name)["texts"]
    encoder = load_encoder(shared(name).layout.folder)
    vectors = encoder.encode(texts, batch_size=len(texts))
    np.testing.assert_allclose(encoder.encode(texts[::-1], batch_size=3)[::-1], vectors, rtol=0, atol=5e-6)
    for index in (0, 2, 5, 7):
        alone = encoder(tf.constant([texts[index]])).numpy()
        np.testing.assert_allclose(alone[0], vectors[index], rtol=0, atol=5e-6)


@pytest.mark.parametrize("name", ["bert", "qwen2_weighted"])
def test_an_empty_batch_has_no_vectors(name):
    encoder = shared(name)
    assert encoder(tf.constant([], tf.string)).shape == [0, encoder.dimension]
    assert encoder.encode([]).shape == (0, encoder.dimension)
