import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf

from tests.conftest import WORDS
from tests.encoders.checkpoint.frozen import shared
from tests.encoders.processes import finish, start_python
from tests.export.compression.networks import of_eight_bits
from tfsiamese.encoders import load_encoder
from tfsiamese.errors import ExportError
from tfsiamese.export import Corpus, ExportSettings, export_saved_model
from tfsiamese.servables import read_metadata

TEXTS = [*WORDS, "näher dran", "中文 🍎", "", "red apple"]
IDS = [f"é{number}中" for number in range(len(TEXTS))]
QUERIES = ["red", "a doctor and a nurse", "", "中文", "red apple"]
VARIANTS = {
    "float32": {},
    "float16": {"precision": "float16"},
    "int8": {"precision": "int8"},
    "cut": {"dimension": 3, "top_k": len(TEXTS)},
}
KEPT = {
    "float32": lambda vectors: vectors,
    "float16": lambda vectors: vectors.astype(np.float16).astype(np.float32),
    "int8": lambda vectors: of_eight_bits(vectors, 1),
    "cut": lambda vectors: vectors,
}


@pytest.fixture(scope="module")
def exported(tiny_folder, tmp_path_factory) -> dict[str, Path]:
    """The tiny encoder with a corpus. Not to be changed."""
    base = tmp_path_factory.mktemp("corpus")
    encoder = load_encoder(tiny_folder)
    common = {"corpus": Corpus(TEXTS, IDS), "top_k": 4, "warmup_texts": []}
    return {
        name: export_saved_model(encoder, base / name, settings=ExportSettings(**common | options))
        for name, options in VARIANTS.items()
    }


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _search(folder: Path, queries: list[str]) -> dict[str, np.ndarray]:
    loaded = tf.saved_model.load(str(folder))
    return {name: found.numpy() for name, found in loaded.signatures["top_k"](queries=tf.constant(queries)).items()}


def _rows(found: dict[str, np.ndarray]) -> np.ndarray:
    return np.array([[IDS.index(identifier.decode()) for identifier in row] for row in found["ids"]])


@pytest.mark.parametrize("name", list(VARIANTS))
def test_the_nearest_texts_are_those_that_numpy_finds(exported, tiny_folder, name):
    loaded = tf.saved_model.load(str(exported[name]))
    queries = _unit(loaded.signatures["embed"](texts=tf.constant(QUERIES))["embeddings"].numpy())
    corpus = KEPT[name](_unit(load_encoder(tiny_folder).encode(TEXTS)[:, : queries.shape[1]]))
    scores = queries @ corpus.T
    found = _search(exported[name], QUERIES)
    k = VARIANTS[name].get("top_k", 4)
    assert {key: value.shape for key, value in found.items()} == dict.fromkeys(("ids", "texts", "scores"), (5, k))
    np.testing.assert_allclose(found["scores"], -np.sort(-scores, axis=1)[:, :k], atol=1e-5)
    rows = _rows(found)
    np.testing.assert_allclose(np.take_along_axis(scores, rows, axis=1), found["scores"], atol=1e-5)
    assert all(len(set(row)) == k for row in rows.tolist())
    assert [[text.decode() for text in row] for row in found["texts"]] == [[TEXTS[i] for i in row] for row in rows]


def test_a_text_of_the_corpus_finds_itself_first_with_cosine_1(exported):
    found = _search(exported["float32"], TEXTS)
    assert _rows(found)[:, 0].tolist() == list(range(len(TEXTS)))
    np.testing.assert_allclose(found["scores"][:, 0], np.ones(len(TEXTS)), atol=1e-5)
    assert found["scores"].dtype == np.float32


def test_no_queries_have_no_results(exported):
    loaded = tf.saved_model.load(str(exported["float32"]))
    found = loaded.signatures["top_k"](queries=tf.constant([], tf.string))
    assert {name: tuple(value.shape) for name, value in found.items()} == dict.fromkeys(found, (0, 4))


@pytest.mark.parametrize(("name", "stored"), [("float32", tf.float32), ("float16", tf.float16), ("int8", tf.int8)])
def test_vectors_are_stored_in_the_precision_and_not_in_the_graph(exported, name, stored):
    reader = tf.train.load_checkpoint(str(exported[name] / "variables" / "variables"))
    types, shapes = reader.get_variable_to_dtype_map(), reader.get_variable_to_shape_map()
    assert [types[key] for key in types if shapes[key] == [8, len(TEXTS)]] == [stored]
    assert "中文 🍎".encode() not in (exported[name] / "saved_model.pb").read_bytes()


def test_the_metadata_tells_the_corpus(exported):
    metadata = read_metadata(exported["int8"])
    assert metadata["corpus"] == {"texts": len(TEXTS), "top_k": 4, "fingerprint": Corpus(TEXTS, IDS).fingerprint}


def test_a_process_with_tensorflow_and_tensorflow_text_alone_searches(exported):
    code = """
        import json
        import tensorflow as tf
        import tensorflow_text
        for folder in sys.argv[1:]:
            loaded = tf.saved_model.load(folder)
            found = loaded.signatures["top_k"](queries=tf.constant(["red apple", "中文"]))
            ids = [[one.decode() for one in row] for row in found["ids"].numpy()]
            print(json.dumps([ids, found["scores"].numpy().tolist()]))
        assert "tfsiamese" not in sys.modules
    """
    ended = finish(start_python(code, exported["int8"], exported["cut"]))
    assert ended.returncode == 0, ended.stderr
    for line, name in zip(ended.stdout.splitlines()[-2:], ("int8", "cut"), strict=True):
        ids, scores = json.loads(line)
        here = _search(exported[name], ["red apple", "中文"])
        assert ids == [[one.decode() for one in row] for row in here["ids"]]
        np.testing.assert_allclose(scores, here["scores"], atol=1e-6)


def test_an_export_with_a_corpus_is_an_encoder_that_can_be_given_another(exported, tmp_path, tiny_folder):
    encoder = load_encoder(exported["float32"])
    np.testing.assert_allclose(encoder.encode(QUERIES), load_encoder(tiny_folder).encode(QUERIES), atol=1e-6)
    settings = ExportSettings(corpus=Corpus(["river", "road"]), top_k=2, warmup_texts=[])
    found = _search(export_saved_model(encoder, tmp_path / "other", settings=settings), ["river", "road"])
    assert found["ids"].tolist() == [[b"0", b"1"], [b"1", b"0"]]


def test_queries_and_the_corpus_get_their_prompts(tmp_path):
    encoder = shared("xlm_roberta")
    texts = ["a nurse", "data science", "Ünïcode", "the river"]
    settings = ExportSettings(corpus=Corpus(texts), top_k=4, warmup_texts=[])
    found = _search(export_saved_model(encoder, tmp_path / "prompts", settings=settings), ["a nurse", "water"])
    queries = _unit(encoder.encode(["query: a nurse", "query: water"]))
    scores = queries @ _unit(encoder.encode([f"passage: {text}" for text in texts])).T
    plain = _unit(encoder.encode(["a nurse", "water"])) @ _unit(encoder.encode(texts)).T
    assert np.abs(scores - plain).max() > 1e-3, "prompts show in the scores"
    np.testing.assert_allclose(found["scores"], -np.sort(-scores, axis=1), atol=2e-5)


class TestRefusals:
    @pytest.mark.parametrize("texts", [[], "a text", ["a", 3], ["a", None], [b"a"]])
    def test_a_corpus_is_a_list_of_texts(self, texts):
        with pytest.raises(
            ExportError, match="Expected (a corpus to be a list of at least one text|texts and ids .* lists)"
        ):
            Corpus(texts)

    def test_an_id_occurs_once(self):
        with pytest.raises(ExportError, match=r"The id 'b' occurs twice in the corpus\. Expected different ids\."):
            Corpus(["x", "y", "z"], ["a", "b", "b"])

    @pytest.mark.parametrize("ids", [["a"], ["a", "b", "c"], ["a", 2]])
    def test_there_are_as_many_ids_as_texts(self, ids):
        with pytest.raises(ExportError, match=r"Expected 2 ids, each a text\. Received: "):
            Corpus(["x", "y"], ids)

    @pytest.mark.parametrize("k", [3, 1000])
    def test_k_is_at_most_the_number_of_texts(self, tiny_encoder, tmp_path, k):
        settings = ExportSettings(corpus=Corpus(["x", "y"]), top_k=k)
        with pytest.raises(ExportError, match=rf"Expected top_k from 1 to the 2 texts of the corpus\. Received: {k}\."):
            export_saved_model(tiny_encoder, tmp_path / "jobs", settings=settings)
        assert not (tmp_path / "jobs" / "1").exists()

    @pytest.mark.parametrize("k", [0, -1, True, 2.0])
    def test_k_is_a_positive_integer(self, k):
        with pytest.raises(ExportError, match="Expected top_k to be a positive integer"):
            ExportSettings(corpus=Corpus(["x", "y"]), top_k=k)


class TestCorpus:
    def test_ids_are_places_by_default(self):
        corpus = Corpus(["x", "y", "x"])
        assert list(corpus.ids) == ["0", "1", "2"]
        assert len(corpus) == 3

    def test_the_fingerprint_tells_texts_ids_and_their_order_apart(self):
        corpora = [
            Corpus(["x", "y"]),
            Corpus(["y", "x"]),
            Corpus(["x", "y"], ["1", "0"]),
            Corpus(["xy", ""]),
            Corpus(["x", "y", "z"]),
            Corpus(["x", "y"], ["0", "1x"]),
        ]
        assert len({corpus.fingerprint for corpus in corpora}) == len(corpora)
        assert Corpus(["x", "y"]).fingerprint == Corpus(("x", "y"), ("0", "1")).fingerprint


def test_any_sequence_of_texts_is_a_corpus():
    corpus = Corpus(np.array(["a", "b"]), np.array(["1", "2"]))
    assert (corpus.texts, corpus.ids, len(corpus)) == (["a", "b"], ["1", "2"], 2)


def test_ids_that_become_the_same_bytes_are_refused():
    with pytest.raises(ExportError, match="occurs twice in the corpus"):
        Corpus(["a", "b"], ["\ud800", "\udc00"])
