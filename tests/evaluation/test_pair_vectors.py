import numpy as np
import pytest

from tests.evaluation.ngram_encoder import NgramEncoder, TableEncoder
from tfsiamese.errors import EncoderError, SettingsError
from tfsiamese.evaluation.pair_vectors import PairVectors, angular_from_cosine, encode_pairs


def _vectors(left: list[list[float]], right: list[list[float]]) -> PairVectors:
    return PairVectors(np.array(left, np.float32), np.array(right, np.float32))


def test_cosine_of_vectors_worked_by_hand():
    vectors = _vectors([[3, 4], [1, 0], [1, 0], [1, 1]], [[3, 4], [0, 2], [-5, 0], [1, 0]])
    np.testing.assert_allclose(vectors.similarity("cosine"), [1, 0, -1, np.sqrt(0.5)], atol=1e-15)


def test_angular_runs_from_0_for_opposite_to_1_for_equal_directions():
    vectors = _vectors([[3, 4], [1, 0], [1, 0], [1, 1]], [[3, 4], [0, 2], [-5, 0], [1, 0]])
    # 0°, 90°, 180°, 45°
    np.testing.assert_allclose(vectors.similarity("angular"), [1, 0.5, 0, 0.75], atol=1e-8)


def test_dot_is_not_normalized():
    assert _vectors([[3, 4]], [[1, 2]]).similarity("dot").tolist() == [11]


def test_a_zero_vector_has_cosine_0_and_angular_one_half():
    vectors = _vectors([[0, 0]], [[1, 2]])
    assert vectors.similarity("cosine").tolist() == [0]
    assert vectors.similarity("angular").tolist() == [0.5]


def test_a_cosine_beyond_1_by_rounding_is_clipped():
    assert angular_from_cosine(np.array([1 + 1e-12, -1 - 1e-12])).tolist() == [1, 0]


def test_cosines_that_are_equal_in_truth_tie():
    # Multiples of one pair, and texts that are equal: each has the same cosine however long its vectors are.
    scale = np.arange(1, 200, dtype=np.float32)[:, None]
    left = scale * np.array([[1, 2, 3]], np.float32)
    for right in (left[:, ::-1].copy(), left):
        for head in ("cosine", "angular"):
            assert len(np.unique(PairVectors(left, right).similarity(head))) == 1


def test_similarities_are_computed_in_double_precision():
    vectors = _vectors([[1e20, 1e20]], [[1e20, 1e20]])
    assert vectors.similarity("cosine") == pytest.approx(1.0)


def test_each_distinct_text_is_encoded_once_across_both_sides():
    encoder = NgramEncoder()
    vectors = encode_pairs(encoder, ["a", "b", "a"], ["b", "c", "a"], batch_size=7, show_progress=True)
    assert [sorted(texts) for texts in encoder.calls] == [["a", "b", "c"]]
    assert encoder.settings == [(7, False, True)]
    np.testing.assert_array_equal(vectors.left, NgramEncoder().encode(["a", "b", "a"]))
    np.testing.assert_array_equal(vectors.right, NgramEncoder().encode(["b", "c", "a"]))


def test_vectors_that_are_not_finite_are_counted():
    encoder = TableEncoder({"a": [1.0, float("nan")], "b": [1.0, 0.0], "c": [float("inf"), 0.0]})
    with pytest.raises(EncoderError, match="NaN or infinite for 2 of 3 texts"):
        encode_pairs(encoder, ["a", "b"], ["b", "c"])


def test_an_answer_of_the_wrong_shape_is_refused():
    class Flat:
        def encode(self, texts: list[str], **settings: object) -> np.ndarray:
            return np.zeros(len(texts), np.float32)

    with pytest.raises(EncoderError, match=r"shape \(2,\). Expected \[2, dimension\]"):
        encode_pairs(Flat(), ["a"], ["b"])


def test_an_unknown_head_is_named():
    with pytest.raises(SettingsError, match=r"'euclid'\. Expected one of angular, cosine, dot"):
        _vectors([[1]], [[1]]).similarity("euclid")
