"""What a run may not do to the files in its folder, and what it makes of damage."""

import errno
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.encoding.test_encode_files import StopError, content, stop_after
from tfsiamese.encoders import Encoder
from tfsiamese.encoding import EncodingSettings, encode_files, open_vectors
from tfsiamese.encoding.folder_lock import LOCK_FILE, sole_writer
from tfsiamese.encoding.manifest import Manifest
from tfsiamese.encoding.npy_file import NpyFile
from tfsiamese.errors import DataError, SettingsError

SHARDS_OF_2 = EncodingSettings(shard_size=2)
OTHERWISE = EncodingSettings(shard_size=2, normalize=True)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Six texts: three shards of two."""
    path = tmp_path / "texts.txt"
    path.write_text("red\napple\nnurse\ndata\nroad\ncloud\n", encoding="utf-8")
    return path


@pytest.fixture
def out(tiny_encoder: Encoder, source: Path, tmp_path: Path) -> Path:
    """A finished folder."""
    encode_files(tiny_encoder, source, tmp_path / "out", settings=SHARDS_OF_2)
    return tmp_path / "out"


def change_manifest(folder: Path, change) -> None:
    path = folder / "manifest.json"
    manifest = json.loads(path.read_text(encoding="utf-8"))
    change(manifest)
    path.write_text(json.dumps(manifest), encoding="utf-8")


def test_overwrite_removes_what_the_old_manifest_lists_and_nothing_else(tiny_encoder, source: Path, out: Path):
    others = ["vectors-2019.npy", "vectors-old.parquet", "vectors-1.npy", "notes.md", "texts.csv"]
    for name in others:
        (out / name).write_text("text\nmine\n", encoding="utf-8")
    encode_files(tiny_encoder, out / "texts.csv", out, settings=SHARDS_OF_2, overwrite=True)
    assert sorted(content(out)) == sorted([*others, "manifest.json", "vectors-00000.npy"])
    assert {(out / name).read_text(encoding="utf-8") for name in others} == {"text\nmine\n"}


@pytest.mark.parametrize("name", ["vectors-00000.npy", "vectors-00007.parquet", "ranges.npy"])
def test_overwrite_refuses_to_replace_files_that_no_manifest_lists(tiny_encoder, source, tmp_path: Path, name: str):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / name).write_bytes(b"mine")
    with pytest.raises(SettingsError, match=r"is there, and no manifest\.json beside it lists it"):
        encode_files(tiny_encoder, source, tmp_path / "out", settings=SHARDS_OF_2, overwrite=True)
    assert content(tmp_path / "out") == {name: b"mine"}


def test_files_of_texts_are_not_written_over(tiny_encoder, source: Path, tmp_path: Path):
    parquet = EncodingSettings(format="parquet", with_text=True)
    encode_files(tiny_encoder, source, tmp_path / "out", settings=parquet)
    before = content(tmp_path / "out")
    link = tmp_path / "link.parquet"
    link.symlink_to(tmp_path / "out" / "vectors-00000.parquet")
    for path in (link.resolve(), link):
        with pytest.raises(SettingsError, match="is read, and would be written over"):
            encode_files(tiny_encoder, path, tmp_path / "out", settings=parquet, overwrite=True)
    assert content(tmp_path / "out") == before
    texts = source.rename(tmp_path / "texts.npy")
    with pytest.raises(SettingsError, match="would be written over"):
        encode_files(tiny_encoder, texts, texts)


def test_two_runs_into_one_folder_are_kept_apart(tiny_encoder, source: Path, tmp_path: Path, monkeypatch):
    encode = tiny_encoder.encode
    refused = []

    def encode_beside_another_run(texts, *arguments, **options):
        if texts:
            monkeypatch.setattr(tiny_encoder, "encode", encode)
            with pytest.raises(SettingsError, match="Another process writes vectors into") as raised:
                encode_files(tiny_encoder, source, tmp_path / "out", settings=SHARDS_OF_2)
            refused.append(raised.value)
        return encode(texts, *arguments, **options)

    monkeypatch.setattr(tiny_encoder, "encode", encode_beside_another_run)
    assert len(encode_files(tiny_encoder, source, tmp_path / "out", settings=SHARDS_OF_2)) == 6
    assert len(refused) == 1
    assert not list((tmp_path / "out").glob(".*"))


def test_a_killed_process_holds_no_folder(tmp_path: Path):
    code = """
import os, signal, sys
from pathlib import Path
from tfsiamese.encoding.folder_lock import sole_writer
with sole_writer(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""
    arguments = [sys.executable, "-c", code, str(tmp_path / "out")]
    with subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(SettingsError, match="Another process"), sole_writer(tmp_path / "out"):
            pass
        holder.kill()
    assert (tmp_path / "out" / LOCK_FILE).exists()
    with sole_writer(tmp_path / "out"):
        pass
    assert not (tmp_path / "out" / LOCK_FILE).exists()


def test_a_folder_that_stayed_empty_is_taken_away_again(tmp_path: Path):
    with sole_writer(tmp_path / "out"):
        pass
    (tmp_path / "mine").mkdir()
    with sole_writer(tmp_path / "mine"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_a_file_in_place_of_the_folder_is_named(tiny_encoder, source: Path, tmp_path: Path):
    (tmp_path / "out").write_text("mine", encoding="utf-8")
    with pytest.raises(SettingsError, match="is a file. Expected a folder"):
        encode_files(tiny_encoder, source, tmp_path / "out")


def test_input_that_cannot_be_read_does_not_cost_the_old_vectors(tiny_encoder, tmp_path: Path, out: Path):
    before = content(out)
    (tmp_path / "bad.csv").write_text("text,n\nred,1\napple\n", encoding="utf-8")
    (tmp_path / "blank.txt").write_text("\n", encoding="utf-8")
    for name in ("bad.csv", "blank.txt"):
        with pytest.raises(DataError):
            encode_files(tiny_encoder, tmp_path / name, out, settings=OTHERWISE, overwrite=True)
        assert content(out) == before
    assert len(open_vectors(out)) == 6


def test_old_vectors_stay_until_the_first_new_shard_stands(tiny_encoder, source: Path, out: Path, monkeypatch):
    before = content(out)
    encode = tiny_encoder.encode
    for calls, left in [(0, sorted(before)), (1, ["manifest.json", "vectors-00000.npy"])]:
        monkeypatch.setattr(tiny_encoder, "encode", encode)
        stop_after(tiny_encoder, calls, monkeypatch, StopError())
        with pytest.raises(StopError):
            encode_files(tiny_encoder, source, out, settings=OTHERWISE, overwrite=True)
        assert sorted(content(out)) == left
        assert (content(out) == before) == (calls == 0)
    monkeypatch.setattr(tiny_encoder, "encode", encode)
    encode_files(tiny_encoder, source, out, settings=OTHERWISE)
    expected = encode(source.read_text(encoding="utf-8").split(), normalize=True)
    np.testing.assert_allclose(open_vectors(out)[:], expected, atol=1e-6)


def test_a_process_killed_while_it_takes_the_folder_over_leaves_no_vectors_under_the_wrong_manifest(
    tiny_encoder, source: Path, out: Path, monkeypatch
):
    write = Manifest.write
    calls = []

    def killed_at_the_second(manifest, folder):
        calls.append(sorted(path.name for path in folder.glob("vectors-*")))
        if len(calls) == 2:
            raise StopError
        write(manifest, folder)

    monkeypatch.setattr(Manifest, "write", killed_at_the_second)
    with pytest.raises(StopError):
        encode_files(tiny_encoder, source, out, settings=OTHERWISE, overwrite=True)
    assert calls == [[], ["vectors-00000.npy"]]
    monkeypatch.setattr(Manifest, "write", write)
    with pytest.raises(SettingsError, match="made otherwise"):
        encode_files(tiny_encoder, source, out, settings=SHARDS_OF_2)
    (out.parent / "one.txt").write_text("red\n", encoding="utf-8")
    encode_files(tiny_encoder, out.parent / "one.txt", out, settings=SHARDS_OF_2, overwrite=True)
    assert sorted(content(out)) == ["manifest.json", "vectors-00000.npy"]


def test_a_folder_under_repair_is_not_complete(tiny_encoder, source: Path, out: Path, monkeypatch):
    (out / "vectors-00001.npy").unlink()
    encode = tiny_encoder.encode
    stop_after(tiny_encoder, 0, monkeypatch, StopError())
    with pytest.raises(StopError):
        encode_files(tiny_encoder, source, out, settings=SHARDS_OF_2)
    assert list(Manifest.read(out).shards) == [0, 2]
    with pytest.raises(DataError, match="holds 4 vectors, and more were to come"):
        open_vectors(out)
    monkeypatch.setattr(tiny_encoder, "encode", encode)
    assert len(encode_files(tiny_encoder, source, out, settings=SHARDS_OF_2)) == 6


@pytest.mark.parametrize("kind", ["npy", "parquet"])
def test_a_shard_with_a_broken_header_and_its_old_size_is_written_again(tiny_encoder, source, tmp_path: Path, kind):
    settings = EncodingSettings(shard_size=2, format=kind)
    encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    whole = content(tmp_path / "out")
    shard = tmp_path / "out" / f"vectors-00001.{kind}"
    broken = bytearray(shard.read_bytes())
    broken[:8] = broken[-8:] = b"\0" * 8
    shard.write_bytes(broken)
    encode_files(tiny_encoder, source, tmp_path / "out", settings=settings)
    assert content(tmp_path / "out") == whole


def test_a_shard_with_other_rows_than_the_manifest_counts_is_written_again(tiny_encoder, source: Path, out: Path):
    whole = content(out)
    change_manifest(out, lambda manifest: manifest["shards"][1].update(rows=1))
    encode_files(tiny_encoder, source, out, settings=SHARDS_OF_2)
    assert content(out) == whole


@pytest.mark.parametrize("target", ["out", "codes.npy"])
def test_too_few_texts_for_ranges_are_said_in_words_of_this_command_and_leave_nothing(tiny_encoder, tmp_path, target):
    (tmp_path / "one.txt").write_text("red\n", encoding="utf-8")
    with pytest.raises(DataError, match="too few texts in .* int8 codes from: 1.*--precision") as raised:
        encode_files(tiny_encoder, tmp_path / "one.txt", tmp_path / target, settings=EncodingSettings(precision="int8"))
    assert "calibration" not in str(raised.value)
    assert [path.name for path in tmp_path.iterdir()] == ["one.txt"]


def full_after(appends: int, monkeypatch: pytest.MonkeyPatch) -> None:
    append = NpyFile.append
    left = iter(range(appends))

    def limited(file: NpyFile, rows: np.ndarray) -> None:
        if next(left, None) is None:
            raise OSError(errno.ENOSPC, "No space left on device")
        append(file, rows)

    monkeypatch.setattr(NpyFile, "append", limited)


def test_a_full_disk_is_named_with_what_is_finished_and_the_run_goes_on(tiny_encoder, source, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        full_after(2, patch)
        with pytest.raises(SettingsError) as raised:
            encode_files(tiny_encoder, source, tmp_path / "out", settings=SHARDS_OF_2, overwrite=True)
    assert str(raised.value) == (
        f"{tmp_path / 'out'} cannot be written: No space left on device. Make room. The run stopped with 2 finished "
        "shards. The same command without --overwrite goes on behind them."
    )
    stop_after(tiny_encoder, 1, monkeypatch, AssertionError("a finished shard was encoded again"))
    assert len(encode_files(tiny_encoder, source, tmp_path / "out", settings=SHARDS_OF_2)) == 6


def test_a_full_disk_is_named_for_a_file_too(tiny_encoder, source: Path, tmp_path: Path, monkeypatch):
    full_after(0, monkeypatch)
    with pytest.raises(SettingsError, match=r"v\.npy cannot be written: No space left on device\. What was there"):
        encode_files(tiny_encoder, source, tmp_path / "v.npy")
    assert [path.name for path in tmp_path.iterdir()] == [source.name]


def test_empty_paths_are_not_the_current_folder(tiny_encoder, source: Path, tmp_path: Path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SettingsError, match="path to write to is empty"):
        encode_files(tiny_encoder, source, "")
    with pytest.raises(SettingsError, match="path of a file of texts is empty"):
        encode_files(tiny_encoder, "", "out")
    assert [path.name for path in tmp_path.iterdir()] == [source.name]
