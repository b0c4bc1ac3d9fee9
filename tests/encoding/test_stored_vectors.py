from pathlib import Path

import numpy as np
import pytest

from tfsiamese.encoding.stored_vectors import StoredVectors, open_vectors
from tfsiamese.errors import DataError

WHOLE = np.arange(44, dtype=np.float32).reshape(11, 4)


@pytest.fixture
def vectors(tmp_path: Path) -> StoredVectors:
    """`WHOLE` in shards of 4, 4 and 3 rows."""
    shards = [(tmp_path / f"{start}.npy", WHOLE[start : start + 4]) for start in (0, 4, 8)]
    for path, rows in shards:
        np.save(path, rows)
    return StoredVectors([(path, len(rows)) for path, rows in shards], np.dtype(np.float32), 4)


@pytest.mark.parametrize(
    "key",
    [
        slice(None),
        slice(2, 9),
        slice(-2, None),
        slice(9, 2),
        slice(None, None, 3),
        slice(None, None, -2),
        0,
        -1,
        7,
        np.int64(4),
        [10, 0, 4, 4],
        [],
        np.array([[1, 9], [-1, 3]]),
        np.arange(11) % 3 == 0,
        (slice(2, 6), 1),
        (5, slice(1, 3)),
        ([0, 8], slice(None, 2)),
        (np.array([[1, 9], [-1, 3]]), -1),
        (Ellipsis, 0),
    ],
    ids=str,
)
def test_indexing_is_that_of_an_array(vectors: StoredVectors, key):
    np.testing.assert_array_equal(vectors[key], WHOLE[key], strict=True)


def test_it_is_an_array_like_that_can_be_walked_through(vectors: StoredVectors):
    assert (len(vectors), vectors.shape, vectors.ndim, vectors.num_shards) == (11, (11, 4), 2, 3)
    np.testing.assert_array_equal(np.asarray(vectors), WHOLE, strict=True)
    np.testing.assert_array_equal(np.asarray(vectors, np.float64), WHOLE.astype(np.float64), strict=True)
    np.testing.assert_array_equal(list(vectors), WHOLE)


@pytest.mark.parametrize("key", [11, -12, [3, 11], np.ones(3, bool), ([1, 2], [0, 1]), (0, 1, 2), (0, None)], ids=str)
def test_what_is_not_there_or_not_supported_is_an_index_error(vectors: StoredVectors, key):
    with pytest.raises(IndexError):
        vectors[key]


def test_what_is_handed_out_can_be_changed_and_the_files_stay(vectors: StoredVectors):
    vectors[:][0] = 7
    vectors[[0]][0] = 7
    np.testing.assert_array_equal(vectors[0], WHOLE[0])


def test_a_file_of_vectors_opens_too(tmp_path: Path):
    np.save(tmp_path / "v.npy", WHOLE)
    np.testing.assert_array_equal(open_vectors(tmp_path / "v.npy")[1:3], WHOLE[1:3])


def test_ranges_of_other_codes_beside_a_file_are_not_taken(tmp_path: Path):
    np.save(tmp_path / "v.npy", np.zeros([3, 2], np.int8))
    np.save(tmp_path / "v.ranges.npy", np.zeros([2, 16], np.float32))
    assert open_vectors(tmp_path / "v.npy").quantizer is None


def test_a_shard_that_was_replaced_is_named(vectors: StoredVectors, tmp_path: Path):
    np.save(tmp_path / "4.npy", np.zeros([4, 3], np.float32))
    assert vectors[0][1] == 1
    with pytest.raises(DataError, match=r"4\.npy holds float32 \[4, 3\]\. Expected float32 \[4, 4\]"):
        vectors[5]


def test_what_holds_no_vectors_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"manifest\.json cannot be read"):
        open_vectors(tmp_path)
    with pytest.raises(DataError, match=r"no\.npy cannot be read"):
        open_vectors(tmp_path / "no.npy")
    np.save(tmp_path / "v.npy", np.zeros(3))
    with pytest.raises(DataError, match=r"an array \[3\]\. Expected vectors"):
        open_vectors(tmp_path / "v.npy")
