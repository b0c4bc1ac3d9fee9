import math
import tracemalloc

import numpy as np
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search import TopK, top_k
from tfsiamese.search.top_k import top_k_in_parts


def _by_full_sort(scores: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    order = np.array(
        [sorted(range(len(row)), key=lambda index: (-row[index], index))[:k] for row in scores.tolist()]
    ).reshape(len(scores), -1)
    return np.take_along_axis(scores, order, axis=1), order


@pytest.mark.parametrize("k", [1, 7, 400])
@pytest.mark.parametrize("chunks", [(1024, 8192), (1, 1), (3, 7), (50, 399), (7, 1024)])
def test_many_equal_scores_come_in_the_order_of_their_indices_with_any_chunks(k: int, chunks: tuple[int, int]):
    random = np.random.default_rng(0)
    queries = random.integers(-1, 2, size=[20, 3]).astype(np.float32)
    corpus = random.integers(-1, 2, size=[400, 3]).astype(np.float32)
    found = top_k(queries, corpus, k, similarity="dot", query_chunk=chunks[0], corpus_chunk=chunks[1])
    scores, indices = _by_full_sort(queries @ corpus.T, k)
    np.testing.assert_array_equal(found.indices, indices)
    np.testing.assert_array_equal(found.scores, scores)


@pytest.mark.parametrize("shape", [(3, 5000, 4, 100), (1, 1500, 2, 1), (5, 9000, 8, 1200)])
def test_the_best_of_a_large_corpus_are_those_of_a_full_sort_in_double_precision(shape: tuple[int, int, int, int]):
    num_queries, num_corpus, dimension, k = shape
    random = np.random.default_rng(num_corpus)
    queries, corpus = random.normal(size=[num_queries, dimension]), random.normal(size=[num_corpus, dimension])
    cosines = (queries / np.linalg.norm(queries, axis=1, keepdims=True)) @ (
        corpus / np.linalg.norm(corpus, axis=1, keepdims=True)
    ).T
    found = top_k(queries, corpus, k)
    scores, _ = _by_full_sort(cosines, k)
    np.testing.assert_allclose(found.scores, scores, atol=1e-6)
    np.testing.assert_allclose(np.take_along_axis(cosines, found.indices, axis=1), scores, atol=1e-6)
    assert all(len(set(row)) == k for row in found.indices.tolist())


@pytest.mark.parametrize("direction", [1, -1])
def test_a_corpus_sorted_by_score_is_no_special_case(direction: int):
    corpus = np.arange(3000, dtype=np.float32)[::direction, np.newaxis]
    found = top_k([[1.0], [-1.0]], corpus, 3, similarity="dot", corpus_chunk=64)
    np.testing.assert_array_equal(found.scores, [[2999, 2998, 2997], [0, -1, -2]])


def test_cosine_angular_and_dot_by_hand():
    corpus = [[0, 2], [3, 0], [-1, 0], [1, 1]]
    assert top_k([[2, 0]], corpus, 4).indices.tolist() == [[1, 3, 0, 2]]
    np.testing.assert_allclose(top_k([[2, 0]], corpus, 4).scores, [[1, math.sqrt(0.5), 0, -1]], rtol=1e-6)
    angular = top_k([[2, 0]], corpus, 4, similarity="angular")
    np.testing.assert_allclose(angular.scores, [[1, 0.75, 0.5, 0]], rtol=1e-6)
    dot = top_k([[2, 0]], corpus, 4, similarity="dot")
    assert dot.indices.tolist() == [[1, 3, 0, 2]]
    assert dot.scores.tolist() == [[6, 2, 0, -2]]


def test_the_types_and_shapes_are_those_promised():
    found = top_k(np.ones([2, 3], np.float64), np.ones([4, 3], np.int8), 9)
    assert isinstance(found, TopK)
    assert (found.scores.dtype, found.indices.dtype) == (np.float32, np.int64)
    assert found.scores.shape == found.indices.shape == (2, 4)


def test_a_zero_vector_has_the_cosine_0_with_all():
    found = top_k([[0, 0], [1, 0]], [[-1, 0], [0, 0]], 2)
    assert found.scores.tolist() == [[0, 0], [0, -1]]
    assert found.indices.tolist() == [[0, 1], [1, 0]]


def test_minus_zero_and_zero_are_the_same_score():
    found = top_k([[1, 0]], [[-0.0, 1], [0.0, 1], [-0.0, 2]], 3, similarity="dot")
    assert found.indices.tolist() == [[0, 1, 2]]


def test_cosines_never_exceed_1_and_very_small_or_large_vectors_keep_theirs():
    random = np.random.default_rng(5)
    vectors = random.normal(size=[200, 33]).astype(np.float32)
    assert top_k(vectors, vectors * 7, 200).scores.max() == 1.0
    assert top_k([[1e-40, 0]], [[3e38, 3e38], [1e-30, 0]], 2).indices.tolist() == [[1, 0]]
    np.testing.assert_allclose(top_k([[1, 0]], [[3e38, 3e38]], 1).scores, [[math.sqrt(0.5)]], rtol=1e-6)


def test_each_vector_finds_itself_first():
    vectors = np.random.default_rng(1).normal(size=[50, 8])
    assert top_k(vectors, vectors, 1).indices[:, 0].tolist() == list(range(50))


def test_no_queries_and_an_empty_corpus_have_empty_results():
    assert top_k(np.empty([0, 3]), np.ones([4, 3]), 2).indices.shape == (0, 2)
    assert top_k(np.ones([4, 3]), np.empty([0, 3]), 2).scores.shape == (4, 0)


def test_the_table_of_all_scores_is_never_in_memory():
    random = np.random.default_rng(0)
    queries, corpus = random.normal(size=[2000, 2]), random.normal(size=[30_000, 2])
    tracemalloc.start()
    top_k(queries, corpus, 10)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2000 * 30_000 * 4 / 2


def test_parts_cover_the_queries_in_order():
    queries, corpus = np.eye(5), np.eye(5)[::-1]
    parts = list(top_k_in_parts(queries, corpus, 1, query_chunk=2))
    assert [(rows.start, rows.stop) for rows, _ in parts] == [(0, 2), (2, 4), (4, 5)]
    assert np.concatenate([found.indices for _, found in parts])[:, 0].tolist() == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("queries", "corpus", "said"),
    [
        ([1.0, 2.0], [[1.0, 2.0]], "queries has the shape [2]"),
        ([[1.0, 2.0]], [[1.0, 2.0, 3.0]], "dimension 2, the corpus has 3"),
        ([[1.0, math.nan]], [[1.0, 2.0]], "1 of 1 vectors of queries hold NaN"),
        ([[1.0, 2.0]], [[1.0, 2.0], [math.inf, 0]], "1 of 2 vectors of corpus hold NaN"),
        ([[1.0, 2.0]], [[1e300, 0]], "1 of 1 vectors of corpus"),
        ([["a"]], [[1.0]], "queries cannot be read as numbers"),
        ([[1.0], [1.0, 2.0]], [[1.0]], "queries cannot be read as numbers"),
        (np.empty([2, 0]), np.empty([2, 0]), "queries has the shape [2, 0]"),
    ],
)
def test_vectors_that_cannot_be_compared_are_refused(queries, corpus, said: str):
    with pytest.raises(DataError) as refused:
        top_k(queries, corpus, 1)
    assert said in str(refused.value)


def test_dot_products_that_leave_single_precision_are_refused_and_cosines_are_not():
    with pytest.raises(DataError, match="exceed single precision"):
        top_k([[1e20, 0]], [[1e20, 1]], 1, similarity="dot")
    assert top_k([[1e20, 0]], [[1e20, 1]], 1).scores.tolist() == [[1.0]]


@pytest.mark.parametrize(
    "settings",
    [{"k": 0}, {"k": 1.5}, {"k": True}, {"k": 1, "query_chunk": 0}, {"k": 1, "corpus_chunk": -1}],
)
def test_numbers_that_are_not_positive_integers_are_refused(settings: dict):
    with pytest.raises(SettingsError, match="positive integer"):
        top_k([[1.0]], [[1.0]], **settings)


def test_an_unknown_similarity_is_refused_with_the_known_ones():
    with pytest.raises(SettingsError, match="angular, cosine, dot"):
        top_k([[1.0]], [[1.0]], 1, similarity="euclidean")
