import io
import sys
from pathlib import Path

import numpy as np
import pytest

from tests.cli.conftest import Command
from tfsiamese.cli.main import main
from tfsiamese.encoders import load_encoder
from tfsiamese.encoding.npy_file import NpyFile


@pytest.mark.parametrize(
    ("content", "texts"),
    [
        (b"red apple\nnurse\n", ["red apple", "nurse"]),
        (b"red apple\nnurse", ["red apple", "nurse"]),
        (b"red apple\r\nnurse\r\n", ["red apple", "nurse"]),
        (b"\xef\xbb\xbfred apple\nnurse\n", ["red apple", "nurse"]),
        (b"red apple\n\n \nnurse\n", ["red apple", "", " ", "nurse"]),
        ("看護師\nnaïve café\n😀\n".encode(), ["看護師", "naïve café", "😀"]),
    ],
    ids=["lines", "no last line break", "CRLF", "byte order mark", "blank lines", "not ASCII"],
)
def test_each_line_becomes_a_row_in_its_order(command: Command, tiny_folder: Path, tmp_path: Path, content, texts):
    source, target = tmp_path / "texts.txt", tmp_path / "new folder" / "véctors.npy"
    source.write_bytes(content)
    result = command("encode", tiny_folder, source, "--out", target)
    assert result.status == 0, result.err
    assert result.err == ""
    assert result.out == f"{target}: float32 [{len(texts)}, 8]\n"
    vectors = np.load(target)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors, load_encoder(tiny_folder).encode(texts), atol=1e-6)
    assert [path.name for path in target.parent.iterdir()] == [target.name]


def test_texts_come_from_standard_input_too(
    command: Command, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO("red\npéar\n".encode()), encoding="ascii"))
    result = command("encode", tiny_folder, "-", "--out", tmp_path / "vectors.npy", "--batch-size", 1)
    assert result.status == 0, result.err
    expected = load_encoder(tiny_folder).encode(["red", "péar"])
    np.testing.assert_allclose(np.load(tmp_path / "vectors.npy"), expected, atol=1e-6)


def test_closed_standard_input_is_one_line(
    command: Command, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdin", None)  # what Python makes of a closed descriptor
    assert "standard input" in command("encode", tiny_folder, "-", "--out", tmp_path / "vectors.npy").error


def test_normalized_vectors_have_length_1(command: Command, finished_run: Path, labels_file: Path, tmp_path: Path):
    result = command("encode", finished_run, labels_file, "--out", tmp_path / "vectors.npy", "--normalize")
    assert result.status == 0, result.err
    np.testing.assert_allclose(np.linalg.norm(np.load(tmp_path / "vectors.npy"), axis=1), 1.0, atol=1e-5)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "cannot be read"),
        (b"", "holds no text"),
        (b"\n\n", "holds no text"),
        (b"ok\ncaf\xe9\n", "line 2: not UTF-8"),
    ],
)
def test_texts_that_cannot_be_read_are_named(command: Command, tiny_folder: Path, tmp_path: Path, content, said):
    source = tmp_path / "texts.txt"
    if content is not None:
        source.write_bytes(content)
    result = command("encode", tiny_folder, source, "--out", tmp_path / "vectors.npy")
    assert result.error.startswith(str(source))
    assert said in result.error
    assert not (tmp_path / "vectors.npy").exists()


@pytest.mark.parametrize("out", ["vectors", "vectors.npz", "file/vectors.npy", "folder.npy"])
def test_a_target_that_cannot_be_written_is_named_and_nothing_is_left(
    command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path, out: str
):
    (tmp_path / "file").write_text("content", encoding="utf-8")
    (tmp_path / "folder.npy").mkdir()
    assert str(tmp_path / out) in command("encode", tiny_folder, labels_file, "--out", tmp_path / out).error
    assert {path.name for path in tmp_path.iterdir()} == {"file", "folder.npy"}


def test_vectors_that_are_there_stay_whole_when_new_ones_cannot_be_written(
    command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    target = tmp_path / "vectors.npy"
    np.save(target, np.zeros([1, 8], np.float32))

    def append(file: NpyFile, rows: np.ndarray) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(NpyFile, "append", append)
    assert "No space left on device" in command("encode", tiny_folder, labels_file, "--out", target).error
    np.testing.assert_array_equal(np.load(target), np.zeros([1, 8]))
    assert [path.name for path in tmp_path.iterdir()] == ["vectors.npy"]


def test_a_path_that_standard_output_cannot_take_is_no_error(
    tiny_folder: Path, labels_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    assert main(["encode", str(tiny_folder), str(labels_file), "--out", str(tmp_path / "véctors.npy")]) == 0
    assert (tmp_path / "véctors.npy").is_file()


def test_an_output_that_the_encoder_does_not_have_is_refused(
    command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path
):
    result = command("encode", tiny_folder, labels_file, "--out", tmp_path / "vectors.npy", "--output-key", "nope")
    assert "nope" in result.error


def test_vectors_can_be_cut_and_quantized(command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path):
    target = tmp_path / "codes.npy"
    result = command(
        *("encode", tiny_folder, labels_file, "--out", target, "--dimension", 4, "--precision", "int8"),
    )
    assert result.status == 0, result.err
    assert result.out == f"{target}: int8 [3, 4]\n{tmp_path / 'codes.ranges.npy'}: float32 [2, 4]\n"
    vectors = load_encoder(tiny_folder).encode(labels_file.read_text(encoding="utf-8").split())[:, :4]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lowest, highest = np.load(tmp_path / "codes.ranges.npy")
    np.testing.assert_allclose(np.stack([lowest, highest]), [vectors.min(axis=0), vectors.max(axis=0)], atol=1e-6)
    restored = (np.load(target).astype(float) + 128.5) * (highest - lowest) / 255 + lowest
    np.testing.assert_allclose(restored, vectors, atol=0.51 * float((highest - lowest).max()) / 255 * 2)


def test_binary_codes_hold_eight_numbers_a_byte(command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path):
    target = tmp_path / "codes.npy"
    assert command("encode", tiny_folder, labels_file, "--out", target, "--precision", "ubinary").status == 0
    vectors = load_encoder(tiny_folder).encode(labels_file.read_text(encoding="utf-8").split())
    np.testing.assert_array_equal(np.load(target), np.packbits(vectors > 0, axis=1))
    assert [path.name for path in tmp_path.iterdir()] == ["codes.npy"]


def test_a_dimension_above_the_encoders_is_refused(command: Command, tiny_folder: Path, labels_file: Path, tmp_path):
    result = command("encode", tiny_folder, labels_file, "--out", tmp_path / "v.npy", "--dimension", 9)
    assert "at most 8" in result.error
    assert not (tmp_path / "v.npy").exists()
