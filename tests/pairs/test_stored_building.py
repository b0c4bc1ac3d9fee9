"""A store is built once, whole or not at all, in little memory, and again when a file has changed."""

import json
import os
import threading
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from tests.pairs.stored import pairs, triplets
from tfsiamese.errors import DataError
from tfsiamese.pairs import Pairs, store_building, stream_examples, write_examples


def write_rows(path: Path, count: int, first: int = 0) -> Path:
    rows = "".join(f"left text {number},right text {number},0.5\n" for number in range(first, first + count))
    path.write_text("left,right,score\n" + rows)
    return path


def stores(cache: Path) -> list[Path]:
    return [path for path in cache.iterdir() if path.is_dir()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return write_rows(tmp_path / "data.csv", 30)


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders that stores are built in."""
    build, seen = store_building._build, []

    def counted(recipe, folder):
        seen.append(folder)
        build(recipe, folder)

    monkeypatch.setattr(store_building, "_build", counted)
    return seen


def test_a_store_is_built_once(file: Path, cache: Path, builds: list[Path]):
    one, other = stream_examples(file, cache=cache), stream_examples(file, cache=cache)
    assert len(builds) == len(stores(cache)) == 1
    assert one.load().left == other.load().left


def test_the_cache_is_the_one_of_the_package(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("TFSIAMESE_CACHE", str(tmp_path / "own"))
    stream_examples(file)
    assert len(stores(tmp_path / "own" / "streams")) == 1


def test_a_file_that_changed_is_read_again_and_the_older_store_goes(file: Path, cache: Path):
    before = stream_examples(file, cache=cache)
    write_rows(file, 31)
    assert len(stream_examples(file, cache=cache)) == 31
    assert len(stores(cache)) == 1
    assert before.load().left[29] == "left text 29", "a store in use can be read to its end"


def test_a_file_of_the_same_size_and_another_time_is_read_again(file: Path, cache: Path):
    stream_examples(file, cache=cache)
    write_rows(file, 30, first=0)
    file.write_text(file.read_text().replace("left text 29", "LEFT text 29"))
    os.utime(file, ns=(0, 10**9))
    assert stream_examples(file, cache=cache).load().left[29] == "LEFT text 29"


def test_other_options_have_a_store_of_their_own(file: Path, cache: Path, builds: list[Path]):
    for _ in range(2):
        stream_examples(file, cache=cache)
        stream_examples(file, cache=cache, score_range=(0, 2))
    assert len(builds) == len(stores(cache)) == 2


@pytest.mark.parametrize("name", ["texts.bin", "offsets.i64", "hashes.u64", "lines.i64", "scores.f64", "meta.json"])
def test_a_truncated_store_is_built_again(file: Path, cache: Path, builds: list[Path], name: str):
    stream_examples(file, cache=cache)
    broken = stores(cache)[0] / name
    broken.write_bytes(broken.read_bytes()[:-3])
    assert stream_examples(file, cache=cache).load().left[29] == "left text 29"
    assert len(builds) == 2
    assert len(list(cache.iterdir())) == 1


def test_a_store_that_lacks_a_file_is_built_again(file: Path, cache: Path, builds: list[Path]):
    stream_examples(file, cache=cache)
    (stores(cache)[0] / "lines.i64").unlink()
    assert len(stream_examples(file, cache=cache).load()) == 30
    assert len(builds) == 2


@pytest.mark.parametrize(
    "change",
    [
        *({key: None} for key in ("format", "shape", "rows", "source", "fingerprint", "shards", "repeats", "sizes")),
        {"score_range": None},
        {"repeats": {}},
        {"repeats": {"duplicates": 5}},
        {"rows": 29},
        {"shards": [["data.csv", 3]]},
        {"shape": "classes"},
        {"sizes": {}},
        {"score_range": [0]},
    ],
    ids=str,
)
def test_a_store_whose_description_lacks_something_is_built_again(file: Path, cache: Path, builds: list, change: dict):
    stream_examples(file, cache=cache)
    meta = stores(cache)[0] / "meta.json"
    found = json.loads(meta.read_text()) | change
    meta.write_text(json.dumps({key: value for key, value in found.items() if value is not None}))
    whole = stream_examples(file, cache=cache)
    assert len(builds) == 2
    assert whole.summary() == f"30 stored pairs from {file}"
    assert whole.load().left[29] == "left text 29"


@pytest.mark.parametrize("content", ["[]", "3", "null", ""])
def test_a_description_that_is_no_object_is_written_again(file: Path, cache: Path, builds: list, content: str):
    stream_examples(file, cache=cache)
    (stores(cache)[0] / "meta.json").write_text(content)
    assert len(stream_examples(file, cache=cache)) == 30
    assert len(builds) == 2


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_stands_in_place_of_a_store_and_is_no_folder_goes(file: Path, cache: Path, kind: str):
    stream_examples(file, cache=cache)
    folder = stores(cache)[0]
    folder.rename(cache / "elsewhere")
    if kind == "file":
        folder.write_text("no store")
    else:
        folder.symlink_to(cache / "nowhere")
    assert len(stream_examples(file, cache=cache)) == 30
    assert not folder.is_symlink()
    assert {path for path in cache.iterdir() if path.is_dir()} == {*cache.iterdir()} == {folder, cache / "elsewhere"}


def test_what_repeats_can_be_told_when_the_store_was_replaced(file: Path, cache: Path):
    file.write_text(file.read_text() + "left text 0,right text 0,0.5\nleft text 1,right text 1,0.7\n")
    before = stream_examples(file, cache=cache)
    write_rows(file, 31)
    stream_examples(file, cache=cache)
    assert not before.store.folder.exists()
    assert (before.duplicates, before.contradictions) == (1, 1)
    assert before.repeats.contradictions == 1
    assert "1 duplicate row: line 32 repeats line 2" in before.summary()


def test_two_that_build_one_store_at_once_both_get_it(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    build, together, found = store_building._build, threading.Barrier(2, timeout=30), []

    def both(recipe, folder):
        build(recipe, folder)
        together.wait()

    monkeypatch.setattr(store_building, "_build", both)
    threads = [threading.Thread(target=lambda: found.append(stream_examples(file, cache=cache))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert [len(one.load()) for one in found] == [30, 30]
    assert len(list(cache.iterdir())) == 1, "what the slower one built is gone"


def test_a_file_that_changes_while_it_is_read_is_said(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    build = store_building._build

    def changing(recipe, folder):
        build(recipe, folder)
        write_rows(file, 35)

    monkeypatch.setattr(store_building, "_build", changing)
    with pytest.raises(DataError, match="changed while it was read"):
        stream_examples(file, cache=cache)
    assert not list(cache.iterdir())


def test_a_cache_that_cannot_be_written_is_said_with_what_to_do(file: Path, tmp_path: Path):
    with pytest.raises(DataError, match=r"cannot be written: .*TFSIAMESE_CACHE \(cache= in Python\)"):
        stream_examples(file, cache=file / "cache")


def test_a_disk_that_is_full_is_said_and_leaves_nothing(file: Path, cache: Path, monkeypatch: pytest.MonkeyPatch):
    def full(self, frame):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(store_building.StoreWriter, "add", full)
    with pytest.raises(DataError, match="No space left on device"):
        stream_examples(file, cache=cache)
    assert not list(cache.iterdir())


def peak_of(action) -> int:
    tracemalloc.start()
    try:
        action()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("suffix", [".csv", ".jsonl", ".parquet"])
def test_building_takes_the_memory_of_some_rows_whatever_the_number_of_rows(
    tmp_path: Path, suffix: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(store_building, "_CHUNK_ROWS", 200)
    monkeypatch.setattr("tfsiamese.pairs.stored_repeats._BUCKET_ROWS", 500)
    monkeypatch.setattr("tfsiamese.pairs.stored_repeats.BLOCK_ROWS", 500)
    peaks = []
    for count in (400, 12_000):
        path = tmp_path / f"{count}{suffix}"
        texts = [f"a text of some words, number {number}" for number in range(count)]
        write_examples(Pairs.from_frame(pairs(count).frame.assign(left=texts)), path)
        stream_examples(path, cache=tmp_path / "warm")  # what is imported on the way does not count
        peaks.append(peak_of(lambda path=path: stream_examples(path, cache=tmp_path / "cache")))
    assert peaks[1] - peaks[0] < 12_000 * 20


def test_splitting_and_looking_at_repeats_take_the_memory_of_some_rows(tmp_path: Path):
    examples = triplets(3000, details=False, texts=2000)
    write_examples(examples, tmp_path / "data.jsonl")
    found = stream_examples(tmp_path / "data.jsonl", cache=tmp_path / "cache")
    found.split(10)
    peak = peak_of(lambda: found.split(10))
    assert peak < 3000 * 250
    assert np.isfinite(peak)
