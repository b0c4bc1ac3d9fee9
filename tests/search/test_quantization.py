import json
from pathlib import Path

import numpy as np
import pytest

from tfsiamese.errors import DataError, SettingsError
from tfsiamese.search import QuantizedIndex, Quantizer, bits, quantize_embeddings, top_k, truncate_embeddings
from tfsiamese.search.vectors import unit_rows

FROZEN = json.loads(Path(__file__).with_name("sentence_transformers.json").read_text())["quantization"]
VECTORS = np.random.default_rng(11).normal(size=[300, 70]).astype(np.float32)
QUERIES = np.random.default_rng(12).normal(size=[9, 70]).astype(np.float32)


@pytest.mark.parametrize("case", FROZEN["cases"], ids=lambda case: f"{case['precision']}-{case['calibrated']}")
def test_the_codes_are_those_of_sentence_transformers(case: dict):
    calibration = FROZEN["calibration"] if case["calibrated"] else None
    quantized = quantize_embeddings(FROZEN["vectors"], case["precision"], calibration)
    np.testing.assert_array_equal(quantized.codes, case["codes"])
    assert quantized.codes.dtype == (np.uint8 if case["precision"].startswith("u") else np.int8)


def test_codes_by_hand():
    vectors = [[0.0, 5.0], [255.0, 5.0], [1.5, 5.0]]
    assert quantize_embeddings(vectors, "uint8").codes.tolist() == [[0, 0], [255, 0], [1, 0]]
    assert quantize_embeddings(vectors, "int8").codes.tolist() == [[-128, -128], [127, -128], [-127, -128]]
    assert quantize_embeddings([[1.0, -1.0, 0.0, 2.0]], "ubinary").codes.tolist() == [[0b10010000]]
    assert quantize_embeddings([[1.0, -1.0, 0.0, 2.0]], "binary").codes.tolist() == [[0b10010000 - 128]]


@pytest.mark.parametrize("precision", ["int8", "uint8"])
def test_numbers_come_back_within_half_a_step(precision: str):
    quantized = quantize_embeddings(VECTORS, precision)
    half_steps = (VECTORS.max(axis=0) - VECTORS.min(axis=0)) / 255 / 2
    assert (np.abs(quantized.dequantize() - VECTORS) <= half_steps * 1.001).all()
    assert quantized.dequantize().dtype == np.float32


@pytest.mark.parametrize("precision", ["binary", "ubinary"])
def test_signs_come_back(precision: str):
    restored = quantize_embeddings(VECTORS, precision).dequantize()
    np.testing.assert_array_equal(restored, np.where(VECTORS > 0, 1, -1))


def test_a_quantizer_treats_more_vectors_in_the_same_way_and_clips_those_out_of_range():
    quantizer = Quantizer.fit([[0.0], [255.0]], "uint8")
    assert quantizer.quantize([[-7.0], [3.2], [999.0]]).tolist() == [[0], [3], [255]]


@pytest.mark.parametrize(("precision", "factor"), [("int8", 4), ("uint8", 4), ("binary", 32), ("ubinary", 32)])
def test_codes_take_a_part_of_the_memory(precision: str, factor: int):
    vectors = VECTORS[:, :64]
    assert quantize_embeddings(vectors, precision).codes.nbytes * factor == vectors.nbytes


def test_few_calibration_vectors_are_warned_of_and_one_is_refused(caplog: pytest.LogCaptureFixture):
    quantize_embeddings(VECTORS[:5], "int8")
    assert "5 vectors only" in caplog.text
    with pytest.raises(DataError, match="calibration="):
        quantize_embeddings(VECTORS[:1], "int8")
    assert len(quantize_embeddings(VECTORS[:1], "int8", VECTORS)) == 1
    assert len(quantize_embeddings(VECTORS[:1], "binary")) == 1


def test_what_cannot_be_quantized_is_refused():
    with pytest.raises(SettingsError, match="int8, uint8, binary, ubinary"):
        quantize_embeddings(VECTORS, "float16")
    with pytest.raises(DataError, match="dimension 3. Expected 70"):
        quantize_embeddings(np.ones([4, 3]), "int8", VECTORS)
    quantizer = Quantizer.fit(VECTORS, "int8")
    with pytest.raises(DataError, match="Expected int8"):
        quantizer.dequantize(np.zeros([2, 70], np.uint8))
    with pytest.raises(SettingsError, match="no steps"):
        _ = Quantizer.fit(VECTORS, "binary").steps


def test_truncated_vectors_are_the_first_numbers_brought_to_length_1():
    np.testing.assert_allclose(truncate_embeddings([[3, 4, 12]], 2), [[0.6, 0.8]], rtol=1e-6)
    assert truncate_embeddings([[3, 4, 12]], 2, normalize=False).tolist() == [[3, 4]]
    assert truncate_embeddings([[0, 0, 1]], 2).tolist() == [[0, 0]]


def test_truncating_without_normalizing_gives_a_copy():
    original = np.ones([2, 3], np.float32)
    truncate_embeddings(original, 3, normalize=False)[:] = 0
    assert original.sum() == 6


@pytest.mark.parametrize("dimension", [0, 71, 1.5])
def test_a_dimension_that_the_vectors_do_not_have_is_refused(dimension):
    with pytest.raises(SettingsError):
        truncate_embeddings(VECTORS, dimension)


def test_bits_are_counted_with_and_without_numpys_own_function():
    words = np.random.default_rng(0).integers(0, 2**64, size=[3, 5], dtype=np.uint64)
    expected = [[int(word).bit_count() for word in row] for row in words.tolist()]
    np.testing.assert_array_equal(bits._count_bits_by_table(words), expected)
    np.testing.assert_array_equal(bits.count_bits(words), expected)
    assert bits._count_bits_by_table(np.array([0, 2**64 - 1], np.uint64)).tolist() == [0, 64]


def test_an_int8_index_scores_with_dequantized_vectors():
    expected = top_k(
        unit_rows(QUERIES),
        quantize_embeddings(unit_rows(VECTORS), "int8").dequantize(),
        10,
        similarity="dot",
    )
    found = QuantizedIndex(VECTORS, "int8").search(QUERIES, 10)
    np.testing.assert_allclose(found.scores, expected.scores, atol=1e-5)
    assert (found.indices == expected.indices).mean() > 0.95


def test_a_binary_index_takes_the_nearest_by_hamming_distance_and_scores_them_with_signs():
    distances = ((QUERIES > 0)[:, np.newaxis] != (VECTORS > 0)).sum(axis=2)
    candidates = np.argsort(distances, axis=1, kind="stable")[:, :20]
    unit = QUERIES / np.linalg.norm(QUERIES, axis=1, keepdims=True)
    cosines = unit @ np.where(VECTORS > 0, 1, -1).T / np.sqrt(70)
    found = QuantizedIndex(VECTORS, "binary").search(QUERIES, 5, rescore_multiplier=4)
    for row, (indices, scores) in enumerate(zip(found.indices, found.scores, strict=True)):
        best = sorted(candidates[row], key=lambda index: -cosines[row, index])[:5]
        np.testing.assert_allclose(scores, cosines[row, best], atol=1e-5)
        assert set(indices) <= set(candidates[row])


def test_a_binary_index_without_numpys_bit_count_finds_the_same(monkeypatch: pytest.MonkeyPatch):
    expected = QuantizedIndex(VECTORS, "binary").search(QUERIES, 5)
    monkeypatch.setattr(bits, "count_bits", bits._count_bits_by_table)
    found = QuantizedIndex(VECTORS, "binary").search(QUERIES, 5)
    np.testing.assert_array_equal(found.indices, expected.indices)


@pytest.mark.parametrize("precision", ["int8", "binary"])
def test_with_the_originals_and_enough_candidates_a_search_is_exact(precision: str):
    exact = top_k(QUERIES, VECTORS, 5)
    found = QuantizedIndex(VECTORS, precision, keep_originals=True).search(QUERIES, 5, rescore_multiplier=60)
    np.testing.assert_array_equal(found.indices, exact.indices)
    np.testing.assert_allclose(found.scores, exact.scores, atol=1e-6)


def test_more_candidates_find_more_of_the_true_neighbours():
    exact = top_k(QUERIES, VECTORS, 10).indices
    index = QuantizedIndex(VECTORS, "binary", keep_originals=True)
    recalls = [
        np.mean([len({*found} & {*true}) / 10 for found, true in zip(rows, exact, strict=True)])
        for rows in (index.search(QUERIES, 10, multiplier).indices for multiplier in (1, 4, 30))
    ]
    assert recalls[0] < recalls[1] < recalls[2] == 1.0


def test_an_index_takes_a_quarter_or_a_32nd_of_the_memory_unless_it_keeps_the_originals():
    vectors = np.random.default_rng(0).normal(size=[200, 128]).astype(np.float32)
    assert QuantizedIndex(vectors, "int8").nbytes * 4 == vectors.nbytes
    assert QuantizedIndex(vectors, "binary").nbytes * 32 == vectors.nbytes
    assert QuantizedIndex(vectors, "binary", keep_originals=True).nbytes > vectors.nbytes
    assert len(QuantizedIndex(vectors, "binary")) == 200


@pytest.mark.parametrize("precision", ["int8", "binary"])
def test_equal_vectors_come_in_the_order_of_their_indices_and_k_may_exceed_them(precision: str):
    found = QuantizedIndex([[1.0, 2.0]] * 3, precision, calibration=VECTORS[:, :2]).search([[1.0, 1.0]], 9)
    assert found.indices.tolist() == [[0, 1, 2]]
    assert found.scores.dtype == np.float32


def test_what_an_index_cannot_take_is_refused():
    with pytest.raises(SettingsError, match="int8 or binary"):
        QuantizedIndex(VECTORS, "uint8")
    index = QuantizedIndex(VECTORS, "binary")
    with pytest.raises(DataError, match="dimension 3, the index has 70"):
        index.search(np.ones([1, 3]), 1)
    with pytest.raises(SettingsError, match="rescore_multiplier"):
        index.search(QUERIES, 1, rescore_multiplier=0)
