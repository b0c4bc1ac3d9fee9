import json
from pathlib import Path
from typing import Any

import pytest

from tfsiamese.encoding.manifest import Manifest, Shard
from tfsiamese.errors import DataError

VECTORS = {"dimension": 8, "precision": "float32", "dtype": "float32", "width": 8, "normalize": False, "prompt": ""}


@pytest.fixture
def content(tmp_path: Path) -> dict[str, Any]:
    """A good manifest of two shards."""
    made_from = {"encoder": {}, "vectors": VECTORS, "files": {"format": "npy"}, "inputs": []}
    shards = {number: Shard(f"vectors-0000{number}.npy", 3, 224, "0" * 64) for number in range(2)}
    Manifest(made_from, shards, complete=True).write(tmp_path)
    return json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))


def read(content: Any, folder: Path) -> Manifest:
    (folder / "manifest.json").write_text(json.dumps(content), encoding="utf-8")
    return Manifest.read(folder)


def test_what_was_written_is_read(content, tmp_path: Path):
    manifest = read(content, tmp_path)
    assert (manifest.rows, manifest.complete, sorted(manifest.shards)) == (6, True, [0, 1])


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("vectors", {}),
        ("vectors", {**VECTORS, "dimension": "8"}),
        ("vectors", {**VECTORS, "dimension": 0}),
        ("vectors", {**VECTORS, "precision": "int4"}),
        ("vectors", {**VECTORS, "precision": ["float32"]}),
        ("vectors", {**VECTORS, "width": 9}),
        ("vectors", {**VECTORS, "dtype": "float64"}),
        ("encoder", None),
        ("files", {"format": "csv"}),
        ("files", []),
        ("inputs", {}),
        ("complete", 1),
        ("versions", None),
        ("shards", {}),
        ("shards", [None]),
    ],
)
def test_a_value_of_the_wrong_kind_is_refused(content, tmp_path: Path, member: str, value: Any):
    content[member] = value
    with pytest.raises(DataError, match=r"manifest\.json is no manifest of vectors"):
        read(content, tmp_path)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("rows", "150"),
        ("rows", True),
        ("rows", 0),
        ("bytes", -1),
        ("bytes", 1.5),
        ("file", None),
        ("file", "../vectors-00001.npy"),
        ("file", "vectors-00000.npy"),
        ("texts", 7),
        ("number", -1),
        ("number", 0),
        ("number", 99),
        ("number", "1"),
    ],
)
def test_a_value_of_a_shard_that_cannot_be_is_refused(content, tmp_path: Path, member: str, value: Any):
    content["shards"][1][member] = value
    with pytest.raises(DataError, match=rf"manifest\.json is no manifest of vectors \({member} is "):
        read(content, tmp_path)


def test_numbers_have_no_gaps_in_a_complete_folder_only(content, tmp_path: Path):
    del content["shards"][0]
    with pytest.raises(DataError, match="number is 1, out of order"):
        read(content, tmp_path)
    content["complete"] = False
    assert list(read(content, tmp_path).shards) == [1]
