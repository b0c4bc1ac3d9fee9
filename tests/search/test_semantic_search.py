import numpy as np
import pytest

from tests.search.encoders import LookUp
from tfsiamese.errors import DataError, EncoderError, SettingsError
from tfsiamese.search import Hit, TextVectors, encode_texts, semantic_search

VECTORS = {"nurse": [1, 0], "paediatric nurse": [4, 3], "baker": [0, 1], "anti-nurse": [-1, 0]}


def test_texts_are_found_by_their_vectors_best_first():
    encoder = LookUp(VECTORS)
    corpus = ["baker", "paediatric nurse", "anti-nurse"]
    hits = semantic_search(["nurse", "baker"], corpus, 2, encoder=encoder, batch_size=5)
    assert [[hit.index for hit in row] for row in hits] == [[1, 0], [0, 1]]
    assert hits[0][0] == Hit(1, pytest.approx(0.8))
    assert [call[1:] for call in encoder.calls] == [(5, False), (5, False)]


def test_one_side_may_be_vectors():
    assert semantic_search(["nurse"], [[0, 1], [1, 0]], 1, encoder=LookUp(VECTORS)) == [[Hit(1, 1.0)]]
    assert semantic_search(np.eye(2), np.eye(2), 1) == [[Hit(0, 1.0)], [Hit(1, 1.0)]]


def test_the_similarity_can_be_chosen():
    assert semantic_search([[2, 0]], [[3, 0]], similarity="dot") == [[Hit(0, 6.0)]]


def test_texts_without_an_encoder_are_refused():
    with pytest.raises(SettingsError, match="corpus holds texts"):
        semantic_search([[1, 0]], ["nurse"])


def test_a_single_text_is_refused():
    with pytest.raises(DataError, match="Put it in a list"):
        semantic_search("nurse", ["nurse"], encoder=LookUp(VECTORS))


def test_a_text_that_occurs_twice_is_encoded_once():
    encoder = LookUp(VECTORS)
    vectors = encode_texts(encoder, ["baker", "nurse", "baker"])
    assert vectors.tolist() == [[0, 1], [1, 0], [0, 1]]
    assert encoder.calls[0][0] == ["baker", "nurse"]


@pytest.mark.parametrize("answer", [[[1.0]], [1.0, 2.0], [[1.0], [float("nan")]]])
def test_an_answer_that_is_not_one_finite_vector_for_each_text_is_the_encoders_fault(answer):
    class Broken:
        def encode(self, texts, *, batch_size, show_progress):
            return np.array(answer, np.float32)

    with pytest.raises(EncoderError):
        encode_texts(Broken(), ["a", "b"])


@pytest.mark.parametrize("texts", [[], "nurse", ["nurse", None]])
def test_what_is_not_a_list_of_texts_is_not_encoded(texts):
    with pytest.raises(DataError):
        encode_texts(LookUp(VECTORS), texts)


def test_vectors_that_are_there_stand_in_for_an_encoder():
    encoder = TextVectors(list(VECTORS), list(VECTORS.values()))
    assert encoder.encode(["baker", "nurse"]).tolist() == [[0, 1], [1, 0]]
    with pytest.raises(DataError, match="1 of 2 texts have no vector, the first is 'cook'"):
        encoder.encode(["baker", "cook"])


@pytest.mark.parametrize(("texts", "vectors"), [(["a", "a"], [[1], [2]]), (["a"], [[1], [2]])])
def test_vectors_that_do_not_fit_their_texts_are_refused(texts, vectors):
    with pytest.raises(DataError, match="one vector for each text"):
        TextVectors(texts, vectors)
