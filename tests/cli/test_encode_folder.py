import gzip
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command
from tfsiamese.encoders import load_encoder
from tfsiamese.encoding import open_vectors
from tfsiamese.encoding.inputs import windows

TEXTS = [f"data {number} road {number % 7}" for number in range(60)]

# The command with small windows, slow enough to be met in the middle of a shard.
SLOW_COMMAND = """
import sys, time
from tfsiamese.cli.main import main
from tfsiamese.encoding.inputs import windows
from tfsiamese.encoding.text_encoding import WindowEncoder
windows.__defaults__ = (4,)
encode = WindowEncoder.encode
def slow(encoder, window):
    time.sleep(0.1)
    return encode(encoder, window)
WindowEncoder.encode = slow
sys.exit(main(sys.argv[1:]))
"""


@pytest.fixture
def texts_file(tmp_path: Path) -> Path:
    path = tmp_path / "texts.txt"
    path.write_text("".join(f"{text}\n" for text in TEXTS), encoding="utf-8")
    return path


def content(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_a_folder_is_written_in_shards_and_done_when_run_again(
    command: Command, tiny_folder: Path, texts_file: Path, tmp_path: Path
):
    out = f"{tmp_path / 'out'}/"
    for _ in range(2):
        result = command("encode", tiny_folder, texts_file, "--out", out, "--shard-size", 25)
        assert result.status == 0, result.err
        assert result.out == f"{tmp_path / 'out'}: float32 [60, 8] in 3 shards\n"
        assert result.err == ""
    np.testing.assert_allclose(np.asarray(open_vectors(out)), load_encoder(tiny_folder).encode(TEXTS), atol=1e-6)


def test_several_files_patterns_and_columns_go_into_one_folder(command: Command, tiny_folder: Path, tmp_path: Path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pyarrow is not installed")
    (tmp_path / "b.csv").write_text("id,title\n1,red\n2,blue\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("id,title\n3,green\n", encoding="utf-8")
    (tmp_path / "c.jsonl.gz").write_bytes(gzip.compress(b'{"id": 4, "title": "nurse"}\n'))
    options = ("--column", "title", "--id-column", "id", "--format", "parquet", "--with-text", "--precision", "int8")
    result = command(
        "encode", tiny_folder, tmp_path / "*.csv", tmp_path / "c.jsonl.gz", "--out", tmp_path / "o", *options
    )
    assert result.status == 0, result.err
    ranges = f"{tmp_path / 'o' / 'ranges.npy'}: float32 [2, 8]\n"
    assert result.out == f"{tmp_path / 'o'}: int8 [4, 8] in 1 shard\n{ranges}"
    table = parquet.read_table(tmp_path / "o" / "vectors-00000.parquet").drop_columns(["vector"])
    assert [tuple(row.values()) for row in table.to_pylist()] == [
        ("a.csv", 2, "3", "green"),
        ("b.csv", 2, "1", "red"),
        ("b.csv", 3, "2", "blue"),
        ("c.jsonl.gz", 1, "4", "nurse"),
    ]


def test_several_files_go_into_one_file(command: Command, tiny_folder: Path, texts_file: Path, tmp_path: Path):
    result = command("encode", tiny_folder, texts_file, texts_file, "--out", tmp_path / "v.npy")
    assert result.out == f"{tmp_path / 'v.npy'}: float32 [120, 8]\n"
    vectors = np.load(tmp_path / "v.npy")
    np.testing.assert_array_equal(vectors[:60], vectors[60:])


def test_a_run_from_standard_input_goes_on_with_the_same_texts(
    command: Command, tiny_folder: Path, texts_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    arguments = ("encode", tiny_folder, "-", "--out", tmp_path / "out", "--shard-size", 20)

    def run(content: bytes):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content)))
        return command(*arguments)

    whole = texts_file.read_bytes()
    assert "line 61: not UTF-8" in run(whole + b"\xff\n").error
    assert sorted(path.name for path in (tmp_path / "out").glob("vectors*")) == [
        f"vectors-0000{number}.npy" for number in range(3)
    ]
    assert run(whole).status == 0
    assert len(open_vectors(tmp_path / "out")) == 60
    assert "made from other texts" in run(whole.replace(b"data 7 ", b"data 8 ")).error


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--out", "vectors"], "or in / for a folder"),
        (["--out", "vectors.npy", "--format", "parquet"], "--format is for a folder of shards"),
        (["--out", "vectors.npy", "--shard-size", "5"], "--shard-size is for a folder of shards"),
        (["--out", "vectors.npy", "--overwrite"], "--overwrite is for a folder of shards"),
        (["--out", "vectors/", "--with-text"], "--with-text"),
        (["--out", "vectors/", "--column", "title"], "without columns"),
        (["--out", "vectors/", "--shard-size", "0"], "shard_size=0"),
        (["--out", ""], "path to write to is empty"),
        (["", "--out", "vectors/"], "path of a file of texts is empty"),
    ],
)
def test_options_that_do_not_go_together_are_named_before_anything_is_written(
    command: Command, tiny_folder: Path, texts_file: Path, tmp_path: Path, monkeypatch, arguments, said: str
):
    monkeypatch.chdir(tmp_path)
    assert said in command("encode", tiny_folder, texts_file, *arguments).error
    assert [path.name for path in tmp_path.iterdir()] == [texts_file.name]


def test_files_are_looked_at_before_tensorflow_is_imported(tiny_folder: Path, tmp_path: Path):
    (tmp_path / "t.csv").write_text("titel,n\nx,1\n", encoding="utf-8")
    code = "import sys; from tfsiamese.cli.main import main; main(sys.argv[1:]); sys.exit('tensorflow' in sys.modules)"
    arguments = ["encode", str(tiny_folder), str(tmp_path / "t.csv"), "--column", "title", "--out", "x.npy"]
    finished = subprocess.run(
        [sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False, timeout=300
    )
    assert finished.returncode == 0
    assert "Did you mean 'titel'?" in finished.stderr


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["killed", "terminated"])
def test_a_process_that_is_ended_in_the_middle_of_a_shard_loses_no_shard(
    command: Command, tiny_folder: Path, texts_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int
):
    out = tmp_path / "out"
    arguments = ("encode", tiny_folder, texts_file, "--shard-size", "20", "--precision", "int8", "--out")
    slow = subprocess.Popen(
        [sys.executable, "-c", SLOW_COMMAND, *map(str, arguments), f"{out}/"], stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 120
    while not ((out / "vectors-00000.npy").is_file() and list(out.glob(".vectors-00001*"))):
        assert slow.poll() is None, slow.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    os.kill(slow.pid, number)
    _, said = slow.communicate(timeout=60)
    finished = {path.name: path.stat().st_mtime_ns for path in out.glob("vectors-*")}
    assert "vectors-00000.npy" in finished
    assert "vectors-00002.npy" not in finished
    if number == signal.SIGTERM:
        assert slow.returncode == 128 + signal.SIGTERM
        assert "The same command again goes on behind them" in said
        assert not list(out.glob(".*"))
    monkeypatch.setattr(windows, "__defaults__", (4,))
    assert command(*arguments, f"{out}/").status == 0
    assert command(*arguments, f"{tmp_path / 'whole'}/").status == 0
    assert content(out) == content(tmp_path / "whole")
    assert {name: (out / name).stat().st_mtime_ns for name in finished} == finished
