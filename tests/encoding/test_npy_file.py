from pathlib import Path

import numpy as np
import pytest

from tfsiamese.encoding.npy_file import NpyFile, read_npy_header
from tfsiamese.errors import DataError


@pytest.mark.parametrize("dtype", [np.float32, np.int8, np.uint8])
@pytest.mark.parametrize("parts", [[], [0], [3], [1, 12_345, 7]], ids=str)
def test_a_file_that_grew_is_the_file_that_numpy_writes(tmp_path: Path, dtype, parts: list[int]):
    whole = np.random.default_rng(0).normal(size=[sum(parts), 5]).astype(dtype)
    with NpyFile(tmp_path / "grown.npy", np.dtype(dtype), 5) as file:
        for start, rows in zip(np.cumsum([0, *parts]), parts, strict=False):
            file.append(whole[start : start + rows])
    np.save(tmp_path / "saved.npy", whole)
    assert (tmp_path / "grown.npy").read_bytes() == (tmp_path / "saved.npy").read_bytes()


def test_rows_of_another_kind_are_refused(tmp_path: Path):
    with NpyFile(tmp_path / "grown.npy", np.dtype(np.float32), 5) as file:
        for rows in (np.zeros([2, 4], np.float32), np.zeros([2, 5]), np.zeros([5], np.float32)):
            with pytest.raises(ValueError, match="expected float32"):
                file.append(rows)


def test_a_file_that_is_no_array_is_named(tmp_path: Path):
    (tmp_path / "x.npy").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"x\.npy cannot be read as \.npy"):
        read_npy_header(tmp_path / "x.npy")
