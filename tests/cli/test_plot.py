from pathlib import Path

import matplotlib.image
import pytest

from tests.cli.conftest import Command


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml"), (".pdf", b"%PDF")])
def test_a_picture_is_drawn_in_the_format_of_its_name(
    command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path, suffix: str, start: bytes
):
    target = tmp_path / "new" / f"matrix{suffix}"
    result = command("plot", tiny_folder, "--labels", labels_file, "--out", target, "--title", "Jobs")
    assert result.status == 0, result.err
    assert result.out == f"{target}\n"
    assert target.read_bytes().startswith(start)


def test_two_encoders_are_drawn_side_by_side(
    command: Command, tiny_folder: Path, other_folder: Path, labels_file: Path, tmp_path: Path
):
    one, two = tmp_path / "one.png", tmp_path / "two.png"
    settings = ("--labels", labels_file, "--similarity", "cosine")
    assert command("plot", tiny_folder, *settings, "--out", one).status == 0
    assert command("plot", tiny_folder, "--compare", other_folder, *settings, "--out", two).status == 0
    widths = [matplotlib.image.imread(path).shape[1] for path in (one, two)]
    assert widths[1] > 1.5 * widths[0]


def test_blank_lines_are_left_out_and_texts_may_repeat(command: Command, tiny_folder: Path, tmp_path: Path):
    labels = tmp_path / "labels.txt"
    labels.write_text("nurse\n\nnurse\n \ndoctor $5 and $6\n<b>\\frac{1}{2}\n", encoding="utf-8")
    result = command("plot", tiny_folder, "--labels", labels, "--out", tmp_path / "matrix.svg")
    assert result.status == 0, result.err
    assert "doctor $5 and $6" in (tmp_path / "matrix.svg").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["matrix", "matrix.bmp", "file/matrix.png"])
def test_a_target_that_cannot_be_written_is_named(
    command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path, name: str
):
    (tmp_path / "file").write_text("content", encoding="utf-8")
    result = command("plot", tiny_folder, "--labels", labels_file, "--out", tmp_path / name)
    assert str(tmp_path / name) in result.error
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_more_labels_than_fit_are_refused_in_the_words_of_the_command_line(
    command: Command, tiny_folder: Path, tmp_path: Path
):
    labels = tmp_path / "labels.txt"
    labels.write_text("".join(f"label {number}\n" for number in range(201)), encoding="utf-8")
    message = command("plot", tiny_folder, "--labels", labels, "--out", tmp_path / "matrix.png").error
    assert "200" in message
    assert str(labels) in message
    assert not (tmp_path / "matrix.png").exists()


def test_an_encoder_to_compare_with_that_does_not_exist_is_named(
    command: Command, tiny_folder: Path, labels_file: Path, tmp_path: Path
):
    settings = ("--labels", labels_file, "--out", tmp_path / "matrix.png", "--compare", "nowhere")
    assert "There is no encoder 'nowhere'" in command("plot", tiny_folder, *settings).error
